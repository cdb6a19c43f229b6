"""Tables <-> cells: one cell per modelled column of a `Vector`.

    kind              cell                                                       base measure
    real              increasing map, standardised; atoms exact                  density per unit, mass at atoms
    count             as it is (beyond 2^19 a real, rounded)                     mass
    category/boolean  code of its level; the unseen share the rarest level's     mass
    date              as a real, in the coarsest unit that loses nothing          density per unit
    constant          no cell: made again; other values share a reserved mass    mass
    id                no cell: made again                                        -
    text              no cell: left out, given back missing                      -

A row's log p is that of its cells plus the sum of log|d cell / d value| over the cells that are present and no atoms.
Missing is an atom of its own, written NaN. Where it comes by chance (`missing_at_random`) models leave the cell out,
and log p gains the log-probability that just these cells are missing: the measure is the same. Relations between
columns are kept by reparametrisation (relation.py).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from likely.codecs.cell import FARTHEST, CategoryCell, Cell, RealCell
from likely.codecs.codec import Cells, Codec
from likely.codecs.layout import Layout, layout_from, layout_parts
from likely.codecs.learned import check_frame, layout_of
from likely.codecs.monotone import Numbers
from likely.codecs.parts import Part
from likely.codecs.reader import UNSEEN, LevelReader, Reader
from likely.codecs.refusal import cells_of, refuse
from likely.codecs.regenerated import Constant, Identifier
from likely.codecs.stretch import Stretch, celled, held, nearest, recorded
from likely.data.rows import Table
from likely.data.schema import Schema
from likely.errors import WrongRows
from likely.ranges import Range
from likely.spaces import Vector


@final
class TableCodec(Codec[Table]):
    """A fitted table: `encode` reads any rows that have its columns, in any order; other columns are ignored."""

    reads = Table

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.space = Vector(tuple(cell.column for cell in layout.cells.values()))
        self.measure = layout.measure

    @classmethod
    def fit(
        cls, table: Table, *, columns: Sequence[str] | None = None, condition: bool = False, reserve: bool = True
    ) -> "TableCodec":
        """The codec of these rows, or of some of their columns.

        A condition welcomes missing cells anywhere ("not said") and refuses unknown categories. Otherwise unknown
        categories keep a reserved mass, or are refused where `reserve` is False, and a cell may be missing only in
        columns where some were when fitted.
        """
        return cls(layout_of(table, columns, condition=condition, reserve=reserve))

    @property
    def schema(self) -> Schema:
        """The schema of this codec's columns, in the data's order."""
        return self.layout.schema

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, and what a float32 cell cannot hold."""
        return self.layout.notes

    @property
    def names(self) -> tuple[str, ...]:
        """The column of each cell."""
        return tuple(self.layout.cells)

    def encode(self, rows: Table) -> Cells:
        freed = self._freed(rows.frame)
        told = self._celled(freed)
        return Cells(told.x, told.ladj + self._log_made(rows.frame) + self._log_chance(freed))

    def encode_partial(self, partial: pd.DataFrame) -> tuple[Tensor, Tensor]:
        """Rows of which only some columns and cells are known: (cells, known), what is unknown NaN and False."""
        x = self.encode_known(partial).x
        return x, ~torch.isnan(x)

    def encode_known(self, partial: pd.DataFrame) -> Cells:
        """The same with log|det| of the known cells; what is unknown is NaN."""
        layout, relations = self.layout, self.layout.relations
        numbers = {name: _given(reader, partial) for name, reader in layout.readers.items()}
        for name, lower in (*relations.below.items(), *((f.target, tuple(f.factors)) for f in relations.formulas)):
            unknown = np.isnan(np.stack([numbers[each] for each in lower])).any(0)
            if (bad := unknown & ~np.isnan(numbers[name])).any():
                refuse(
                    name,
                    bad,
                    f"known without {' and '.join(lower)}, on which it builds",
                    expected="the columns that a declared constraint builds on",
                    remedy="give those too, or not this one",
                )
        return self._celled(relations.free(numbers, layout.resolution))

    def check_known(self, partial: pd.DataFrame) -> None:
        """Every known cell is a value of its column, as those fitted were."""
        for reader in self.layout.readers.values():
            _given(reader, partial)

    def stretches(self, name: str, said: Range) -> tuple[Stretch, ...] | None:
        """What a range leaves of a column's cell; None where the column follows from several cells, or from none."""
        layout = self.layout
        if name not in layout.cells or name in layout.relations.below:
            return None
        reader = layout.readers[name]
        return celled(reader, layout.cells[name], recorded(reader, said))

    def holds(self, name: str, said: Range, cells: pd.Series) -> NDArray[np.bool_]:
        """Which cells of a column are in a range; missing ones are not."""
        reader = self._ranged(name)
        return held(reader.read(cells), recorded(reader, said))

    def brought(self, name: str, said: Range, cells: pd.Series) -> pd.Series:
        """Cells that float32 left a hair beside a range, in it."""
        reader = self._ranged(name)
        return reader.write(nearest(reader.read(cells), recorded(reader, said)))

    def _ranged(self, name: str) -> Reader:
        made = self.layout.made.get(name)
        if isinstance(made, Constant) and made.column.value is not None:
            return LevelReader(replace(made.column, levels=(made.column.value,)), closed=False)
        if made is not None:
            raise WrongRows(f"column '{name}' says nothing of a row: no range of it can be given",
                            expected="a column that a model sees", remedy=f"leave '{name}' out")  # fmt: skip
        return self.layout.readers[name]

    def decode(self, x: Tensor, *, first: int = 0) -> Table:
        """Cells as rows; ids go on from the last one fitted, `first` numbers later."""
        cells = x.detach().cpu().double().numpy()
        layout = self.layout
        freed = {name: cell.down(cells[:, place]) for place, (name, cell) in enumerate(layout.cells.items())}
        self._check_drawn(freed)
        numbers = layout.relations.bind(freed, layout.resolution, layout.settle)
        frame = pd.DataFrame({name: self._column(name, numbers, len(x), first) for name in layout.schema.names})
        return Table(frame, layout.schema)

    def unseen(self, rows: Table) -> dict[str, tuple[Any, ...]]:
        """The categories, and values of constants, that were not there when fitted, by column: of reserved mass."""
        check_frame(rows.frame, list(self.layout.readers))
        found = {}
        for name, cell in self.layout.cells.items():
            strange = (
                self.layout.readers[name].read(cells_of(rows.frame, name)) == UNSEEN
                if _reserves(cell)
                else np.zeros(0, bool)
            )
            if strange.any():
                found[name] = tuple(pd.unique(cells_of(rows.frame, name)[strange]).tolist())
        for name, made in self.layout.made.items():
            if (
                isinstance(made, Constant)
                and name in rows.frame
                and (other := made.other(cells_of(rows.frame, name))).any()
            ):
                found[name] = tuple(pd.unique(cells_of(rows.frame, name)[other]).tolist())
        return found

    def log_widths(self, rows: Table) -> Tensor:
        """The log volume of each row's recording cell, (B,) float64.

        A value recorded to two decimals stands for an interval of width 0.01. log p + ladj + log_widths is the log of
        the row's mass, as far as the density is flat over the interval. Columns of full precision add nothing.
        """
        freed = self._freed(rows.frame)
        total = np.zeros(len(rows))
        for name, cell in self.layout.cells.items():
            if isinstance(cell, RealCell):
                dense = ~np.isnan(freed[name]) & ~np.isin(freed[name], cell.atoms)
                total += dense * np.log(self.layout.readers[name].step or 1.0)
        return torch.from_numpy(total)

    def ladj_of_cells(self, rows: Table) -> Tensor:
        """log|d cell / d value| of each cell, (B, cells): what `encode` adds up, beside what no cell says."""
        freed = self._freed(rows.frame)
        return torch.from_numpy(np.stack([cell.up(freed[name])[1] for name, cell in self.layout.cells.items()], 1))

    def parts(self) -> dict[str, Any]:
        return {"is": "TableCodec", **layout_parts(self.layout)}

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "TableCodec":
        return cls(layout_from(Part(parts)))

    def _freed(self, frame: pd.DataFrame) -> dict[str, Numbers]:
        """The columns as numbers without relations, every cell checked."""
        layout = self.layout
        check_frame(frame, list(layout.readers))
        for name, made in layout.made.items():
            if name in frame.columns:
                made.check(cells_of(frame, name))
        numbers = {name: reader.read(cells_of(frame, name)) for name, reader in layout.readers.items()}
        for name, values in numbers.items():
            if not layout.may_miss(name) and np.isnan(values).any():
                refuse(
                    name,
                    np.isnan(values),
                    "a missing cell in a column that had none when fitted",
                    expected="a value",
                    remedy="fill it in or leave the row out, or fit again with rows that lack it",
                )
        return layout.relations.free(numbers, layout.resolution)

    def _log_made(self, frame: pd.DataFrame) -> Tensor:
        """The log mass of what no model sees, (B,): constants that may have been otherwise."""
        here = [(made, name) for name, made in self.layout.made.items() if name in frame.columns]
        return torch.from_numpy(
            sum((made.log_mass(cells_of(frame, name)) for made, name in here), np.zeros(len(frame)))
        )

    def _log_chance(self, freed: dict[str, Numbers]) -> Tensor:
        """The log-probability of which cells are missing by chance, (B,)."""
        told = np.zeros(len(next(iter(freed.values()))))
        for name, chance in self.layout.chances.items():
            told += np.where(np.isnan(freed[name]), np.log(chance), np.log1p(-chance))
        return torch.from_numpy(told)

    def _celled(self, freed: dict[str, Numbers]) -> Cells:
        rows = len(next(iter(freed.values())))
        x, ladj = np.empty((rows, len(self.layout.cells)), dtype=np.float32), np.zeros(rows)
        for place, (name, cell) in enumerate(self.layout.cells.items()):
            x[:, place], gained = cell.up(freed[name])
            ladj += gained
            if (far := np.abs(x[:, place]) > FARTHEST).any():
                refuse(
                    name,
                    far,
                    "a value so far from all others that float32 cannot hold it",
                    expected="values of a size comparable to those fitted",
                    remedy="mend these cells, or fit again with rows that have them",
                )
        return Cells(torch.from_numpy(x), torch.from_numpy(ladj))

    def _check_drawn(self, freed: dict[str, Numbers]) -> None:
        """A cell that a model drew is finite, and missing only where it may be."""
        for name, values in freed.items():
            gaps = self.layout.may_miss(name) and name not in self.layout.chances
            bad = np.isinf(values) if gaps else ~np.isfinite(values)
            if bad.any():
                raise WrongRows(
                    f"the cells of column '{name}' are not finite in row {int(np.flatnonzero(bad)[0]) + 1}",
                    expected="finite cells",
                    remedy="fit the model again: it has diverged",
                )

    def _column(self, name: str, numbers: dict[str, Numbers], rows: int, first: int) -> pd.Series:
        layout = self.layout
        if name in numbers:
            return layout.readers[name].write(numbers[name])
        made = layout.made[name]
        return made.later(first).made(rows) if isinstance(made, Identifier) else made.made(rows)


def _given(reader: Reader, partial: pd.DataFrame) -> Numbers:
    """What is known of a column; nothing can be completed from a category that was never seen."""
    name = reader.column.name
    if name not in partial.columns:
        return np.full(len(partial), np.nan)
    values = reader.read(cells_of(partial, name))
    if isinstance(reader, LevelReader):
        reader.refuse_unseen(values, cells_of(partial, name))
    return values


def _reserves(cell: Cell) -> bool:
    return isinstance(cell, CategoryCell) and cell.reserve > 0
