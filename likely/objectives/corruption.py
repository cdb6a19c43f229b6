r"""Ways to spoil rows: what a denoiser learns to undo.

    Masking        x~_i = missing with probability s, else x_i                                                      (1)
    GaussianNoise  x~_i = x_i + scale * noise, of reals and of levels, which stay levels                            (2)
    SaltAndPepper  x~_i = the least or the greatest value with probability s / 2 each, else x_i                     (3)

Extracting and Composing Robust Features with Denoising Autoencoders (Vincent et al., 2008), ICML; (2), (3): Stacked
Denoising Autoencoders (Vincent et al., 2010), JMLR 11.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Category, Column, Real, Series, Tokens, Vector, absent, levels_of, present

FAR = 3.0  # standard deviations: the ends of what is standardised


class Corruption(ABC):
    """q(x~ | x), cell by cell; a cell that is missing stays so."""

    def check(self, space: Space) -> None:
        """An error where nothing in this space can be spoilt so."""
        if not self.spoils(space):
            raise FieldError(
                f"{type(self).__name__} finds no cell here that it could spoil",
                expected="numbers, pictures, series or sounds",
                remedy="Masking, which spoils any cell",
            )

    @abstractmethod
    def spoils(self, space: Space) -> bool:
        """Whether any cell of this space can be spoilt so."""

    @abstractmethod
    def spoil(self, x: Tensor, space: Space, *, rng: Rng) -> Tensor:
        """Rows of this space, spoilt."""


def _check_share(kind: str, share: float) -> None:
    if not 0 < share < 1:
        raise FieldError(f"{kind}.share cannot be {share}", expected="above 0, below 1")


@final
@dataclass(frozen=True)
class Masking(Corruption):
    """Cells go missing: the rest must say what they were."""

    share: float = 0.25  # of the cells; more leans on how cells hang together, less on the cells themselves

    def __post_init__(self) -> None:
        _check_share("Masking", self.share)

    def spoils(self, space: Space) -> bool:
        return True

    def spoil(self, x: Tensor, space: Space, *, rng: Rng) -> Tensor:
        return torch.where(_level(x, rng) < self.share, absent(x), x)  # (1)


@final
@dataclass(frozen=True)
class GaussianNoise(Corruption):
    """Reals and levels are blurred; choices and counts stay as they are."""

    scale: float = 0.5  # in standard deviations of a column, or in halves of the range of levels

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise FieldError(f"GaussianNoise.scale cannot be {self.scale}", expected="a positive number")

    def spoils(self, space: Space) -> bool:
        return levels_of(space) is not None or bool(_reals(space, torch.empty(0)).any())

    def spoil(self, x: Tensor, space: Space, *, rng: Rng) -> Tensor:
        levels = levels_of(space)
        if levels is not None:
            noise = self.scale * (levels - 1) / 2 * rng.normal(x.shape, like=x)
            return (x + noise).round().clamp(0, levels - 1)  # (2)
        return torch.where(_reals(space, x), x + self.scale * rng.normal(x.shape, like=x), x)  # (2)


@final
@dataclass(frozen=True)
class SaltAndPepper(Corruption):
    """Cells jump to an end of their range: black and white pixels, far numbers, the first or the last choice."""

    share: float = 0.1  # of the cells; more of them makes a stronger denoiser and a coarser one

    def __post_init__(self) -> None:
        _check_share("SaltAndPepper", self.share)

    def spoils(self, space: Space) -> bool:
        return True

    def spoil(self, x: Tensor, space: Space, *, rng: Rng) -> Tensor:
        (low, high), level = _ends(space, x), _level(x, rng)
        jumped = torch.where(level < self.share / 2, low, high)
        return torch.where((level < self.share) & present(x), jumped, x)  # (3)


def _level(x: Tensor, rng: Rng) -> Tensor:
    """Uniform in (0, 1), one a cell, also of tokens."""
    return rng.uniform(x.shape, like=x if x.is_floating_point() else torch.empty(0, device=x.device))


def _reals(space: Space, like: Tensor) -> Tensor:
    """Which cells are real, in the shape of a row."""
    if not isinstance(space, Vector):
        return torch.tensor(not isinstance(space, Tokens), device=like.device)
    return torch.tensor([isinstance(column, Real) for column in space.columns], device=like.device)


def _ends(space: Space, like: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest value of every cell, or of all where they are alike."""
    match space:
        case Vector():
            each = [_end(column) for column in space.columns]
        case Tokens():
            each = (0.0, space.vocabulary - 1.0)
        case _:
            levels, far = levels_of(space), FAR if isinstance(space, Series) else 1.0
            each = (-far, far) if levels is None else (0.0, levels - 1.0)
    low, high = torch.tensor(each, dtype=torch.float32, device=like.device).unbind(-1)
    return low.to(like.dtype), high.to(like.dtype)


def _end(column: Column) -> tuple[float, float]:
    """Of a column; a count has no greatest value, and jumps to 0."""
    match column:
        case Category(k=k):
            return 0.0, k - 1.0
        case Real():
            return -FAR, FAR
        case _:
            return 0.0, 0.0
