r"""The normal law, and what variational families compute with it.

log N(x; m, e^l) = -((x - m) e^{-l})^2 / 2 - l - log(2 pi) / 2                                                  (1)
KL(N(m, e^l) || N(0, 1)) = (m^2 + e^{2l} - 1) / 2 - l                                                            (2)
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness, Space
from likely.distributions.law import Law, Observation, bounded, known, precise
from likely.distributions.layout import stacked, unstacked
from likely.distributions.sharpened import PLAIN
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image, Real, Series, Vector, Wave, gappy

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
WIDEST = 7.0  # |log std| stays below: a cell's density is at most e^7 / sqrt(2 pi)


def log_normal(x: Tensor, mean: Tensor | float, log_std: Tensor | float) -> Tensor:
    """log N(x; mean, e^log_std), cell by cell."""
    inverse = torch.exp(-log_std) if isinstance(log_std, Tensor) else math.exp(-log_std)
    return -0.5 * ((x - mean) * inverse) ** 2 - log_std - HALF_LOG_2PI  # (1)


def draw_normal(mean: Tensor, log_std: Tensor, rng: Rng) -> Tensor:
    """mean + e^log_std * noise: differentiable in both."""
    return mean + torch.exp(log_std) * rng.normal(mean.shape, like=mean)


def kl_standard(mean: Tensor, log_std: Tensor) -> Tensor:
    """KL(N(mean, e^log_std) || N(0, I)), one value a row."""
    return kl_standard_cells(mean, log_std).flatten(1).sum(1)


def kl_standard_cells(mean: Tensor, log_std: Tensor) -> Tensor:
    """KL(N(mean, e^log_std) || N(0, 1)), cell by cell."""
    return 0.5 * (mean**2 + torch.exp(2 * log_std) - 1) - log_std  # (2)


@final
@dataclass(frozen=True)
class Gaussian(Observation):
    """Real cells, each normal."""

    scale: float | None = None  # the standard deviation of every cell; None: learned, cell by cell
    shared: bool = False  # True: one learned standard deviation for all rows and cells, as in probabilistic PCA

    def __post_init__(self) -> None:
        if self.shared and self.scale is not None:
            raise FieldError("Gaussian has a scale, and one to be shared", expected="scale, or shared=True")
        if self.scale is not None and not 0 < self.scale < math.inf:
            raise FieldError(f"Gaussian.scale cannot be {self.scale}", expected="a positive number; none learns it")

    def law(self, space: Space) -> Law:
        return GaussianLaw(space, self.scale, shared=self.shared)


@final
class GaussianLaw(Law):
    """Independent normal cells over a space of plain reals."""

    def __init__(self, space: Space, scale: float | None, *, shared: bool = False) -> None:
        if not _plain_reals(space):
            raise FieldError(
                f"the Gaussian law is over real cells, not {space!r:.80}",
                expected="a Vector of reals without atoms; an Image, Series or Wave without levels and without gaps",
                remedy="leave the law out: each space has one of its own",
            )
        self.space, self.scale = space, scale
        self.per = 1 if scale is not None else 2
        self.outputs = stacked(space, self.per)
        self.shared = self.outputs[0] // 2 if shared else 0

    def _mean_log_std(self, parameters: Tensor) -> tuple[Tensor, Tensor | float]:
        cells = unstacked(precise(parameters), self.per, self.space)
        return cells[:, 0], math.log(self.scale) if self.scale is not None else bounded(cells[:, 1], WIDEST)

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        mean, log_std = self._mean_log_std(parameters)
        there = known(x)
        return torch.where(there, log_normal(torch.where(there, x, 0.0), mean, log_std), 0.0)

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        mean, log_std = self._mean_log_std(parameters)
        log_std = torch.as_tensor(log_std, dtype=mean.dtype, device=mean.device)
        return draw_normal(mean, log_std + math.log(sharpness.temperature), rng)

    def mean(self, parameters: Tensor) -> Tensor:
        return self._mean_log_std(parameters)[0]


def _plain_reals(space: Space) -> bool:
    match space:
        case Vector():
            return all(isinstance(column, Real) and not column.atoms and not column.missing for column in space.columns)
        case Image() | Series() | Wave():
            return space.levels is None and not gappy(space)
        case _:
            return False
