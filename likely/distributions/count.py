r"""One count cell: Poisson, or negative binomial where the variance exceeds the mean.

    log Poisson(x; m) = x log m - m - log x!                                                                         (1)
    log NB(x; m, r) = log G(x + r) - log G(r) - log x! - r log(1 + m / r) - x log(1 + r / m)                         (2)

The mean is m, the variance m and m + m^2 / r. Everything is computed in float64: log-gammas of large counts cancel.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from scipy import special
from torch import Tensor
from torch.nn import functional as F

from likely.distributions.law import bounded
from likely.rng import Rng

LARGEST = 30.0  # the log of the largest mean
LARGEST_SHAPE = 12.0  # |log r| stays below


def log_poisson(x: Tensor, log_mean: Tensor) -> Tensor:
    """The log-mass of a Poisson count, cell by cell."""
    return x * log_mean - torch.exp(log_mean) - torch.lgamma(x + 1)  # (1)


def log_negative_binomial(x: Tensor, log_mean: Tensor, log_shape: Tensor) -> Tensor:
    """The log-mass of a negative binomial count, cell by cell."""
    shape, log_ratio = torch.exp(log_shape), log_mean - log_shape
    ways = torch.lgamma(x + shape) - torch.lgamma(shape) - torch.lgamma(x + 1)
    return ways - shape * F.softplus(log_ratio) - x * F.softplus(-log_ratio)  # (2)


def draw_poisson(mean: Tensor, rng: Rng) -> Tensor:
    """The smallest count whose cumulative probability reaches a uniform; mean in float64."""
    level = rng.uniform(mean.shape, like=mean)
    guess = special.pdtrik(level.cpu().numpy(), mean.detach().cpu().numpy())
    return torch.as_tensor(guess).to(mean).nan_to_num(0.0).ceil().clamp_min(0)


def draw_gamma(shape: Tensor, rng: Rng) -> Tensor:
    """A Gamma(shape, 1) variate by inversion: one uniform a cell; shape in float64."""
    level = rng.uniform(shape.shape, like=shape)
    return torch.as_tensor(special.gammaincinv(shape.detach().cpu().numpy(), level.cpu().numpy())).to(shape)


class CountLaw(ABC):
    """The law of a count cell, as a field of `Mixed`; raw parameters lie along the second dimension."""

    parameters: ClassVar[int]

    @abstractmethod
    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        """The log-mass of every cell in float64: x is (B, R), raw is (B, parameters, R), both float64."""

    @abstractmethod
    def draw(self, raw: Tensor, *, rng: Rng) -> Tensor:
        """One draw a cell: (B, R)."""

    @abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """The expected count: (B, R)."""


@final
@dataclass(frozen=True)
class Poisson(CountLaw):
    """The variance equals the mean."""

    parameters: ClassVar[int] = 1

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        return log_poisson(x, raw[:, 0].clamp(max=LARGEST))

    def draw(self, raw: Tensor, *, rng: Rng) -> Tensor:
        return draw_poisson(self.mean(raw), rng)

    def mean(self, raw: Tensor) -> Tensor:
        return torch.exp(raw[:, 0].clamp(max=LARGEST))


@final
@dataclass(frozen=True)
class NegativeBinomial(CountLaw):
    """The variance exceeds the mean, by as much as the data say."""

    parameters: ClassVar[int] = 2

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        return log_negative_binomial(x, raw[:, 0].clamp(max=LARGEST), bounded(raw[:, 1], LARGEST_SHAPE))

    def draw(self, raw: Tensor, *, rng: Rng) -> Tensor:
        shape = torch.exp(bounded(raw[:, 1], LARGEST_SHAPE))
        return draw_poisson(draw_gamma(shape, rng) / shape * self.mean(raw), rng)

    def mean(self, raw: Tensor) -> Tensor:
        return torch.exp(raw[:, 0].clamp(max=LARGEST))
