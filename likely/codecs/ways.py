"""Ways from cells to reals and back: the parts a `Lift` is made of, one for each kind of space."""

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.rng import Rng
from likely.spaces import Image, Series, Tokens, Wave


class Bounds(NamedTuple):
    """The reals that stand for what is known of cells: between low and high, and one of them; 0 where any may."""

    low: Tensor
    high: Tensor
    near: Tensor


class Way(ABC):
    """Cells x up to reals u, and down again; log p(x) is at least log p(u) + ladj, and equal where `exact`."""

    space: Space  # where u lives
    exact: bool

    @abstractmethod
    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """(u, ladj): the second one float64, one value a row."""

    @abstractmethod
    def down(self, u: Tensor) -> Tensor:
        """The cells that u stands for."""

    @abstractmethod
    def mask(self, known: Tensor) -> Tensor:
        """A mask over cells as a mask over reals."""

    @abstractmethod
    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        """Between which reals u lies where down(u) has the known cells of x; of free ones it is known that they are
        there, where a cell can be missing."""

    def settled(self, u: Tensor, known: Tensor, high: Tensor) -> Tensor:
        """down(u) with its free cells there: of their entries only one that says `missing` is bounded above."""
        gone = ~self.mask(known) & (high < torch.inf)
        return self.down(u.masked_fill(gone, -torch.inf))


def at_points(x: Tensor, known: Tensor) -> Bounds:
    """Known reals are what they are."""
    x = x.nan_to_num(0.0)
    low, high = x.masked_fill(~known, -torch.inf), x.masked_fill(~known, torch.inf)
    return Bounds(low, high, x.masked_fill(~known, 0.0))


def no_change(x: Tensor) -> Tensor:
    """A row's ladj where volumes are kept: zeros (B,)."""
    return torch.zeros(len(x), dtype=torch.float64, device=x.device)


@final
class Same(Way):
    """u = x: reals already, or a family that takes cells as they are; the bytes of a mapped file are tokens."""

    exact = True

    def __init__(self, space: Space) -> None:
        self.space = space

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        return x.long() if isinstance(self.space, Tokens) else x, no_change(x)

    def down(self, u: Tensor) -> Tensor:
        return u

    def mask(self, known: Tensor) -> Tensor:
        return known

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        return at_points(x, known)


@final
class Levels(Way):
    """u = 2 (x + U) / levels - 1 with U uniform on (0, 1), or 1/2 where there is no noise.

    log P(x) = log of the integral of p(u) over the level's cube >= E_U[log p(u)] + D log(2 / levels).
    """

    exact = False

    def __init__(self, space: Image | Series | Wave, levels: int, *, noisy: bool) -> None:
        self.space = replace(space, levels=None)
        self.levels, self.noisy = levels, noisy
        self.log_volume = math.prod(space.shape) * math.log(2 / levels)

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        centre = (x + 0.5).mul_(2 / self.levels).sub_(1)
        if not self.noisy:
            return centre, no_change(x)
        u = rng.uniform(x.shape, like=x).add_(x).mul_(2 / self.levels).sub_(1)
        u = torch.where(self.down(u) == x, u, centre)  # float32 may round the last part of a level into the next one
        return u, no_change(x).add_(self.log_volume)

    def down(self, u: Tensor) -> Tensor:
        return (u + 1).mul_(self.levels / 2).floor_().clamp_(0, self.levels - 1)

    def mask(self, known: Tensor) -> Tensor:
        return known

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        low, high = x * (2 / self.levels) - 1, (x + 1) * (2 / self.levels) - 1
        low = low.masked_fill(~known | (x <= 0), -torch.inf)
        high = high.masked_fill(~known | (x >= self.levels - 1), torch.inf)
        return Bounds(low, high, ((x + 0.5) * (2 / self.levels) - 1).masked_fill(~known, 0.0))


@final
class Flattened(Way):
    """The cells of a series with gaps as those of a row, each lifted as a column is."""

    def __init__(self, space: Space, columns: Way) -> None:
        self.shape, self.columns = space.shape, columns
        self.space, self.exact = columns.space, columns.exact

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        return self.columns.up(x.flatten(1), rng=rng)

    def down(self, u: Tensor) -> Tensor:
        return self.columns.down(u).unflatten(1, self.shape)

    def mask(self, known: Tensor) -> Tensor:
        return self.columns.mask(known.flatten(1))

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        return self.columns.bounds(x.flatten(1), known.flatten(1))


@final
class Redrawn(Way):
    """Intensities in [0, 1] redrawn as black or white for every batch: dynamic binarisation."""

    exact = True

    def __init__(self, space: Image) -> None:
        self.space = space

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        return rng.bernoulli(x), no_change(x)

    def down(self, u: Tensor) -> Tensor:
        return u

    def mask(self, known: Tensor) -> Tensor:
        return known

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        return at_points(x, known)
