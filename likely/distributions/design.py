"""Designs: a condition's cells as the numbers that a linear predictor weighs.

    Real          its value, beside an indicator for each atom, and for missing where it can be
    Count         log(1 + count), beside an indicator for missing where it can be
    Category      an indicator for each code, missing among them where it can be
    Image         every pixel, levels from 0 to 1
    Tokens        how often each code occurs
    Series, Wave  every number, levels from 0 to 1; beside an indicator for missing where it can be

Every feature is centred at its mean over the rows seen first, and is 0 where the cell says nothing: what is not known
moves no prediction.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from likely.contracts import Space
from likely.distributions.state import Cells
from likely.spaces import Image, Series, Tokens, Wave, levels_of


@final
class Design(nn.Module):
    """(B, *shape) cells -> (B, P) features in float64. No condition has none."""

    centre: Tensor  # (P,)

    def __init__(self, space: Space | None) -> None:
        super().__init__()
        self.space, self.levels = space, 1.0
        if space is not None and (levels := levels_of(space)) is not None:
            self.levels = max(levels - 1.0, 1.0)
        self.cells = None if space is None or isinstance(space, Tokens) else Cells(space, ordered=True)
        self.register_buffer("centre", torch.zeros(self._width(), dtype=torch.float64))

    @property
    def width(self) -> int:
        return len(self.centre)

    def _width(self) -> int:
        if self.cells is None:
            return self.space.vocabulary if isinstance(self.space, Tokens) else 0
        states = torch.where(self.cells.category, self.cells.sizes, self.cells.sizes - 1)
        return int((~self.cells.category).sum() + states.sum())

    def prepare(self, c: Tensor | None) -> None:
        """Centre the features at their means over these rows."""
        if c is not None and len(c):
            told, known = self._raw(c)
            self.centre = torch.where(known, told, 0.0).sum(0) / known.sum(0).clamp(min=1)

    def forward(self, c: Tensor | None, rows: int) -> Tensor:
        if c is None or self.space is None:
            return self.centre.new_zeros(rows, self.width)
        told, known = self._raw(c)
        return torch.where(known, told - self.centre, 0.0)

    def _raw(self, c: Tensor) -> tuple[Tensor, Tensor]:
        """Features that are not centred, and which of them are known: (B, P) each."""
        if self.cells is None:
            return self._often(c)
        cells = self.cells.flat(c)
        split, numbers = self.cells.split(cells), ~self.cells.category
        values = cells[:, numbers].double() / self.levels
        if not isinstance(self.space, Image | Series | Wave):
            values = torch.where(self.cells.integer[numbers], values.clamp(min=0).log1p(), values)
        known = split.ordinary[:, numbers]
        stated = (self.cells.category | (self.cells.sizes > 1)).nonzero()[:, 0].tolist()
        parts = [(torch.where(known, values, 0.0), known), *(self._indicators(split.state[:, d], d) for d in stated)]
        return torch.cat([told for told, _ in parts], 1), torch.cat([known for _, known in parts], 1)

    def _indicators(self, state: Tensor, column: int) -> tuple[Tensor, Tensor]:
        assert self.cells is not None
        size = int(self.cells.sizes[column])
        told = F.one_hot(state.clamp(min=0), size).double()
        told = told if self.cells.category[column] else told[:, 1:]
        return told, (state >= 0)[:, None].expand(told.shape)

    def _often(self, c: Tensor) -> tuple[Tensor, Tensor]:
        """How often each token occurs in its row."""
        told = self.centre.new_zeros(len(c), self.width)
        if self.space is not None:
            told.scatter_add_(1, c.clamp(min=0), (c >= 0).to(told))
        return told, (c >= 0).any(1, keepdim=True).expand(told.shape)
