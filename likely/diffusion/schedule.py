r"""Schedules: which levels of noise a denoiser learns, and which ones a sampler visits.

    x_t = s (x + sigma eps),   eps ~ N(0, I)                                            (1) a process, at level sigma

and all of it is said in sigma: `scale` is s, by which a process's own coordinates differ from x + sigma eps.

    variance exploding      s = 1                                                       (2)
    variance preserving     s = 1 / sqrt(1 + sigma^2): signal a = s, noise b = s sigma, a^2 + b^2 = 1       (3)
    flow matching           s = 1 / (1 + sigma): the straight line from x to eps, a + b = 1                 (4)

`level` is a quantile function, so a uniform t draws a training level; `rate` is d log sigma / dt, so log sigma has the
density 1 / rate; `descent` is a sampler's way. They may be of two schedules: any grid may be visited within the levels
that were learned.

    Linear:     sigma^2 = e^{B(t)} - 1,  B(t) = start t + (end - start) t^2 / 2,  by (3)                    (5)
    Cosine:     sigma = tan(angle), the angle uniform: a = cos, b = sin,          by (3)                    (6)
    Geometric:  log sigma uniform,                                                by (2)                    (7)
    Karras:     log sigma normal in training; sigma^{1/rho} evenly spaced in sampling,  by (2)              (8)
    Straight:   sigma = b / (1 - b), the share b of noise uniform,                by (4)                    (9)

DDPM (Ho et al., 2020), arXiv:2006.11239; Song et al. (2021), arXiv:2011.13456; Lipman et al. (2023), arXiv:2210.02747
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
    def rate(self, sigma: Tensor) -> Tensor:
        """d log sigma / dt at these levels."""

    @abstractmethod
    def descent(self, t: Tensor) -> Tensor:
        """sigma at t in [0, 1] of a sampler's way, falling from high to low."""

    @abstractmethod
    def scale(self, sigma: Tensor) -> Tensor:
        """s in (1) at these levels."""

    def grid(self, steps: int) -> Tensor:
        """The steps + 1 levels between which a sampler steps: high, ..., low, and at last 0, the data (float64)."""
        t = torch.zeros(1, dtype=torch.float64) if steps == 1 else torch.linspace(0, 1, steps, dtype=torch.float64)
        return torch.cat([self.descent(t), torch.zeros(1, dtype=torch.float64)])


@final
@dataclass(frozen=True)
class Linear(Schedule):
    """DDPM's linearly growing beta (Ho et al., 2020) in continuous time: the variance-preserving SDE of Song et al."""

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
        return torch.expm1(spent).sqrt()  # (5)

    def rate(self, sigma: Tensor) -> Tensor:
        beta = (self.start**2 + 2 * (self.end - self.start) * torch.log1p(sigma**2)).sqrt()  # B' where B = log1p
        return (1 - self.first) * beta * (1 + sigma**-2) / 2  # (5)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)

    def scale(self, sigma: Tensor) -> Tensor:
        return _preserving(sigma)


@final
@dataclass(frozen=True)
class Cosine(Schedule):
    """The cosine schedule (Nichol & Dhariwal, 2021), its two ends cut at levels."""

    low: float = 0.005  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps

    def __post_init__(self) -> None:
        _check_ends(self)

    def level(self, t: Tensor) -> Tensor:
        return torch.tan(math.atan(self.low) + self._span * t)  # (6)

    def rate(self, sigma: Tensor) -> Tensor:
        return self._span * (1 + sigma**2) / sigma  # (6)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)

    def scale(self, sigma: Tensor) -> Tensor:
        return _preserving(sigma)

    @property
    def _span(self) -> float:
        return math.atan(self.high) - math.atan(self.low)


@final
@dataclass(frozen=True)
class Geometric(Schedule):
    """The variance-exploding process: levels in geometric progression (Song & Ermon, 2019)."""

    low: float = 0.005  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps

    def __post_init__(self) -> None:
        _check_ends(self)

    def level(self, t: Tensor) -> Tensor:
        return self.low * (self.high / self.low) ** t  # (7)

    def rate(self, sigma: Tensor) -> Tensor:
        return torch.full_like(sigma, math.log(self.high / self.low))  # (7)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)

    def scale(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)  # (2)


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
        ends = self._standard(torch.tensor([self.low, self.high], dtype=torch.float64, device=t.device))
        below, above = torch.special.ndtr(ends)
        z = torch.special.ndtri(below + (above - below) * t.double())  # the tails of a normal law need the digits
        return torch.exp(self.centre + self.width * z.clamp(ends[0], ends[1])).to(t)  # (8)

    def rate(self, sigma: Tensor) -> Tensor:
        ends = self._standard(torch.tensor([self.low, self.high], dtype=torch.float64, device=sigma.device))
        below, above = torch.special.ndtr(ends)
        density = torch.exp(-(self._standard(sigma) ** 2) / 2) / math.sqrt(2 * math.pi)
        return self.width * (above - below).to(sigma) / density  # (8)

    def descent(self, t: Tensor) -> Tensor:
        first, last = self.high ** (1 / self.rho), self.low ** (1 / self.rho)
        return (first + t * (last - first)) ** self.rho  # (8)

    def scale(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)  # (2)

    def _standard(self, sigma: Tensor) -> Tensor:
        """The log of a level as a standard normal number."""
        return (sigma.log() - self.centre) / self.width


@final
@dataclass(frozen=True)
class Straight(Schedule):
    """Flow matching's straight line from the data to the noise (Lipman et al., 2023), its two ends cut at levels."""

    low: float = 0.005  # the finest detail worth keeping, in the data's spread
    high: float = 20.0  # large enough to drown the data; more wastes steps

    def __post_init__(self) -> None:
        _check_ends(self)

    def level(self, t: Tensor) -> Tensor:
        share = self.low / (1 + self.low) + self._span * t
        return share / (1 - share)  # (9)

    def rate(self, sigma: Tensor) -> Tensor:
        return self._span * (1 + sigma) ** 2 / sigma  # (9)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)

    def scale(self, sigma: Tensor) -> Tensor:
        return 1 / (1 + sigma)  # (4)

    @property
    def _span(self) -> float:
        return self.high / (1 + self.high) - self.low / (1 + self.low)


def _preserving(sigma: Tensor) -> Tensor:
    return (1 + sigma**2).rsqrt()  # (3)


def _check_ends(schedule: Schedule) -> None:
    if not 0 < schedule.low < schedule.high < math.inf:
        raise FieldError(f"{schedule} has no rising noise", expected="0 < low < high")
