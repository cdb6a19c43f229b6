r"""What was observed of rows: y = A(x) + noise eps, or bounds between which cells lie.

    log p(y | x ~ N(m, r^2 I)) = log N(y; A m, r^2 A A' + noise^2 I)                    (1) on axes that tell of x
    log p(low < x < high | x ~ N(m, r^2 I)) = sum over cells of log(Phi(b) - Phi(a)),
        a = (low - m) / r, b = (high - m) / r; where low = high, of log N(low; m, r^2)  (2)

(2) says that a cell is one of several choices, or of a level, without saying which of the reals that stand for it.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.diffusion.flow import beside
from likely.diffusion.operator import LinearOperator, Mask, Operator, Turned, telling
from likely.errors import FieldError

FARTHEST = 1e6  # standard deviations: what is farther away counts as being there


class Measured(ABC):
    """What is known of rows: (B, ...)."""

    @abstractmethod
    def log_prob(self, clean: Tensor, spread: Tensor) -> Tensor:
        """log p(y) where x ~ N(clean, spread^2 I): clean is (B, ...), or more dimensions before; spread one or (B,)."""

    @property
    @abstractmethod
    def observed(self) -> "Observed":
        """The same as an operator's observation, or what is nearest to it."""


@final
@dataclass(frozen=True, eq=False)
class Observed(Measured):
    """y = A(x) + noise eps."""

    operator: Operator
    y: Tensor  # (B, ...), or (1, ...) for all rows
    noise: float = 0.0  # standard deviation of the observation's own noise

    def __post_init__(self) -> None:
        if not 0 <= self.noise < math.inf:
            raise FieldError(f"an observation's noise is {self.noise}", expected="a standard deviation, 0 for none")

    @property
    def observed(self) -> "Observed":
        return self

    def log_prob(self, clean: Tensor, spread: Tensor) -> Tensor:
        along, gain = self._turned(self.y - self.operator.forward(clean))
        variance = _beside(spread, along) ** 2 * gain + self.noise**2
        nats = -0.5 * (along**2 / variance + torch.log(2 * math.pi * variance))
        return _summed(torch.where(telling(gain), nats, 0.0), self.y)  # (1)

    def _turned(self, gap: Tensor) -> Turned:
        """A surrogate's axes are its cells."""
        return self.operator.turned(gap) if isinstance(self.operator, LinearOperator) else Turned(gap, gap.new_ones(()))


@final
@dataclass(frozen=True, eq=False)
class Within(Measured):
    """Every cell lies between two bounds: at a number where they are the same, anywhere where they are infinite."""

    low: Tensor
    high: Tensor
    near: Tensor  # a number in between, for whoever wants one

    @property
    def observed(self) -> Observed:
        return Observed(Mask((self.low > -torch.inf) | (self.high < torch.inf)), self.near)

    def log_prob(self, clean: Tensor, spread: Tensor) -> Tensor:
        low, high = (self._standard(end, clean, spread) for end in (self.low, self.high))
        point = -0.5 * (low**2 + math.log(2 * math.pi)) - torch.log(_beside(spread, clean).double())
        same = self.low == self.high
        return _summed(torch.where(same, point, log_between(low, torch.where(same, low + 1, high))), self.low)  # (2)

    def _standard(self, end: Tensor, clean: Tensor, spread: Tensor) -> Tensor:
        return ((end.double() - clean.double()) / _beside(spread, clean).double()).clamp(-FARTHEST, FARTHEST)


def log_between(low: Tensor, high: Tensor) -> Tensor:
    """log of a standard normal number's probability to lie in between, in either tail."""
    above = low + high > 0
    low, high = torch.where(above, -high, low), torch.where(above, -low, high)
    most, least = torch.special.log_ndtr(high), torch.special.log_ndtr(low)
    return most + torch.log(-torch.expm1((least - most).clamp(max=-1e-12)))


def _beside(spread: Tensor, x: Tensor) -> Tensor:
    return spread if spread.dim() == 0 else beside(spread, x)


def _summed(cells: Tensor, y: Tensor) -> Tensor:
    """Over a row's own dimensions, which are y's but the first."""
    return cells.flatten(1 - y.dim()).sum(-1)
