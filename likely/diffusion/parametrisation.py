r"""Parametrisations: what a raw network is asked to predict, and how that makes a denoiser.

    D(x_t; sigma) = skip(sigma) x_t + out(sigma) F(into(sigma) x_t; told(sigma))         (1)

    Noise:     F = eps       skip = 1                   out = -sigma                     into = 1 / sqrt(1 + sigma^2)
    Clean:     F = x         skip = 0                   out = 1                          into = 1 / sqrt(1 + sigma^2)
    Velocity:  F = a eps - b x, with a = 1 / sqrt(1 + sigma^2), b = sigma a
                             skip = a^2                 out = -b                         into = a
    Score:     F = sigma times the score (D - x_t) / sigma^2 of x_t's law
                             skip = 1                   out = sigma                      into = 1 / sqrt(1 + sigma^2)
    Flow:      F = eps - x, the velocity along the straight line from x to eps, of which b = sigma / (1 + sigma) is done
                             skip = 1 - b               out = -b                         into = 1 - b
    EDM:       F of unit variance where the data have standard deviation s
                             skip = s^2/(s^2+sigma^2)   out = s sigma/sqrt(s^2+sigma^2)  into = 1 / sqrt(s^2 + sigma^2)

told = log(sigma) / 4, in Flow it is b. A squared error on F is one on x divided by out^2: the weight that each of them
gives to a level in training. EDM with s = 1 is Velocity with its sign turned, and Score is Noise with its own turned.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

from torch import Tensor, nn

from likely.errors import FieldError


class Coefficients(NamedTuple):
    """The four functions of sigma in (1), one value a row."""

    skip: Tensor
    out: Tensor
    into: Tensor
    told: Tensor


class Parametrisation(ABC):
    """What the network predicts."""

    @abstractmethod
    def coefficients(self, sigma: Tensor) -> Coefficients:
        """skip, out, into and told at these levels."""


@final
@dataclass(frozen=True)
class Noise(Parametrisation):
    """The network predicts the noise (Ho et al., 2020): sharp at low levels, fragile at high ones."""

    def coefficients(self, sigma: Tensor) -> Coefficients:
        return Coefficients(sigma.new_ones(sigma.shape), -sigma, _unit(sigma), _quarter(sigma))


@final
@dataclass(frozen=True)
class Clean(Parametrisation):
    """The network predicts the clean data: sturdy at high levels, blurred at low ones."""

    def coefficients(self, sigma: Tensor) -> Coefficients:
        skip, out = sigma.new_zeros(sigma.shape), sigma.new_ones(sigma.shape)
        return Coefficients(skip, out, _unit(sigma), _quarter(sigma))


@final
@dataclass(frozen=True)
class Velocity(Parametrisation):
    """The network predicts the velocity along the circle from data to noise (Salimans & Ho, 2022)."""

    def coefficients(self, sigma: Tensor) -> Coefficients:
        a = _unit(sigma)
        return Coefficients(a**2, -sigma * a, a, _quarter(sigma))


@final
@dataclass(frozen=True)
class Score(Parametrisation):
    """The network predicts the score, in units of its level (Song & Ermon, 2020): of one size at every level."""

    def coefficients(self, sigma: Tensor) -> Coefficients:
        return Coefficients(sigma.new_ones(sigma.shape), sigma, _unit(sigma), _quarter(sigma))


@final
@dataclass(frozen=True)
class Flow(Parametrisation):
    """The network predicts flow matching's velocity, noise less data (Lipman et al., 2023; Liu et al., 2023)."""

    def coefficients(self, sigma: Tensor) -> Coefficients:
        b = sigma / (1 + sigma)
        return Coefficients(1 / (1 + sigma), -b, 1 / (1 + sigma), b)


@final
@dataclass(frozen=True)
class EDM(Parametrisation):
    """Inputs and targets of unit variance at every level (Karras et al., 2022)."""

    spread: float = 1.0  # the standard deviation of the data

    def __post_init__(self) -> None:
        if not self.spread > 0:
            raise FieldError(f"EDM's spread is {self.spread}", expected="a positive standard deviation")

    def coefficients(self, sigma: Tensor) -> Coefficients:
        into = (self.spread**2 + sigma**2).rsqrt()
        return Coefficients((self.spread * into) ** 2, self.spread * sigma * into, into, _quarter(sigma))


@final
class Preconditioned(nn.Module):
    """A denoiser made of a raw network and a parametrisation."""

    def __init__(self, network: nn.Module, parametrisation: Parametrisation) -> None:
        super().__init__()
        self.network, self.parametrisation = network, parametrisation

    def forward(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        each = (-1, *(1,) * (x_t.dim() - 1))
        *moved, told = self.parametrisation.coefficients(sigma)
        skip, out, into = (k.view(each) for k in moved)
        raw = self.network(into * x_t, told, c) if shown is None else self.network(into * x_t, told, c, shown)
        return skip * x_t + out * raw  # (1)


def _unit(sigma: Tensor) -> Tensor:
    """What brings data of unit variance back to it, noise and all."""
    return (1 + sigma**2).rsqrt()


def _quarter(sigma: Tensor) -> Tensor:
    return sigma.log() / 4
