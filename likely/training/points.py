r"""Rows as points between which distances mean something, for models that are judged by what they draw.

    a number     as it is, a count as log(1 + x); where missing, 0 beside an indicator
    a choice     one-hot, over sqrt 2: two different ones are 1 apart
    a text       the share of each token
    a picture    its cells, as a series' and a sound's

More numbers than `WHOLE` are seen along the `PRINCIPAL` directions in which training rows vary most. Then all of it is
scaled, so that two training rows are 1 apart in the root mean square.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from likely.contracts import Space
from likely.spaces import Category, Column, Count, Image, Tokens, Vector, gappy
from likely.training.patches import SIDE, Patches

WHOLE, PRINCIPAL = 256, 64
SMALLEST = 2 * SIDE  # side of a picture whose patches tell anything
LEARNED = 1000  # training rows that the directions are taken from, at most
ROUNDING = 1e-6  # of the largest variance: below, a direction is rounding
View = Callable[[Tensor], Tensor]


@final
class Points:
    """Rows of one space as points (B, D), by what training rows are like."""

    def __init__(self, space: Space, seen: Tensor) -> None:
        self.space = space
        self.parts: list[tuple[View, Tensor, float]] = []
        numbers = numbers_of(space, seen)
        axes = _axes(numbers - numbers.mean(0)) if numbers.shape[1] > WHOLE else None
        self._add(lambda x: numbers_of(space, x) if axes is None else numbers_of(space, x) @ axes, seen)
        if isinstance(space, Image) and axes is not None and min(space.height, space.width) >= SMALLEST:
            self._add(Patches(seen), seen)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.cat([(view(x) - centre) * scale for view, centre, scale in self.parts], 1)

    def _add(self, view: View, seen: Tensor) -> None:
        told = view(seen)
        spread = float(told.var(0).sum())
        self.parts.append((view, told.mean(0), 1 / sqrt(2 * spread) if spread > 0 else 1.0))


def numbers_of(space: Space, x: Tensor) -> Tensor:
    """(B, F) numbers, none of them missing."""
    match space:
        case Vector():
            return torch.cat([_column(column, x[:, i]) for i, column in enumerate(space.columns)], 1)
        case Tokens():
            shares = torch.zeros(len(x), space.vocabulary + 1, device=x.device)
            return shares.scatter_add_(1, (x + 1).long(), torch.full(x.shape, 1 / space.length, device=x.device))
    return _told(x.reshape(len(x), prod(x.shape[1:])), gaps=gappy(space))


def _column(column: Column, x: Tensor) -> Tensor:
    if isinstance(column, Category):
        codes = torch.where(x.isnan(), column.k, x).long().clamp(0, column.k)
        return F.one_hot(codes, column.k + 1).to(x.dtype) * sqrt(0.5)
    return _told((x.clamp(min=0).log1p() if isinstance(column, Count) else x)[:, None], gaps=column.missing)


def _told(x: Tensor, *, gaps: bool) -> Tensor:
    """With an indicator beside every number, where some can be missing."""
    missing = x.isnan()
    return x if not gaps else torch.cat([torch.where(missing, 0.0, x), missing.to(x.dtype)], 1)


def _axes(centred: Tensor) -> Tensor:
    """(F, PRINCIPAL): the directions in which the rows vary most; 0 where they vary in fewer."""
    spreads, vectors = torch.linalg.eigh((centred @ centred.T).double())
    spreads, vectors = spreads[-PRINCIPAL:], vectors[:, -PRINCIPAL:].to(centred)
    varies = spreads > ROUNDING * spreads[-1]
    return centred.T @ vectors * torch.where(varies, spreads.clamp(min=1e-300).rsqrt(), 0.0).to(centred)
