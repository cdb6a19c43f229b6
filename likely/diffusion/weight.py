r"""Loss weights: what an error counts at each level of noise.

    loss = E w(sigma) |x - D(x_sigma; sigma)|^2,  sigma drawn by a schedule                 (1)

    UnitWeight         w = 1, an error of the clean data                                    (2)
    SimpleWeight       w = 1 / sigma^2, an error of the noise: DDPM's L_simple              (3)
    MinSNR             w = min(1 / sigma^2, gamma): low levels, which are easy, no longer rule the rest         (4)
    EDMWeight          w = (sigma^2 + s^2) / (sigma s)^2, one at every level for a network that knows nothing   (5)
    LikelihoodWeight   w = (d log sigma / dt) / sigma^2, by which (1) is the bound's own integral L             (6)

The signal-to-noise ratio is 1 / sigma^2, whatever the process. (6) takes out the law by which levels are drawn, so the
loss is the same under any schedule with these ends.

Ho et al. (2020), arXiv:2006.11239; Hang et al. (2023), arXiv:2303.09556; Karras et al. (2022), arXiv:2206.00364;
Kingma et al. (2021), arXiv:2107.00630
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.diffusion.schedule import Schedule
from likely.errors import FieldError


class Weight(ABC):
    """What an error counts."""

    @abstractmethod
    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        """w at these levels, which this schedule drew."""


@final
@dataclass(frozen=True)
class UnitWeight(Weight):
    """Every level's error of the clean data counts the same: high levels rule, where all of the data is in doubt."""

    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        return torch.ones_like(sigma)  # (2)


@final
@dataclass(frozen=True)
class SimpleWeight(Weight):
    """Every level's error of the noise counts the same (Ho et al., 2020)."""

    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        return sigma**-2  # (3)


@final
@dataclass(frozen=True)
class MinSNR(Weight):
    """The error of the noise, but of the clean data where there is little noise (Hang et al., 2023)."""

    gamma: float = 5.0  # the largest weight: less gives low levels less

    def __post_init__(self) -> None:
        if not self.gamma > 0:
            raise FieldError(f"MinSNR's gamma is {self.gamma}", expected="a positive weight")

    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        return (sigma**-2).clamp(max=self.gamma)  # (4)


@final
@dataclass(frozen=True)
class EDMWeight(Weight):
    """Every level counts the same before anything is learned (Karras et al., 2022)."""

    spread: float = 1.0  # the standard deviation of the data

    def __post_init__(self) -> None:
        if not self.spread > 0:
            raise FieldError(f"EDMWeight's spread is {self.spread}", expected="a positive standard deviation")

    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        return sigma**-2 + self.spread**-2  # (5)


@final
@dataclass(frozen=True)
class LikelihoodWeight(Weight):
    """The bound itself is learned: best likelihoods, for samples that look a little worse (Kingma et al., 2021)."""

    def weight(self, sigma: Tensor, drawn: Schedule) -> Tensor:
        return drawn.rate(sigma) / sigma**2  # (6)
