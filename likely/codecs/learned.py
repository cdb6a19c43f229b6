"""What a table codec learns from rows: units of dates, maps of reals, the rarest levels, anchors, the next id."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from likely.codecs import shape
from likely.codecs.cell import CategoryCell, Cell, CountCell, RealCell
from likely.codecs.date import DateReader, finest
from likely.codecs.described import plain_dtype, sound_pattern
from likely.codecs.layout import Layout
from likely.codecs.monotone import Numbers
from likely.codecs.reader import LevelReader, NumberReader, Reader
from likely.codecs.refusal import cells_of
from likely.codecs.regenerated import Left, Regenerated, regenerated
from likely.codecs.relation import relations_of
from likely.data.rows import Table
from likely.data.schema import ColumnSchema, Schema
from likely.errors import EmptyData, FieldError, WrongRows

LIFTABLE = 2**19  # the largest count whose lift float32 holds exactly; beyond, a count is a rounded real


def layout_of(table: Table, columns: Sequence[str] | None, *, condition: bool, reserve: bool) -> Layout:
    """The layout that these rows ask for."""
    schema = _schema(table, columns)
    frame = table.frame
    reserve &= not condition
    made = {c.name: how for c in schema.columns if (how := regenerated(c, cells_of(frame, c.name), reserve=reserve))}
    kept = tuple(name for name in schema.names if name not in made)
    if not kept:
        raise EmptyData(
            f"there is no column to learn from: {_reasons(schema) or 'none was named'}",
            remedy=f"a schema that says otherwise, {_example(schema)}, or columns that vary",
        )
    relations = relations_of(schema, kept)
    readers = {name: _reader(schema[name], cells_of(frame, name), closed=not reserve) for name in kept}
    readers |= _one_unit([readers[name] for name in relations.touched])
    numbers = {name: reader.read(cells_of(frame, name)) for name, reader in readers.items()}
    counts = {name for name, reader in readers.items() if isinstance(reader, NumberReader) and reader.whole}
    relations = relations.anchored(numbers, counts)
    sized = Layout(schema, readers, {}, made, relations)
    freed = relations.free(numbers, sized.resolution)
    chances = {} if condition else _chances(schema, freed)
    cells = {
        name: _cell(readers[name], freed[name], relations.below.get(name, ()), counts, told=name not in chances)
        for name in freed
    }
    readers |= {name: _kept_positive(readers[name], values) for name, values in numbers.items()}
    notes = _notes(schema, readers, cells, made, freed)
    return Layout(schema, readers, cells, made, relations, condition, notes, chances)


def _chances(schema: Schema, freed: dict[str, Numbers]) -> dict[str, float]:
    """How often a cell is missing, half a cell of each kind added, in columns where that says nothing of a row."""
    counted = {name: int(np.isnan(freed[name]).sum()) for name in freed if schema[name].missing_at_random}
    return {name: (gone + 0.5) / (len(freed[name]) + 1) for name, gone in counted.items() if gone}


def _schema(table: Table, columns: Sequence[str] | None) -> Schema:
    """The schema of the columns asked for, in the file's order, with levels and dtypes that samples can be given in."""
    if not len(table):
        raise EmptyData("there are no rows to learn from", remedy="a table with at least one row")
    names = table.schema.names
    if lacking := [name for name in columns or () if name not in names]:
        raise WrongRows(f"there is no column {_quoted(lacking)}", expected=f"some of {_quoted(names)}")
    schema = table.schema.only([name for name in names if columns is None or name in columns])
    check_frame(table.frame, schema.names)
    return replace(
        schema, columns=tuple(_fitting(column, cells_of(table.frame, column.name)) for column in schema.columns)
    )


def check_frame(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Every column is there once; others are ignored."""
    if repeated := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]} & set(names)):
        raise WrongRows(
            f"more than one column is named {_quoted(repeated)}",
            expected="different names",
            remedy="rename or drop the repeated columns",
        )
    if lacking := [name for name in names if name not in frame.columns]:
        raise WrongRows(
            f"the rows lack the column{'s' * (len(lacking) > 1)} {_quoted(lacking)}",
            expected=f"the columns {_quoted(names)}",
            remedy="add them; if their values are unknown, complete the rows instead of scoring them",
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _fitting(column: ColumnSchema, cells: pd.Series) -> ColumnSchema:
    if column.pattern and not sound_pattern(column.pattern):
        raise FieldError(
            f"column '{column.name}' has an unusable pattern '{column.pattern}'",
            expected="text with one number in it, as in 'N{}A1' or 'C{:05d}'",
        )
    if column.kind == "category" and column.dtype.startswith("datetime64"):
        column = replace(column, kind="date", levels=())  # a date is no plain value that a level could be
    if column.kind in ("category", "boolean") and not column.levels:
        column = replace(column, levels=_levels(column, cells))
    if not plain_dtype(column.dtype):
        column = replace(column, dtype="float64" if column.kind in ("real", "count") else _dtype_of(column.levels))
    return replace(column, value=_plain(column.value), levels=tuple(_plain(level) for level in column.levels))


def _dtype_of(levels: tuple[Any, ...]) -> str:
    whole = bool(levels) and all(isinstance(level, int) and not isinstance(level, bool) for level in levels)
    return "Int64" if whole else "object"


def _plain(value: Any) -> Any:
    """A value that JSON can hold: a constant date is kept as its text, which pandas reads back."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _levels(column: ColumnSchema, cells: pd.Series) -> tuple[Any, ...]:
    if column.kind == "boolean" and pd.api.types.is_bool_dtype(cells.dtype):
        return (False, True)
    present = cells.dropna().unique().tolist()
    if not present:
        raise EmptyData(
            f"column '{column.name}' is a category, but all of its cells are missing",
            remedy='declare it in a schema as {"kind": "constant"}, or leave it out',
        )
    return tuple(sorted(present, key=lambda level: (str(type(level)), level)))


def _reader(column: ColumnSchema, cells: pd.Series, *, closed: bool) -> Reader:
    match column.kind:
        case "category" | "boolean":
            return LevelReader(column, closed or column.kind == "boolean" or len(column.levels) <= 2)
        case "date":
            return DateReader(column, DateReader(column).unit_of(cells))
        case "count":
            values = NumberReader(replace(column, high=None), whole=False).read(cells)
            return NumberReader(column, whole=not (values > LIFTABLE).any())
    return NumberReader(column)


def _one_unit(related: list[Reader]) -> dict[str, Reader]:
    """Dates that stand in a relation are counted in one unit."""
    dates = [reader for reader in related if isinstance(reader, DateReader)]
    unit = finest([reader.unit for reader in dates]) if dates else ""
    return {reader.column.name: DateReader(reader.column, unit) for reader in dates}


def _cell(reader: Reader, values: Numbers, below: tuple[str, ...], counts: set[str], *, told: bool) -> Cell:
    """The cell of a column; that one is missing is told by it, or else left out."""
    present = values[~np.isnan(values)]
    missing = told and (reader.column.missing or len(present) < len(values))
    match reader:
        case LevelReader(column=column, closed=closed):
            rows = np.bincount(present[present >= 0].astype(int), minlength=len(column.levels))
            rarest = int(rows.argmin())
            reserve = 0.0 if closed else 1 / (max(int(rows[rarest]), 1) + 1)
            return CategoryCell(len(column.levels), missing, rarest, reserve)
        case NumberReader(whole=True) if counts.issuperset(below):
            return CountCell(missing)
    return _gap_cell(reader, present, missing) if below else _real_cell(reader, present, missing)


def _real_cell(reader: Reader, present: Numbers, missing: bool) -> RealCell:
    column = reader.column
    atoms = tuple(dict.fromkeys(float(atom) for atom in column.atoms))
    free = present[~np.isin(present, atoms)] if atoms else present
    return RealCell(shape.chosen(free if len(free) else present, column.transform, column.name), atoms, missing)


def _gap_cell(reader: Reader, present: Numbers, missing: bool) -> RealCell:
    """Gaps are positive: on a logarithm unless the person says otherwise; equal values, where seen, are an atom."""
    atoms = (0.0,) if (present == 0).any() else ()
    free = present[present != 0]
    auto = "log" if (free > 0).any() else "standard"
    transform = auto if reader.column.transform == "auto" else reader.column.transform
    return RealCell(shape.chosen(free, transform, reader.column.name), atoms, missing)


def _kept_positive(reader: Reader, values: Numbers) -> Reader:
    """A quantity that is never negative in many rows stays so in samples, where models leave some mass below 0."""
    present = values[~np.isnan(values)]
    if isinstance(reader, NumberReader) and len(present) >= shape.ENOUGH and present.min() >= 0:
        return replace(reader, positive=True)
    return reader


def _notes(
    schema: Schema,
    readers: dict[str, Reader],
    cells: dict[str, Cell],
    made: dict[str, Regenerated],
    freed: dict[str, Numbers],
) -> tuple[str, ...]:
    """What a person should know: what is left out, and what float32 cannot hold."""
    notes = [
        f"{name}: free text, left out and given back missing" for name, how in made.items() if isinstance(how, Left)
    ]
    for name, cell in cells.items():
        if isinstance(cell, RealCell) and schema[name].kind == "count":
            notes.append(f"{name}: counts beyond 2^19 are modelled as reals and rounded")
        if lost := _lost(readers[name], cell, freed[name]):
            notes.append(f"{name}: {lost:.1%} of the values are recorded finer than a float32 cell holds")
    return tuple(notes)


def _lost(reader: Reader, cell: Cell, values: Numbers) -> float:
    """The share of recorded values that do not come back from their cells."""
    if not isinstance(cell, RealCell) or (not reader.step):
        return 0.0
    sample = values[:: max(1, len(values) // shape.LOOKED_AT)]
    back = reader.settle(cell.down(cell.up(sample)[0].astype(np.float64)))
    return float(((back != reader.settle(sample)) & ~np.isnan(sample)).mean())


def _reasons(schema: Schema) -> str:
    return ", ".join(
        f"'{column.name}' is {'an' if column.kind == 'id' else 'a'} {column.kind}" for column in schema.columns[:6]
    )


def _example(schema: Schema) -> str:
    """A schema in which one of the columns is a number."""
    name = next(iter(schema.names), "COLUMN")
    return json.dumps({"columns": {name: {"kind": "real"}}}, ensure_ascii=False)
