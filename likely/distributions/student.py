r"""One real cell: normal, or Student's t where tails are heavy.

    log t(x; m, s, v) = log G((v + 1) / 2) - log G(v / 2) - log(v pi) / 2 - log s - (v + 1) / 2 log(1 + u^2 / v)     (1)
    u = (x - m) / s
    t = sqrt(v (U^{-2 / v} - 1)) cos(2 pi V),   U, V uniform                                                         (2)

(2) is exact for every v > 0 and takes a fixed number of uniforms: Bailey (1994), Mathematics of Computation 62.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness
from likely.distributions.law import bounded
from likely.distributions.normal import WIDEST, draw_normal, log_normal
from likely.distributions.sharpened import PLAIN
from likely.errors import FieldError
from likely.rng import Rng


def log_student(x: Tensor, mean: Tensor, log_scale: Tensor, freedom: Tensor) -> Tensor:
    """The log-density of Student's t, cell by cell."""
    u = (x - mean) * torch.exp(-log_scale)
    constant = torch.lgamma((freedom + 1) / 2) - torch.lgamma(freedom / 2) - 0.5 * torch.log(freedom * math.pi)
    return constant - log_scale - (freedom + 1) / 2 * torch.log1p(u * u / freedom)  # (1)


def draw_student(mean: Tensor, log_scale: Tensor, freedom: Tensor, rng: Rng) -> Tensor:
    """One draw a cell."""
    radius = torch.expm1(-2 / freedom * torch.log(rng.uniform(mean.shape, like=mean)))
    angle = 2 * math.pi * rng.uniform(mean.shape, like=mean)
    return mean + torch.exp(log_scale) * torch.sqrt(freedom * radius) * torch.cos(angle)  # (2)


class RealLaw(ABC):
    """The law of a real cell, as a field of `Mixed`; raw parameters lie along the second dimension."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """How many there are of one cell."""

    @abstractmethod
    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        """The log-density of every cell: x is (B, R), raw is (B, parameters, R)."""

    @abstractmethod
    def draw(self, raw: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        """One draw a cell: (B, R)."""

    @abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """The centre of every cell's law: (B, R)."""


@final
@dataclass(frozen=True)
class Normal(RealLaw):
    """Light tails."""

    scale: float | None = None  # the standard deviation; 1 makes a misfit half the squared error; none: learned

    def __post_init__(self) -> None:
        if self.scale is not None and not 0 < self.scale < math.inf:
            raise FieldError(f"Normal.scale cannot be {self.scale}", expected="a positive number; none learns it")

    @property
    def parameters(self) -> int:
        return 2 if self.scale is None else 1

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        return log_normal(x, raw[:, 0], self._log_scale(raw))

    def draw(self, raw: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        return draw_normal(raw[:, 0], self._log_scale(raw) + math.log(sharpness.temperature), rng)

    def _log_scale(self, raw: Tensor) -> Tensor:
        return bounded(raw[:, 1], WIDEST) if self.scale is None else raw.new_tensor(math.log(self.scale))

    def mean(self, raw: Tensor) -> Tensor:
        return raw[:, 0]


@final
@dataclass(frozen=True)
class Student(RealLaw):
    """Heavy tails, with degrees of freedom learned between 1 (Cauchy) and 55 (all but normal)."""

    @property
    def parameters(self) -> int:
        return 3

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        return log_student(x, raw[:, 0], bounded(raw[:, 1], WIDEST), _freedom(raw[:, 2]))

    def draw(self, raw: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        log_scale = bounded(raw[:, 1], WIDEST) + math.log(sharpness.temperature)
        return draw_student(raw[:, 0], log_scale, _freedom(raw[:, 2]), rng)

    def mean(self, raw: Tensor) -> Tensor:
        return raw[:, 0]


def _freedom(raw: Tensor) -> Tensor:
    return torch.exp(2 + bounded(raw, 2.0))
