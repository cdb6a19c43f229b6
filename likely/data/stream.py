"""Tables larger than memory, in pieces, under one schema.

`infer_schema` of a file keeps a sample spread over all of it, and the exact facts that a sample cannot give: every
category, the range, whether cells are missing. `chunks` then gives every piece the same types.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely.data.column import COUNTED, LEVELS, stray_text
from likely.data.conform import nullable, restored
from likely.data.declaration import Declaration, declaration
from likely.data.file import TABLE_SUFFIXES, existing, magic, suffix, zipped_table
from likely.data.infer import infer, plain_level
from likely.data.layout import LATIN_1, Layout, layout_for
from likely.data.missing import is_text
from likely.data.parquet import parquet_chunks, parquet_names
from likely.data.read import read, reads_as_texts
from likely.data.rows import Table
from likely.data.schema import ColumnSchema, Schema
from likely.data.text_table import text_chunks
from likely.data.tidy import markers_of, tidied, tidy_frame
from likely.errors import Unreadable, WrongRows
from likely.suggestion import shown

SAMPLE = 100_000  # rows that the kinds are inferred from
CELLS = 5_000_000  # of a sample: a wide table has fewer rows in it
Parts = Iterator["pd.DataFrame"]


def chunks(path: Path | str, schema: Schema, *, size: int = 100_000) -> Iterator[Table]:
    """The rows of a CSV or Parquet file, at most `size` at a time; a category the schema lacks is an error."""
    said = declaration(schema)
    start = 0
    try:
        for part in _parts(existing(Path(path)), said, size, same=True):
            yield Table(_as_schema(part, schema, start), schema)
            start += len(part)
    except UnicodeDecodeError as error:
        remedy = '{"file": {"encoding": "latin-1"}} in a schema'
        raise Unreadable(f"{path}: some letters below row {start} are not {error.encoding}", remedy=remedy) from error


def infer_schema(
    source: "pd.DataFrame | Path | str",
    *,
    schema: "Path | str | Schema | Mapping[str, Any] | None" = None,
    whole: bool = True,  # False: from the first rows only; a new category further down is then an error
) -> Schema:
    """What the columns of a frame or a file are; the file is passed through once."""
    said = declaration(schema)
    if isinstance(source, pd.DataFrame):
        return infer(source, said)[1]
    path = existing(Path(source))
    if not streams(path, said):
        rows = read(path, schema=schema)
        if not isinstance(rows, Table):
            raise WrongRows(f"{path} holds {rows.word}, which have no columns", expected="a table")
        return rows.schema
    try:
        return _of_file(path, said, whole)
    except UnicodeDecodeError:
        schema = _of_file(path, replace(said, file=said.file | {"encoding": "latin-1"}), whole)
        return replace(schema, notes=(*schema.notes, LATIN_1))


def _of_file(path: Path, said: Declaration, whole: bool) -> Schema:
    return _from_all(path, said, frozenset()) if whole else _from_head(path, said)


def streams(path: Path, said: Declaration | None = None) -> bool:
    """Whether the file is read in pieces: text tables, packed or not, and Parquet; texts are not."""
    if not path.is_file() or magic(path) == "parquet":
        return path.is_file()
    return (suffix(path) in TABLE_SUFFIXES or zipped_table(path)) and not reads_as_texts(path, said or Declaration())


def _parts(path: Path, said: Declaration, size: int, *, same: bool = False) -> Parts:
    """The file's rows as read, in pieces; `same`: it is the file that the schema was inferred from."""
    if magic(path) == "parquet":
        yield from parquet_chunks(path, size)
    elif streams(path, said):
        found = layout_for(path, said, same=same)
        for part in text_chunks(path, found, markers=_markers(found, said), text=_texts(found, said), size=size):
            yield tidy_frame(part, said.columns, {})
    else:
        rows = read(path)
        if not isinstance(rows, Table):
            raise WrongRows(f"{path} holds {rows.word}, not a table", expected="CSV or Parquet")
        yield from (rows.frame.iloc[start : start + size] for start in range(0, len(rows), size))


def _sample_rows(path: Path, said: Declaration) -> int:
    """How many rows to infer from at once, by the table's width."""
    wide = len(parquet_names(path)) if magic(path) == "parquet" else len(layout_for(path, said).names)
    return min(SAMPLE, max(1000, CELLS // wide))


def _markers(found: Layout, said: Declaration) -> dict[str, tuple[str, ...]]:
    return {name: markers_of(said.columns.get(name, {})) for name in found.names}


def _texts(found: Layout, said: Declaration) -> frozenset[str]:
    return frozenset(name for name in found.names if said.columns.get(name, {}).get("dtype") == "str")


def _as_schema(part: "pd.DataFrame", schema: Schema, start: int) -> "pd.DataFrame":
    """The piece's columns in the schema's types."""
    absent = [name for name in schema.names if name not in part.columns]
    if absent:
        raise WrongRows(f"the table lacks {shown(absent)}", expected=f"the columns {shown(schema.names, most=20)}")
    columns = {column.name: _cells(part[column.name], column, start) for column in schema.columns}
    return pd.DataFrame(columns).reset_index(drop=True)


def _cells(cells: "pd.Series", column: ColumnSchema, start: int) -> "pd.Series":
    cells = restored(cells, column.dtype, column.name, start) if column.dtype != "category" else cells
    if column.kind not in ("category", "boolean"):
        return cells
    levels = pd.Index(list(column.levels))
    unknown = cells.notna() & ~cells.isin(levels)
    if unknown.any():
        at = int(np.flatnonzero(unknown.to_numpy())[0])
        what = f"column '{column.name}', row {start + at + 1}: '{cells.iloc[at]}' is a category the schema lacks"
        raise WrongRows(
            what, expected=f"one of {shown(map(str, column.levels))}", remedy="infer the schema from all rows"
        )
    return cells.astype(pd.CategoricalDtype(levels, column.ordered)) if column.dtype == "category" else cells


# One pass over the file ----------------------------------------------------------------------------------------------


@dataclass
class Facts:
    """What a sample of one column cannot tell."""

    missing: bool = False
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    levels: set[Any] = field(default_factory=set)
    text: bool = False  # words were seen
    integer: bool = False  # numbers without a point were seen
    word: tuple[int, str] = (0, "")  # the first word that is no number, and its row
    rows: int = 0
    number: bool = False  # numbers were seen

    def see(self, cells: "pd.Series") -> None:
        """Take one more piece into account."""
        present = cells.dropna()
        if is_text(cells) and not self.word[1]:
            self.word = self._first_word(present)
        self.rows += len(cells)
        self.missing |= len(present) < len(cells)
        if not len(present):
            return
        self.integer |= pd.api.types.is_integer_dtype(cells.dtype)
        if pd.api.types.is_numeric_dtype(cells.dtype):
            self._see_numbers(present.to_numpy(dtype=np.float64))
        else:
            self.text |= is_text(cells)
        if len(self.levels) <= LEVELS:
            self.levels.update(present.unique().tolist())

    def _first_word(self, present: "pd.Series") -> tuple[int, str]:
        strays = np.flatnonzero(pd.to_numeric(present, errors="coerce").isna().to_numpy())
        return (self.rows + int(strays[0]) + 1, str(present.iloc[strays[0]])) if len(strays) else (0, "")

    def _see_numbers(self, values: "np.ndarray[Any, Any]") -> None:
        self.number = True
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        self.whole = self.whole and bool((values == np.floor(values)).all())


def _from_head(path: Path, said: Declaration) -> Schema:
    """The schema of the first rows."""
    head = next(_parts(path, said, _sample_rows(path, said)))
    missing_as, found = _written(path, said)
    return infer(
        head, said, missing_as=missing_as, file=found.file if found else None, notes=found.notes if found else ()
    )[1]


def _from_all(path: Path, said: Declaration, text: frozenset[str]) -> Schema:
    """The schema of a sample spread over the file, widened by what every row showed."""
    sample: list[pd.DataFrame] = []
    facts: dict[str, Facts] = {}
    every = 1
    said = _as_text(said, text)
    size = _sample_rows(path, said)
    for part in _parts(path, said, size):
        for name in part.columns:
            facts.setdefault(str(name), Facts()).see(part[name])
        sample.append(part.iloc[::every].copy())  # a view would keep the whole piece in memory
        if sum(map(len, sample)) > 2 * size:  # thin out: every row of the file keeps the same chance
            sample, every = [pd.concat(sample).iloc[::2].copy()], 2 * every
    mixed = frozenset(name for name, seen in facts.items() if seen.text and seen.number) - text
    for name in mixed:
        _few_levels(name, facts[name])
    if mixed:
        return _from_all(path, said, text | mixed)  # numbers first, words further down: read them as text throughout
    missing_as, found = _written(path, said)
    pooled = pd.concat(sample, ignore_index=True)
    file, notes = (found.file, found.notes) if found else (None, ())
    schema = infer(pooled, said, missing_as=missing_as, file=file, notes=notes)[1]
    columns = tuple(_widened(column, facts[column.name], said) for column in schema.columns)
    return replace(schema, columns=columns)


def _few_levels(name: str, seen: Facts) -> None:
    """Numbers and words are categories together only where both are few (0, 1, 2, 3+)."""
    if len(seen.levels) > 20:
        stray_text(name, seen.word[1], seen.word[0], "")


def _as_text(said: Declaration, text: frozenset[str]) -> Declaration:
    """The same declaration, with some columns read as text."""
    columns = said.columns | {name: {"dtype": "str"} | said.columns.get(name, {}) for name in text}
    return replace(said, columns=columns)


def _written(path: Path, said: Declaration) -> tuple[dict[str, str], Layout | None]:
    """How the first rows write missing cells, and the file's layout."""
    if magic(path) == "parquet":
        return {}, None
    found, size = layout_for(path, said), _sample_rows(path, said)
    head = next(text_chunks(path, found, markers=_markers(found, said), text=_texts(found, said), size=size))
    return tidied(head, found, said.columns)[1], found


def _widened(column: ColumnSchema, seen: Facts, said: Declaration) -> ColumnSchema:
    """The column with every level, gap and number that the file holds."""
    stated = said.columns.get(column.name, {})
    wide = replace(column, missing=column.missing or seen.missing, dtype=_wide_dtype(column, seen))
    if "kind" in stated and column.kind not in ("category", "boolean"):
        return wide
    if column.kind == "constant" and len(seen.levels) > 1:
        wide = replace(wide, kind="category", value=None, why="one value in a sample, a few in all rows")
    if wide.kind == "category" and "levels" not in stated:
        return _all_levels(wide, seen)
    if wide.kind == "count" and (seen.low < 0 or seen.high >= COUNTED or not seen.whole):
        return replace(
            wide, kind="real", why=f"numbers from {seen.low:g} to {seen.high:g}", decimals=0 if seen.whole else None
        )
    return wide


def _all_levels(column: ColumnSchema, seen: Facts) -> ColumnSchema:
    if len(seen.levels) > LEVELS:
        return replace(
            column, kind="real" if seen.number else "text", levels=(), ordered=False, why="too many different values"
        )
    if column.dtype == "category":
        return column
    levels = tuple(plain_level(level) for level in sorted(seen.levels | set(column.levels)))
    return replace(column, levels=levels, ordered=seen.number and len(levels) > 2)


def _wide_dtype(column: ColumnSchema, seen: Facts) -> str:
    """Whole numbers and truth values with gaps are Int64 and boolean, numbers that are not whole float64."""
    dtype = column.dtype
    if dtype == "float64" and seen.integer and seen.whole:
        dtype = "int64"  # pandas read pieces with gaps as floats
    if not dtype.lower().startswith(("int", "uint", "bool")):
        return dtype
    if not seen.whole:
        return "float64"
    return nullable(dtype) if seen.missing else dtype
