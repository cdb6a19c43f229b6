r"""Augmentation: real and generated rows are changed in the same random way before a critic sees them.

A critic that has learned a small data set by heart teaches nothing; one that never sees a picture twice alike cannot.
Gradients pass through the change, so that the generator makes rows whose changed forms look real: plain ones, as long
as what was changed can be told from the many. With pictures in [-1, 1] and t, u, v, w uniform on (0, 1), per picture:

    brightness   x + t - 1/2                                                                              (1)
    saturation   m + 2 u (x - m),   m the mean over channels                                                (2)
    contrast     m + (v + 1/2) (x - m),   m the mean over all                                               (3)
    translation  by up to a share of the sides, 0 coming in                                                 (4)
    cutout       a rectangle of a share of the sides becomes 0                                              (5)

Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al., 2020), arXiv:2006.10738
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image


class Augmentation(ABC):
    """A random change of rows, differentiable in them: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def check(self, space: Space) -> None:
        """Refuse what it cannot change."""

    @abstractmethod
    def augmented(self, x: Tensor, rng: Rng) -> Tensor:
        """Every row changed by noise of its own."""


@final
@dataclass(frozen=True)
class Differentiable(Augmentation):
    """Pictures in other colours, moved, and with holes: for small sets of them."""

    colour: bool = True  # (1) to (3): leave out where brightness is what pictures differ in
    translation: float = 0.125  # (4): the largest shift, as a share of the sides; 0: none
    cutout: float = 0.5  # (5): the hole's sides, as a share of the picture's; 0: none

    def __post_init__(self) -> None:
        if not (0 <= self.translation <= 1 and 0 <= self.cutout < 1):
            raise FieldError(f"translation {self.translation} and cutout {self.cutout}", expected="shares of the sides")

    def check(self, space: Space) -> None:
        if not isinstance(space, Image):
            raise FieldError(f"colours, shifts and holes are of pictures, and this is a {type(space).__name__}",
                             expected="images", remedy="augmentation=none")  # fmt: skip

    def augmented(self, x: Tensor, rng: Rng) -> Tensor:
        if self.colour:
            x = coloured(x, rng)
        if self.translation:
            x = translated(x, self.translation, rng)
        return with_hole(x, self.cutout, rng) if self.cutout else x


def coloured(x: Tensor, rng: Rng) -> Tensor:
    """Another brightness, saturation and contrast."""
    t, u, v = rng.uniform((len(x), 3, 1, 1), like=x).split(1, 1)
    x = x + t - 0.5  # (1)
    if x.shape[1] > 1:
        x = torch.lerp(x.mean(1, keepdim=True).expand_as(x), x, 2 * u)  # (2)
    return torch.lerp(x.mean((1, 2, 3), keepdim=True).expand_as(x), x, v + 0.5)  # (3)


def translated(x: Tensor, share: float, rng: Rng) -> Tensor:
    """Moved by whole pixels, down and across; what comes in is 0."""
    for axis in (2, 3):
        most = round(x.shape[axis] * share)
        x = moved(x, _integers(-most, most, x, rng), axis)
    return x


def moved(x: Tensor, by: Tensor, axis: int) -> Tensor:
    """Row i of x moved by by[i] places along an axis."""
    side = x.shape[axis]
    source = torch.arange(side, device=x.device) - by[:, None]  # (B, side)
    inside = ((source >= 0) & (source < side)).to(x.dtype)
    shape = [len(x), *(side if at == axis else 1 for at in range(1, x.dim()))]
    index = source.clamp(0, side - 1).reshape(shape).expand(x.shape)
    return x.gather(axis, index) * inside.reshape(shape)  # (4)


def with_hole(x: Tensor, share: float, rng: Rng) -> Tensor:
    """A rectangle of 0 around any pixel; what of it lies outside is lost."""
    covered = [_covered(x, axis, share, rng) for axis in (2, 3)]
    hole = covered[0][:, None, :, None] & covered[1][:, None, None, :]
    return x * (~hole).to(x.dtype)  # (5)


def _covered(x: Tensor, axis: int, share: float, rng: Rng) -> Tensor:
    """(B, side): the places along an axis that the hole covers."""
    side = x.shape[axis]
    width = round(side * share)
    start = _integers(0, side - width % 2, x, rng)[:, None] - width // 2
    places = torch.arange(side, device=x.device)
    return (places >= start) & (places < start + width)


def _integers(low: int, high: int, x: Tensor, rng: Rng) -> Tensor:
    """Integers low .. high, one a row."""
    return low + rng.integers(high - low + 1, (len(x),), like=x)
