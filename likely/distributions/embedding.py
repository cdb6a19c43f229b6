"""Rows of cells of every kind as points of a plain space, near each other where the rows are alike.

Reals and counts in units of their spread (counts on a logarithmic scale), 0 where there is no value; every state of a
column that has several is a direction of its own, all of them projected onto a few random ones.
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.distributions.state import Cells
from likely.rng import Keyed

SKETCH = 16  # random directions for all states


@final
class Embedding(nn.Module):
    """Points of `width` coordinates."""

    shift: Tensor  # of the reals, then of the counts
    scale: Tensor
    sketch: Tensor  # (F, directions)
    offset: Tensor  # where each column's states start

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self.cells = cells
        numbers, directions = len(cells.real) + len(cells.count), 0 if bool((cells.sizes == 1).all()) else SKETCH
        self.width = numbers + directions
        self.register_buffer("shift", torch.zeros(numbers, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(numbers, dtype=torch.float64))
        sketch = Keyed(1).normal((int(cells.sizes.sum()), directions), like=self.shift)
        self.register_buffer("offset", cells.sizes.cumsum(0) - cells.sizes, persistent=False)
        self.register_buffer("sketch", sketch / max(1, directions) ** 0.5, persistent=False)

    def learn(self, mean: Tensor, variance: Tensor) -> None:
        """Take the units from these moments."""
        self.shift, self.scale = mean.clone(), variance.sqrt()

    def points(self, cells: Tensor) -> Tensor:
        """(B, D) to (B, width)."""
        split = self.cells.split(cells)
        numbers = torch.cat([self.cells.real, self.cells.count])
        value = (cells[:, numbers].double() - self.shift) / self.scale
        value = torch.where(split.ordinary[:, numbers], value, 0.0)
        counts = value[:, len(self.cells.real) :]
        counts.copy_(counts.sign() * counts.abs().log1p())
        return torch.cat([value, self._sketched(split.state)], 1) if self.sketch.numel() else value

    def _sketched(self, state: Tensor) -> Tensor:
        """The sum of the directions of a row's states; -1 has none."""
        told = torch.zeros(len(state), self.sketch.shape[1], dtype=self.sketch.dtype, device=state.device)
        for offset, column in zip(self.offset, state.unbind(1)):
            told += torch.where(column[:, None] >= 0, self.sketch[offset + column.clamp(min=0)], 0.0)
        return told
