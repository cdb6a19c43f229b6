"""A model with the rows it learned from and rows it did not: what a doctor needs to look at what it makes."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import time
from dataclasses import dataclass
from itertools import chain
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs import Codec, Lift
from likely.contracts import Judges, Model
from likely.data import Rows, Table
from likely.rng import Keyed
from likely.training.examples import cells
from likely.training.judge import dtype_of

Array = np.ndarray[Any, Any]
LOOKED, LIFTED, SAMPLED, JUDGED = 0xD0C7, 1, 2, 3  # forks of the seed
FIRST, BATCH = 64, 512  # rows that are drawn at a time


@final
@dataclass(frozen=True)
class Made:
    """Generated rows: as the model draws them, what they were given, and as the person has them."""

    u: Tensor
    c: Tensor | None
    rows: Rows


@final
@dataclass(frozen=True)
class Patient:
    """A model that samples, and rows."""

    model: Model
    codec: Codec[Any]
    lift: Lift
    learned: Rows
    held_out: Rows | None = None
    given: Codec[Any] | None = None  # of the condition
    seed: int = 0

    def made(self, most: int, seconds: float = float("inf")) -> Made:
        """So many rows, each given some real row's condition; fewer where time is short."""
        ends, parts, at, size = time.perf_counter() + seconds, [], 0, FIRST
        c = self._conditions(most)
        rng = self._rng.fork(SAMPLED)
        while at < most and (not parts or time.perf_counter() < ends):
            size = min(size, most - at)
            given = None if c is None else c[at : at + size]
            with torch.no_grad():
                parts.append(self.model.sample(size, given, rng=rng.at(at)))
            at, size = at + size, BATCH
        u = torch.cat(parts)
        return Made(u, None if c is None else c[:at], self.codec.decode(self.lift.down(u).cpu()))

    def scores(self, rows: Rows, most: int) -> Array:
        """The critic's scores of some of the rows, each with its own condition."""
        kept = rows.take(self._some(len(rows), most))
        x = self._placed(self.codec.encode(kept).x)
        u, _ = self.lift.up(x, rng=self._rng.fork(LIFTED))
        return self.judged(u, self._told(kept))

    def judged(self, u: Tensor, c: Tensor | None) -> Array:
        """The critic's scores of rows as the model sees them."""
        assert isinstance(self.model, Judges)
        with torch.no_grad():
            parts = [self.model.judge(x, y, rng=self._rng.fork(JUDGED).at(at)) for at, x, y in _batches(u, c)]
        return torch.cat(parts).double().cpu().numpy()

    def modelled(self, rows: Rows, like: Rows) -> Rows:
        """A table without the columns that are not generated."""
        if not isinstance(rows, Table) or not isinstance(like, Table):
            return rows
        names = [name for name in rows.frame if name in like.frame]
        return Table(rows.frame[names], rows.schema.only(names))

    @property
    def _rng(self) -> Keyed:
        return Keyed(self.seed).fork(LOOKED)

    def _conditions(self, most: int) -> Tensor | None:
        """Those of rows it learned from, round and round in an order that means nothing."""
        if self.given is None:
            return None
        return self._told(self.learned.take(np.resize(self._some(len(self.learned), most), most)))

    def _told(self, rows: Rows) -> Tensor | None:
        """The rows' own conditions."""
        if self.given is None or rows.said is None:
            return None
        return self._placed(self.given.encode(rows.said).x)

    def _some(self, rows: int, most: int) -> Array:
        """Some of the rows, in an order that means nothing: a pack is judged as one."""
        return np.random.default_rng(self.seed).permutation(rows)[:most]

    def _placed(self, x: Tensor) -> Tensor:
        """Cells as the model reads them, where it is."""
        held = next(chain(self.model.parameters(), self.model.buffers()), None)
        ready = cells(x, dtype_of(self.model))
        return ready if held is None else ready.to(held.device)


def _batches(u: Tensor, c: Tensor | None) -> "list[tuple[int, Tensor, Tensor | None]]":
    """A batch at a time, and where it begins; what fills no pack at a batch's end is left out."""
    return [(at, u[at : at + BATCH], None if c is None else c[at : at + BATCH]) for at in range(0, len(u), BATCH)]
