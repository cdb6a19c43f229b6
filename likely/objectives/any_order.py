r"""The cells of a table's row in any order, each given those before it: scores, what is learned from, and draws.

    log p(x | c) = sum_i log p(x_{o_i} | x_{o_1}, ..., x_{o_{i-1}}, c)                                               (1)
    p(unknown | known) is the part of (1) that is left, in an order that has the known cells first                  (2)

What is known and what is drawn differs from row to row, and so does the order: all rows go through it together.
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.backbones.cells import ByCell, Cells
from likely.distributions.columnwise import Columnwise, Draw

HELD, TOGETHER = 1 << 26, 1024  # numbers that are kept of earlier cells at one time, in at most so many rows


@final
class InAnyOrder(nn.Module):
    """Rows of cells (B, D), NaN where missing."""

    def __init__(self, columns: Columnwise, network: Cells) -> None:
        super().__init__()
        self.columns, self.network = columns, network

    def forward(self, cells: Tensor, order: Tensor, c: Tensor | None = None) -> Tensor:
        """log p of every cell (B, D) given those before it in the order (B, D)."""
        numbers = self.network(self.columns.read(cells), order, self.network.context(c))
        return self.columns.log_prob(cells, numbers)

    def log_prob(self, cells: Tensor, known: Tensor, c: Tensor | None) -> Tensor:
        """log p of the known cells (B,)."""
        return torch.where(known, self(cells, first(known), c), 0.0).sum(1)

    @torch.no_grad()
    def drawn(self, x: Tensor, known: Tensor, c: Tensor | None, draw: Draw) -> Tensor:
        """Cells (B, D) with those that are not known drawn (2)."""
        network = self.network.network
        size = max(1, min(TOGETHER, HELD // (2 * network.width * len(network.blocks) * self.columns.columns)))
        cells, context = x.masked_fill(~known, torch.nan), self.network.context(c)
        for at in range(0, len(x), size):
            rows = slice(at, at + size)
            given = None if context is None else context[rows]
            own = draw._replace(levels=draw.levels[rows])
            _Drawing(self, cells[rows], known[rows], given, own).run()
        return cells


@final
class _Drawing:
    """Some rows on their way."""

    def __init__(self, chain: InAnyOrder, cells: Tensor, known: Tensor, context: Tensor | None, draw: Draw) -> None:
        self.columns, self.cells, self.known, self.order, self.draw = chain.columns, cells, known, first(known), draw
        self.steps: ByCell = chain.network.by_cell(len(cells), self.order, context)

    def run(self) -> None:
        """Draw what is not known, in place."""
        places = self.order.shape[1]
        begun = int(self.known.sum(1).min())  # so many cells are known of every row
        if begun == places:
            return
        h = self.steps.first(self.columns.read(self.cells), begun)
        for place in range(begun, places):
            self._draw(place, h)
            if place + 1 < places:
                h = self.steps.next(self._features(place))

    def _draw(self, place: int, h: Tensor) -> None:
        for d, rows in self._columns(place):
            rows = rows[~self.known[rows, d]]
            draw = self.draw._replace(levels=self.draw.levels[rows])
            self.cells[rows, d] = draw(d, self.steps.said(d, h[rows]))

    def _features(self, place: int) -> Tensor:
        """Of the cell that each row has at this place of its order."""
        parts = [(rows, self.steps.of(d, self.columns.read_one(d, self.cells[rows, d])))
                 for d, rows in self._columns(place)]  # fmt: skip
        features = parts[0][1].new_empty(len(self.cells), parts[0][1].shape[1])
        for rows, told in parts:
            features[rows] = told
        return features

    def _columns(self, place: int) -> list[tuple[int, Tensor]]:
        """The columns at this place, with the rows that have them there."""
        here = self.order[:, place]
        return [(int(d), (here == d).nonzero()[:, 0]) for d in here.unique()]


def first(known: Tensor) -> Tensor:
    """The columns as they come, but the known ones before the others (B, D)."""
    return (~known).to(torch.int8).argsort(dim=1, stable=True)
