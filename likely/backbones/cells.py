"""The cells of a row in any order: what is said of a column, from the cells that come before it and a condition."""

import math
from collections.abc import Sequence
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.causal import Causal
from likely.backbones.encoder import encoder
from likely.backbones.per_column import PerColumn
from likely.contracts import Space

FAINT = 0.1  # how large numbers are at first


@final
class Cells(nn.Module):
    """Number i that is read is of column reads[i], number j that is said of column says[j]."""

    def __init__(
        self, columns: int, reads: Sequence[int], says: Sequence[int], network: Causal, condition: Space | None
    ) -> None:
        super().__init__()
        width = network.width
        self.columns, self.network = columns, network
        self.asked = nn.Parameter(torch.randn(columns, width))
        self.known = nn.Parameter(torch.randn(columns, width)) if columns > 1 else None  # a single one is never known
        self.reads = PerColumn(reads, columns, width, std=1.0) if columns > 1 else None
        self.says = PerColumn(says, columns, width, std=FAINT / math.sqrt(width))
        self.told = None if condition is None else encoder(condition, width)

    def forward(self, read: Tensor, order: Tensor, context: Tensor | None = None) -> Tensor:
        """Numbers read (B, R) -> said (B, S), those of a column from the columns before it in the order (B, D)."""
        h = self.network(self.inputs(read, order, context))
        return self.says.numbers(torch.empty_like(h).scatter(1, order[..., None].expand_as(h), h))

    def inputs(self, read: Tensor, order: Tensor, context: Tensor | None) -> Tensor:
        """(B, D, C): the column that is asked and the cell before it."""
        x = self.asked[order]
        if self.reads is not None and self.known is not None:
            cells = self.reads.features(read) + self.known
            before = order[:, :-1, None].expand(-1, -1, x.shape[2])
            x = x + F.pad(cells.gather(1, before), (0, 0, 1, 0))
        return x if context is None else x + context[:, None]

    def context(self, c: Tensor | None) -> Tensor | None:
        return None if self.told is None or c is None else self.told(c).summary

    def by_cell(self, rows: int, order: Tensor, context: Tensor | None) -> "ByCell":
        """The same for rows whose cells become known in this order; without gradient."""
        return ByCell(self, rows, order, context)


@final
class ByCell:
    """What is said of the column that is next in a row's order, as features (B, C)."""

    def __init__(self, cells: Cells, rows: int, order: Tensor, context: Tensor | None) -> None:
        self.cells, self.order, self.told = cells, order, context
        self.moments = cells.network.by_moment(rows)

    @torch.inference_mode()
    def first(self, read: Tensor, known: int) -> Tensor:
        """After the first `known` cells of every row, among the numbers read (B, R)."""
        return self.moments.hear(self.cells.inputs(read, self.order, self.told)[:, : known + 1])

    @torch.inference_mode()
    def next(self, features: Tensor) -> Tensor:
        """After one more cell, whose numbers have these features."""
        x = features + self.cells.asked[self.order[:, self.moments.at]]
        return self.moments.next(x if self.told is None else x + self.told)

    @torch.inference_mode()
    def of(self, column: int, numbers: Tensor) -> Tensor:
        """The features of a column's numbers (B, its numbers)."""
        assert self.cells.reads is not None
        assert self.cells.known is not None
        return numbers @ self.cells.reads.of(column) + self.cells.known[column]

    @torch.inference_mode()
    def said(self, column: int, h: Tensor) -> Tensor:
        """A column's numbers."""
        return h @ self.cells.says.of(column).t()
