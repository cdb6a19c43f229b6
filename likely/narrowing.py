r"""Cells that lie in ranges, drawn exactly where a model completes: a range is a few stretches, each row a mixture.

    p(x_u | x_o, x_u in A) = sum_j w_j p(x_u | x_o, x_u in A_j),   w_j = P(x_u in A_j | x_o) / P(x_u in A | x_o)     (1)
    log P(x_u in A | x_o) = log sum_j p(x_o, x_u in A_j) - log p(x_o)                                                (2)

A_j are boxes, one stretch for each cell with a range. A model that takes intervals is told a box as it is; any other
that completes is told values, so that (1) serves choices and few counts; what is left over is told by name.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs import TableCodec
from likely.codecs.stretch import WHOLE, Stretch
from likely.contracts import Completes, Evidence
from likely.frames import Known
from likely.rng import Keyed
from likely.scoring import BATCH, batches, placed
from likely.spaces import Real

MOST = 64  # boxes of a row: what has more is looked for among draws
WIDE = 8192  # boxes of rows at a time


@final
@dataclass(frozen=True)
class Options:
    """The stretches that a cell may lie in, of each row."""

    place: int
    low: Tensor  # (B, R) float64
    high: Tensor
    there: Tensor  # (B, R) bool: how many a row has

    def take(self, rows: slice) -> "Options":
        return Options(self.place, self.low[rows], self.high[rows], self.there[rows])


class Told(ABC):
    """How a model is told of boxes."""

    @abstractmethod
    def options(self, left: Sequence[Stretch], *, real: bool) -> Sequence[Stretch] | None:
        """The stretches as it takes them; None where it does not."""

    @abstractmethod
    def evidence(self, x: Tensor, known: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Evidence]:
        """A box (B, D) for every row."""


@final
class Intervals(Told):
    """As they are."""

    def options(self, left: Sequence[Stretch], *, real: bool) -> Sequence[Stretch] | None:
        return left

    def evidence(self, x: Tensor, known: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Evidence]:
        return x, Evidence(known, low, high)


@final
class Values(Told):
    """Value by value."""

    def options(self, left: Sequence[Stretch], *, real: bool) -> Sequence[Stretch] | None:
        if real or sum(part.high - part.low + 1 for part in left) > MOST:
            return None
        return [Stretch(v, v) for part in left for v in np.arange(part.low, part.high + 1).tolist()]

    def evidence(self, x: Tensor, known: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Evidence]:
        told = (low == high) & ~known
        return torch.where(told, low.to(x.dtype), x), Evidence(known | told)


@final
@dataclass(frozen=True)
class Narrowing:
    """Rows whose unknown cells lie in boxes."""

    told: Told
    options: tuple[Options, ...]
    beside: tuple[str, ...]  # columns whose ranges no box says

    @classmethod
    def of(cls, told: Told, codec: TableCodec, given: Known, known: Tensor) -> "Narrowing":
        """What ranges leave of cells (B, D) that are not known."""
        options, beside, boxes = [], [], 1
        for name, said in given.ranges.items():
            found = _options(told, codec, name, said, known)
            if found is None or boxes * found.low.shape[1] > MOST:
                beside.append(name)
            else:
                boxes *= found.low.shape[1]
                options.append(found)
        return cls(told, tuple(options), tuple(beside))

    def take(self, rows: slice) -> "Narrowing":
        return Narrowing(self.told, tuple(each.take(rows) for each in self.options), self.beside)

    @property
    def together(self) -> int:
        """Rows at a time."""
        return max(1, min(BATCH, WIDE // math.prod(each.low.shape[1] for each in self.options)))

    def boxes(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Every box of rows like these (B, D): low and high (B, R, D), and whether the row has it (B, R)."""
        sizes = [torch.arange(each.low.shape[1]) for each in self.options]
        which = torch.cartesian_prod(*sizes).reshape(-1, len(sizes)) if sizes else torch.zeros(1, 0, dtype=torch.int64)
        low = torch.full((len(like), len(which), like.shape[1]), -torch.inf, dtype=torch.float64)
        high, there = -low, torch.ones(len(like), len(which), dtype=torch.bool)
        for each, place in zip(self.options, which.unbind(1)):
            low[:, :, each.place], high[:, :, each.place] = each.low[:, place], each.high[:, place]
            there &= each.there[:, place]
        return low.to(like.device), high.to(like.device), there.to(like.device)

    def _evidence(self, x: Tensor, known: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Evidence]:
        return self.told.evidence(x, known, low, high) if self.options else (x, Evidence(known))

    def log_joint(self, model: Completes, x: Tensor, known: Tensor, c: Tensor | None) -> Tensor:
        """log p(known cells, each box | c): (B, R); of one batch."""
        low, high, there = self.boxes(x)
        times = there.shape[1]
        every, seen = x.repeat_interleave(times, 0), known.repeat_interleave(times, 0)
        cells, evidence = self._evidence(every, seen, low.flatten(0, 1), high.flatten(0, 1))
        joint = model.log_evidence(cells, evidence, None if c is None else c.repeat_interleave(times, 0))
        return joint.double().view(there.shape).masked_fill(~there, -torch.inf)

    def drawn(self, model: Completes, x: Tensor, known: Tensor, joint: Tensor, c: Tensor | None, rng: Keyed) -> Tensor:
        """(1) of one batch, the boxes' weights being known."""
        low, high, _ = self.boxes(x)
        box = rng.fork(2).categorical(torch.where(joint.isneginf().all(1, keepdim=True), 0.0, joint))
        row = torch.arange(len(x), device=x.device)
        cells, evidence = self._evidence(x, known, low[row, box], high[row, box])
        return torch.where(known, x, model.complete(cells, evidence, c, rng=rng))


def _options(told: Told, codec: TableCodec, name: str, said: "np.ndarray[Any, Any]", known: Tensor) -> Options | None:
    """A column's stretches, alike for rows that are told alike; None where they are not to be told."""
    distinct = {id(each): each for each in said if each is not None}
    every = {key: codec.stretches(name, each) for key, each in distinct.items()}
    if any(left is None for left in every.values()):
        return None
    place = codec.names.index(name)
    real = isinstance(codec.layout.cells[name].column, Real)
    taken = {key: told.options(left, real=real) for key, left in every.items() if left is not None}
    if any(left is None for left in taken.values()):
        return None
    table = [WHOLE, *(left or () for left in taken.values())]
    at = {key: number for number, key in enumerate(taken, 1)}
    free = [0 if each is None or seen else at[id(each)] for each, seen in zip(said, known[:, place].tolist())]
    most = max(1, *map(len, table))
    ends = torch.tensor([[*left, *[(0.0, 0.0)] * (most - len(left))] for left in table], dtype=torch.float64)[free]
    there = torch.tensor([[place < len(left) for place in range(most)] for left in table])[free]
    return Options(place, ends[..., 0], ends[..., 1], there)


class Narrowed(NamedTuple):
    """Rows of cells, and how probable what is given of each was."""

    x: Tensor
    log_evidence: Tensor  # (B,) log p(known cells, ranges | c)
    log_chance: Tensor  # (B,) (2)


@torch.no_grad()
def narrowed(
    model: Completes, narrowing: Narrowing, x: Tensor, known: Tensor, c: Tensor | None, rng: Keyed
) -> Narrowed:
    """Cells with what is not known drawn in its ranges; the noise of row i is its own."""
    parts, size = [], narrowing.together
    for place, (part, given) in enumerate(batches(x, c, size)):
        rows = slice(place * size, place * size + len(part))
        some, own = narrowing.take(rows), rng.at(_ids(rng, rows))
        cells, told, given = placed(part, model), placed(known[rows], model), placed(given, model)
        joint = some.log_joint(model, cells, told, given)
        drawn, told_of = some.drawn(model, cells, told, joint, given, own), joint.logsumexp(1)
        alone = model.log_evidence(cells, Evidence(told), given).double() if some.options else told_of
        parts.append(Narrowed(drawn.cpu(), told_of.cpu(), (told_of - alone).cpu()))
    return Narrowed(*(torch.cat(each) for each in zip(*parts)))


@torch.no_grad()
def log_evidence(model: Completes, narrowing: Narrowing, x: Tensor, known: Tensor, c: Tensor) -> Tensor:
    """log p(known cells, ranges | c) of every row (B,), all under the same condition c."""
    found, size = [], narrowing.together
    for place, (part, _) in enumerate(batches(x, None, size)):
        rows, given = slice(place * size, place * size + len(part)), placed(c.expand(len(part), *c.shape), model)
        joint = narrowing.take(rows).log_joint(model, placed(part, model), placed(known[rows], model), given)
        found.append(joint.logsumexp(1).cpu())
    return torch.cat(found)


def _ids(rng: Keyed, rows: slice) -> int | Tensor:
    """Where a batch's noise is addressed."""
    return rng.rows + rows.start if isinstance(rng.rows, int) else rng.rows[rows]
