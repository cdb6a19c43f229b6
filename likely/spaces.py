"""Spaces: what one example is.

A `Vector` is one float32 tensor (B, D) with a cell per column: reals standardised, counts and category codes as they
are; a missing cell is NaN, one more atom of its column. An `Image` holds levels 0 .. levels - 1 as floats, or reals in
[-1, 1] where `levels` is None; so do a `Wave` and a `Series`, whose reals are standardised instead. `Tokens` are
integers, -1 where missing. A class label is `Vector((Category(k),))`.
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space


class Column:
    """One cell of a `Vector`: concrete columns are `Real`, `Count`, `Category`."""

    missing: bool


@final
@dataclass(frozen=True)
class Real(Column):
    """A real cell: a density, plus atoms (values that carry mass of their own) and maybe missing."""

    atoms: tuple[float, ...] = ()  # cell values, exact in float32
    missing: bool = False


@final
@dataclass(frozen=True)
class Count(Column):
    """A count 0, 1, 2, ...: a mass on the integers."""

    missing: bool = False


@final
@dataclass(frozen=True)
class Category(Column):
    """One of k codes 0 .. k - 1: a mass."""

    k: int
    missing: bool = False


@final
@dataclass(frozen=True)
class Vector(Space):
    """A row of cells: float32 (B, D)."""

    columns: tuple[Column, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.columns),)


@final
@dataclass(frozen=True)
class Image(Space):
    """Pixels (B, C, H, W): levels 0 .. levels - 1 as floats, or reals in [-1, 1] where levels is None."""

    channels: int
    height: int
    width: int
    levels: int | None = 256

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.height, self.width)


@final
@dataclass(frozen=True)
class Tokens(Space):
    """A sequence of codes: int64 (B, T), -1 where missing or past the end."""

    vocabulary: int
    length: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length,)


@final
@dataclass(frozen=True)
class Series(Space):
    """Channels over time (B, C, T): reals, or codes 0 .. levels - 1 as floats; NaN in a gap and past the end."""

    channels: int
    length: int
    levels: int | None = None
    missing: bool = False  # whether there are gaps, or series that end early: one more atom of every cell

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.length)


@final
@dataclass(frozen=True)
class Wave(Space):
    """Sound (B, T): mu-law codes 0 .. levels - 1 as floats, or reals in [-1, 1] where levels is None."""

    rate: int
    length: int
    levels: int | None = 256

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length,)


def reals(width: int) -> Vector:
    """The plain real space of `width` columns."""
    return Vector((Real(),) * width)


def label(k: int) -> Vector:
    """The space of a class label."""
    return Vector((Category(k),))


def levels_of(space: Space) -> int | None:
    """How many ordered levels each cell of a picture, a series or a sound has; None where cells are not levels."""
    return space.levels if isinstance(space, Image | Series | Wave) else None


def gappy(space: Space) -> bool:
    """Whether cells of a series can be missing."""
    return isinstance(space, Series) and space.missing


def strip(space: Series | Wave) -> Image:
    """A series or a sound as a picture one pixel high."""
    channels = space.channels if isinstance(space, Series) else 1
    return Image(channels, 1, space.length, space.levels)


def absent(c: Tensor) -> Tensor:
    """The null condition: c with every cell missing."""
    return torch.full_like(c, float("nan") if c.is_floating_point() else -1)


def present(c: Tensor) -> Tensor:
    """Which cells are there."""
    return ~torch.isnan(c) if c.is_floating_point() else c >= 0
