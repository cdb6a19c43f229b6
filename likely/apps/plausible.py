r"""The nearest plausible row: what an odd row would have to have said otherwise, with as few cells changed as may be.

    a draw x' ~ p(x_F | x_{not F}) of the cells F that are freed is plausible where its p-value is at least a        (1)
    F grows by the column whose draws are least strange, tried one by one; by half as many again once it has several (2)
    of the plausible draws of F the nearest: least sum_F |x'_j - x_j| / spread_j + [x'_j != x_j]                     (3)

A heuristic search among exact (or asymptotic) draws: fewer cells may do, never by more than what (2) adds at once.
Cells that are not freed come back as they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import frames
from likely.apps.anomalies import held_out
from likely.apps.strange import p_values
from likely.codecs import TableCodec
from likely.contracts import Completes, Fills
from likely.data import Table
from likely.diffusion import Descends
from likely.errors import CannotAnswer
from likely.filling import Filler, Filling, filled
from likely.fitted import Fitted
from likely.promises import promised
from likely.scoring import strangeness

Array = np.ndarray[Any, Any]
LEVEL, DRAWS = 0.25, 8  # the p-value from which a row passes for usual; draws of each set of cells
TRIED = 24  # columns that are tried one by one: those that seemed most at fault when each was tried alone
SPREAD = 256  # rows drawn to say how far apart values of a column are


@final
@dataclass(frozen=True)
class Plausible:
    """Rows beside odd ones."""

    rows: pd.DataFrame  # the nearest plausible row that was found of each
    freed: tuple[tuple[str, ...], ...]  # the columns that were drawn anew
    p_value: Array  # (B,) of the rows found; below the level where even a row drawn whole was not plausible


def plausible(
    fitted: Fitted[Any], data: Any, calibration: Any = None, *, level: float = LEVEL, draws: int = DRAWS, seed: int = 0
) -> Plausible:
    """The nearest row of each that passes for usual; a row that does already is its own."""
    model, codec = promised(fitted.model, fitted.name, Completes, Fills, Descends), fitted.codec
    if not isinstance(codec, TableCodec):
        raise CannotAnswer(f"{codec.reads.word} have no columns to draw anew", expected="a model of tables")
    rows = frames.read_like(data, codec, fitted.condition_codec, fitted.card.order)
    assert isinstance(rows, Table)
    spread = fitted.cells(fitted.sample_rows(SPREAD, seed=seed))[0].nan_to_num(0.0).std(0).clamp(min=1e-6)
    search = _Search(fitted, model, codec, held_out(fitted, calibration), spread, level, draws, seed)
    found = [search.row(rows.take([place])) for place in range(len(rows))]
    labels = frames.index_of(data)
    frame = pd.concat([each.frame for each in found]) if found else rows.frame
    frame = frame.set_axis(range(len(frame)) if labels is None else labels)
    return Plausible(frame, tuple(each.freed for each in found), np.array([each.p_value for each in found]))


@final
@dataclass(frozen=True)
class _Found:
    frame: pd.DataFrame
    freed: tuple[str, ...]
    p_value: float


@final
@dataclass(frozen=True)
class _Search:
    """What stays the same from row to row."""

    fitted: Fitted[Any]
    model: Filler
    codec: TableCodec
    held: Array
    spread: Tensor  # (D,) of each cell, over rows that the model draws
    level: float
    draws: int
    seed: int

    def row(self, row: Table) -> _Found:
        """The nearest plausible row of this one."""
        x, _, c = self.fitted.cells(row)
        freed, left = list[int](), list(range(x.shape[1]))
        frame, strange = row.frame, self._strange(row)
        while p_values(strange, self.held).max() < self.level and left:
            tried = len(left) if not freed else TRIED
            left = [*self._ranked(row, x, c, freed, left[:tried]), *left[tried:]]
            more = max(1, len(freed) // 2)  # (2)
            freed, left = freed + left[:more], left[more:]
            frame, strange = self._drawn(row, x, c, [freed])
        passing = np.flatnonzero(p_values(strange, self.held) >= self.level)
        best = self._nearest(x, frame, passing) if len(passing) and freed else int(strange.argmin())  # (3)
        told = tuple(self.codec.names[place] for place in sorted(freed))
        return _Found(frame.iloc[[best]], told, float(p_values(strange[[best]], self.held)[0]))

    def _ranked(self, row: Table, x: Tensor, c: Tensor | None, freed: list[int], among: list[int]) -> list[int]:
        """These columns, the one first whose draws leave the row least strange."""
        _, strange = self._drawn(row, x, c, [[*freed, place] for place in among])
        order = np.argsort(strange.reshape(len(among), self.draws).min(1), kind="stable")
        return [among[place] for place in order]

    def _drawn(self, row: Table, x: Tensor, c: Tensor | None, sets: Sequence[list[int]]) -> tuple[pd.DataFrame, Array]:
        """`draws` rows of each set of freed cells, one after the other; and how strange they are."""
        known = torch.ones(len(sets), x.shape[1], dtype=torch.bool)
        for which, places in enumerate(sets):
            known[which, places] = False
        known = known.repeat_interleave(self.draws, 0)
        given = None if c is None else c.expand(len(known), *c.shape[1:])
        cells, _ = filled(self.model, self.fitted.lift, x.expand(len(known), -1), known, given, Filling(seed=self.seed))
        rows = self._kept(row, self.codec.decode(cells), known)
        return rows.frame, self._strange(rows)

    def _kept(self, row: Table, drawn: Table, known: Tensor) -> Table:
        """The drawn rows with every cell that was not freed as it was."""
        frame, said = drawn.frame.copy(), row.frame
        bound = self.codec.layout.relations.touched
        for place, name in enumerate(self.codec.names):
            if name not in bound:  # a cell that holds a gap is not the column itself
                was = pd.Series([said[name].iloc[0]] * len(frame), index=frame.index, dtype=said[name].dtype)
                frame[name] = frame[name].where(~known[:, place].numpy(), was)
        for name in said.columns.difference(self.codec.names):
            frame[name] = [said[name].iloc[0]] * len(frame)
        return Table(frame.reindex(columns=said.columns), row.schema)

    def _strange(self, rows: Table) -> Array:
        encoded, c = self.codec.encode(rows), self.fitted.cells(rows)[2]
        told = strangeness(self.fitted.model, self.fitted.lift, encoded, c, seed=self.fitted.card.seed)
        return torch.nan_to_num(told, torch.inf).numpy()

    def _nearest(self, x: Tensor, frame: pd.DataFrame, passing: Array) -> int:
        """(3)"""
        cells = self.codec.encode(Table(frame.iloc[passing], self.codec.schema)).x
        apart = (cells - x).abs() / self.spread
        moved = torch.where(cells.isnan() | x.isnan(), (cells.isnan() != x.isnan()).float(), apart)
        return int(passing[int((moved.nan_to_num(0.0).clamp(max=1e6) + (moved != 0)).sum(1).argmin())])
