r"""Samplers: each one is its step from a level t down to a level s < t, along

    dx / dsigma = (x - D(x; sigma)) / sigma                                             (1) probability flow

    Euler   x_s = x_t + (s - t) d(x_t),   d the right side of (1)                       (2) order 1, one call
    Heun    x_s = x_t + (s - t) (d(x_t) + d(Euler's x_s)) / 2                           (3) order 2, two calls
    churn   before either: t' = (1 + churn) t,  x_t' = x_t + sqrt(t'^2 - t^2) noise eps (4)
    DDIM    x_s = D + sqrt(s^2 - v^2) (x_t - D) / t + v eps,  v = eta s sqrt(1 - s^2 / t^2)   (5)
    DDPM    x_s ~ q(x_s | x_t, x = D) = N(D + (s/t)^2 (x_t - D), s^2 (1 - s^2 / t^2))   (6)

(5) with eta = 0 is (2), with eta = 1 it is (6). A step to s = 0 ends at the data: x_0 = D.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng

Denoiser = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # D(x_t, sigma, c) = E[x | x_t, c], sigma one value a row


class Sampler(ABC):
    """A way down the levels."""

    @abstractmethod
    def plan(self, calls: int) -> "tuple[Sampler, ...]":
        """The steps, one an interval of the grid, that together call the network exactly so many times."""

    @abstractmethod
    def step(
        self, denoiser: Denoiser, x_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None, *, rng: Rng
    ) -> Tensor:
        """x at level s from x_t at level t > s; the levels are scalars."""


@final
@dataclass(frozen=True)
class DDPM(Sampler):
    """Ancestral sampling (Ho et al., 2020): a draw of each step's Gaussian posterior. Wants many steps."""

    def plan(self, calls: int) -> tuple[Sampler, ...]:
        return (self,) * calls

    def step(
        self, denoiser: Denoiser, x_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None, *, rng: Rng
    ) -> Tensor:
        clean = denoiser(x_t, t.expand(len(x_t)), c)
        if s == 0:
            return clean
        mean = clean + (s / t) ** 2 * (x_t - clean)
        return mean + s * (1 - (s / t) ** 2).sqrt() * rng.normal(x_t.shape, like=x_t)  # (6)


@final
@dataclass(frozen=True)
class DDIM(Sampler):
    """From the deterministic flow to ancestral sampling (Song et al., 2021)."""

    eta: float = 0.0  # fresh noise a step: 0 none, 1 as much as DDPM

    def __post_init__(self) -> None:
        if not 0 <= self.eta <= 1:
            raise FieldError(f"DDIM's eta is {self.eta}", expected="a number from 0 to 1")

    def plan(self, calls: int) -> tuple[Sampler, ...]:
        return (self,) * calls

    def step(
        self, denoiser: Denoiser, x_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None, *, rng: Rng
    ) -> Tensor:
        clean = denoiser(x_t, t.expand(len(x_t)), c)
        if s == 0:
            return clean
        fresh = self.eta * s * (1 - (s / t) ** 2).sqrt()
        x_s = clean + (s**2 - fresh**2).sqrt() * (x_t - clean) / t  # (5)
        return x_s + fresh * rng.normal(x_t.shape, like=x_t) if self.eta else x_s


@final
@dataclass(frozen=True)
class Euler(Sampler):
    """The simplest solver of the flow, with churn if wanted."""

    churn: float = 0.0  # noise put back before a step, as a share of its level: mends errors, needs more steps

    def __post_init__(self) -> None:
        _check_churn(self.churn)

    def plan(self, calls: int) -> tuple[Sampler, ...]:
        return (self,) * calls

    def step(
        self, denoiser: Denoiser, x_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None, *, rng: Rng
    ) -> Tensor:
        x_t, t = _stir(x_t, t, self.churn, 1.0, rng)
        clean = denoiser(x_t, t.expand(len(x_t)), c)
        return clean if s == 0 else x_t + (s - t) * (x_t - clean) / t  # (2)


@final
@dataclass(frozen=True)
class Heun(Sampler):
    """EDM's sampler (Karras et al., 2022): few steps, each corrected once. The last one, to the data, is Euler's."""

    churn: float = 0.0  # noise put back before a step, as a share of its level: mends errors, needs more steps
    noise: float = 1.0  # the size of that noise: slightly above 1 keeps detail that denoisers lose

    def __post_init__(self) -> None:
        _check_churn(self.churn)

    def plan(self, calls: int) -> tuple[Sampler, ...]:
        """Two calls a step, one in the last; where that is one short, one in the first, where the flow is straight."""
        last, corrected = Euler(self.churn), (self,) * ((calls - 1) // 2)
        return (*corrected, last) if calls % 2 else (last, *corrected, last)

    def step(
        self, denoiser: Denoiser, x_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None, *, rng: Rng
    ) -> Tensor:
        x_t, t = _stir(x_t, t, self.churn, self.noise, rng)
        clean = denoiser(x_t, t.expand(len(x_t)), c)
        if s == 0:
            return clean
        slope = (x_t - clean) / t
        x_s = x_t + (s - t) * slope
        there = (x_s - denoiser(x_s, s.expand(len(x_s)), c)) / s
        return x_t + (s - t) * (slope + there) / 2  # (3)


def generate(
    sampler: Sampler,
    denoiser: Denoiser,
    schedule: Schedule,
    start: Tensor,
    c: Tensor | None = None,
    *,
    calls: int,
    rng: Rng,
) -> Tensor:
    """From noise at the schedule's highest level to data, with exactly so many calls of the denoiser."""
    if calls < 1:
        raise FieldError(f"a sampler was asked for {calls} network calls", expected="at least 1")
    steps = sampler.plan(calls)
    levels = schedule.grid(len(steps), like=start)
    x = start
    for taken, t, s in zip(steps, levels[:-1], levels[1:]):
        x = taken.step(denoiser, x, t, s, c, rng=rng)
    return x


def _stir(x_t: Tensor, t: Tensor, churn: float, noise: float, rng: Rng) -> tuple[Tensor, Tensor]:
    if churn == 0:
        return x_t, t
    higher = t * (1 + churn)
    return x_t + (higher**2 - t**2).sqrt() * noise * rng.normal(x_t.shape, like=x_t), higher  # (4)


def _check_churn(churn: float) -> None:
    if not 0 <= churn <= 1:
        raise FieldError(f"a sampler's churn is {churn}", expected="a number from 0 to 1; EDM uses at most 0.41")
