r"""Schedules: which levels of noise a denoiser learns, and which ones a sampler visits.

A level is sigma in x_sigma = x + sigma eps. A variance-preserving schedule with signal a and noise b, a^2 + b^2 = 1, is
the level b / a. `level` is a quantile function, so a uniform t draws a training level; `grid` is a sampler's descent.

    Linear:     sigma^2 = e^{B(t)} - 1,  B(t) = start t + (end - start) t^2 / 2         (1)
    Cosine:     sigma = tan(angle), the angle uniform: a = cos, b = sin                 (2)
    Geometric:  log sigma uniform                                                       (3)
    Karras:     log sigma normal in training; sigma^{1/rho} evenly spaced in sampling   (4)
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.errors import FieldError


class Schedule(ABC):
    """The levels of noise, from `low`, where the data are all but clean, to `high`, where they are all but noise."""

    low: float
    high: float

    @abstractmethod
    def level(self, t: Tensor) -> Tensor:
        """sigma at t in [0, 1], rising from low to high."""

    @abstractmethod
    def descent(self, t: Tensor) -> Tensor:
        """sigma at t in [0, 1] of a sampler's way, falling from high to low."""

    def grid(self, steps: int, *, like: Tensor) -> Tensor:
        """The steps + 1 levels between which a sampler steps: high, ..., low, and at last 0, the data."""
        if steps == 1:
            t = torch.zeros(1, dtype=torch.float64)
        else:
            t = torch.linspace(0, 1, steps, dtype=torch.float64)
        return torch.cat([self.descent(t), torch.zeros(1, dtype=torch.float64)]).to(like)


@final
@dataclass(frozen=True)
class Linear(Schedule):
    """DDPM's linearly growing beta, in continuous time (Ho et al., 2020; Song et al., 2021)."""

    start: float = 0.1  # the rate of noise at the data's end
    end: float = 20.0  # the rate at the other end: more, and less of the data is left there
    first: float = 1e-3  # the first instant that has noise: less resolves finer detail

    def __post_init__(self) -> None:
        if not (0 < self.start <= self.end and 0 < self.first < 1):
            raise FieldError(f"{self} has no rising noise", expected="0 < start <= end and 0 < first < 1")

    @property
    def low(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return float(self.level(torch.zeros((), dtype=torch.float64)))

    @property
    def high(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return float(self.level(torch.ones((), dtype=torch.float64)))

    def level(self, t: Tensor) -> Tensor:
        instant = self.first + (1 - self.first) * t
        spent = self.start * instant + (self.end - self.start) * instant**2 / 2
        return torch.expm1(spent).sqrt()  # (1)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)


@final
@dataclass(frozen=True)
class Cosine(Schedule):
    """The cosine schedule (Nichol & Dhariwal, 2021), its two ends cut at levels."""

    low: float = 0.005  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps

    def __post_init__(self) -> None:
        _check_ends(self)

    def level(self, t: Tensor) -> Tensor:
        first, last = math.atan(self.low), math.atan(self.high)
        return torch.tan(first + (last - first) * t)  # (2)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)


@final
@dataclass(frozen=True)
class Geometric(Schedule):
    """Levels in geometric progression (Song & Ermon, 2019)."""

    low: float = 0.005  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps

    def __post_init__(self) -> None:
        _check_ends(self)

    def level(self, t: Tensor) -> Tensor:
        return self.low * (self.high / self.low) ** t  # (3)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)


@final
@dataclass(frozen=True)
class Karras(Schedule):
    """EDM's levels (Karras et al., 2022): a log-normal law in training, steps that shrink towards the data."""

    low: float = 0.002  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps
    rho: float = 7.0  # sampling: more spends more steps near the data
    centre: float = -1.2  # training: the mean of log sigma
    width: float = 1.2  # training: the standard deviation of log sigma

    def __post_init__(self) -> None:
        _check_ends(self)
        if not (self.rho > 0 and self.width > 0):
            raise FieldError(f"{self} has a vanishing rho or width", expected="rho > 0 and width > 0")

    def level(self, t: Tensor) -> Tensor:
        wide = t.double()  # the tails of a normal law need the digits
        ends = (
            torch.tensor([self.low, self.high], dtype=torch.float64, device=t.device).log() - self.centre
        ) / self.width
        below, above = torch.special.ndtr(ends)
        z = torch.special.ndtri(below + (above - below) * wide).clamp(ends[0], ends[1])
        return torch.exp(self.centre + self.width * z).to(t)  # (4)

    def descent(self, t: Tensor) -> Tensor:
        first, last = self.high ** (1 / self.rho), self.low ** (1 / self.rho)
        return (first + t * (last - first)) ** self.rho  # (4)


def _check_ends(schedule: Schedule) -> None:
    if not 0 < schedule.low < schedule.high < math.inf:
        raise FieldError(f"{schedule} has no rising noise", expected="0 < low < high")
