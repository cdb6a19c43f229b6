r"""Levels as they are listed: those of a sampler that goes few legs, where each one counts.

    descent(i / (n - 1)) = levels_i,   log sigma piecewise linear between them                  (1)

n calls visit just these; more or fewer visit levels in between. `likely show RUN --steps --tune N` finds a list.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from likely.diffusion.schedule import Schedule
from likely.errors import FieldError


@final
@dataclass(frozen=True)
class Listed(Schedule):
    """Levels that are said one by one, falling."""

    levels: tuple[float, ...] = (20.0, 0.005)  # the standard deviation of the noise, from the highest to the lowest

    def __post_init__(self) -> None:
        falls = all(0 < low < high < math.inf for high, low in pairwise(self.levels))
        if len(self.levels) < 2 or not falls:
            raise FieldError(f"the levels {self.levels} do not fall", expected="two or more, each below the one before")

    @property
    def low(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.levels[-1]

    @property
    def high(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.levels[0]

    def level(self, t: Tensor) -> Tensor:
        logs, legs = self._logs(t), len(self.levels) - 1
        place = (t.double() * legs).clamp(0, legs)
        leg = place.floor().clamp(max=legs - 1).long()
        return torch.lerp(logs[leg], logs[leg + 1], place - leg).exp().to(t)  # (1)

    def rate(self, sigma: Tensor) -> Tensor:
        logs, legs = self._logs(sigma), len(self.levels) - 1
        leg = (torch.searchsorted(logs, sigma.double().log()) - 1).clamp(0, legs - 1)
        return (legs * (logs[leg + 1] - logs[leg])).to(sigma)  # (1)

    def descent(self, t: Tensor) -> Tensor:
        return self.level(1 - t)

    def scale(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)

    def _logs(self, like: Tensor) -> Tensor:
        """log sigma, rising."""
        return torch.tensor(self.levels[::-1], dtype=torch.float64, device=like.device).log()
