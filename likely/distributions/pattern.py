"""Rows grouped by which of their cells are known: what depends on the pattern alone is computed once for all its rows.

Groups of about equal size are stacked, the shorter ones padded, so that a thousand patterns of a few rows each are a
handful of batched products and not a thousand small ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

BITS = 62  # cells of a mask in one integer
LABELS = 20  # bits of a label beside them, where there is room


@final
@dataclass(frozen=True)
class Group:
    """G patterns of up to n rows each."""

    known: Tensor | None  # (G, D); None: one group, of rows that know every cell
    rows: slice | Tensor  # all rows in a stretch, or (G, n) numbers of rows
    there: Tensor | None  # (G, n): not padding; None: no padding

    def parts(self, size: int) -> "Iterator[Group]":
        """The same patterns, `size` of their rows at a time."""
        if isinstance(self.rows, slice):
            stretch = range(self.rows.start, self.rows.stop)
            for part in (stretch[start : start + size] for start in range(0, len(stretch), size)):
                yield Group(self.known, slice(part.start, part.stop), None)
            return
        each = max(1, size // len(self.rows))
        for start in range(0, self.rows.shape[1], each):
            some = slice(start, start + each)
            yield Group(self.known, self.rows[:, some], None if self.there is None else self.there[:, some])

    def take(self, cells: Tensor) -> Tensor:
        """These rows of (B, ...): (G, n, ...)."""
        return cells[self.rows][None] if isinstance(self.rows, slice) else cells[self.rows]

    def put(self, values: Tensor, target: Tensor) -> None:
        """Values (G, n, ...) of these rows to their places in the target (B, ...)."""
        if isinstance(self.rows, slice):
            target[self.rows] = values[0]
        elif self.there is None:
            target[self.rows] = values
        else:
            target[self.rows[self.there]] = values[self.there]

    def weights(self, weight: Tensor | None) -> Tensor | None:
        """Weights (B,) of these rows: (G, n), 0 for padding; None where all are 1."""
        own = None if weight is None else self.take(weight)
        if self.there is None:
            return own
        return self.there.double() if own is None else own * self.there


def groups(known: Tensor, most: int, label: Tensor | None = None) -> Iterator[Group]:
    """The rows of a mask (B, D) by their patterns (and their labels (B,), where given), `most` patterns at a time."""
    if not len(known):
        return
    if label is None and bool(known.all()):
        yield Group(None, slice(0, len(known)), None)
        return
    order, start, count = _sorted(_words(known, label))
    size = (count - 1).clamp(min=0).double().log2().floor().long().clamp(min=-1)  # powers of two: 1, 2, 3-4, 5-8, ...
    for one in size.unique().tolist():
        for some in (size == one).nonzero()[:, 0].split(most):
            place = torch.arange(int(count[some].max()), device=known.device)
            there = place < count[some, None]
            rows = order[start[some, None] + torch.minimum(place, count[some, None] - 1)]
            yield Group(known[rows[:, 0]], rows, None if bool(there.all()) else there)


def _words(known: Tensor, label: Tensor | None) -> Tensor:
    """Each row's pattern and label as a few integers: (B, W)."""
    bits = (known.long() << (torch.arange(known.shape[1], device=known.device) % BITS)).split(BITS, 1)
    words = [part.sum(1) for part in bits]
    if label is not None and len(words) == 1 and known.shape[1] <= BITS - LABELS and int(label.max()) < 1 << LABELS:
        return (words[0] << LABELS | label)[:, None]
    words += [] if label is None else [label]
    return torch.stack(words, 1) if words else known.new_zeros(len(known), 1, dtype=torch.int64)


def _sorted(words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows in the order of their words, and where each different word starts and how many rows it has."""
    if words.shape[1] == 1:  # by values, which is far faster than by rows
        _, inverse, count = torch.unique(words[:, 0], return_inverse=True, return_counts=True)
    else:
        _, inverse, count = torch.unique(words, dim=0, return_inverse=True, return_counts=True)
    return inverse.argsort(stable=True), count.cumsum(0) - count, count
