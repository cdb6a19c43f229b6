"""What a person hands over and gets back, as frames: partial rows, rows read like the fitted ones, rows returned."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportCallIssue=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd

from likely.codecs import Codec, SeriesCodec, SoundCodec, TextsCodec
from likely.data import ColumnSchema, Rows, Schema, Table, Windows, read, series_of, sounds_of, windowed
from likely.errors import CannotAnswer, WrongRows
from likely.ranges import Range, read_range


def partial(given: Any, n: int | None) -> pd.DataFrame:
    """`given` as a frame: single values of a mapping are repeated n times, a frame has its own number of rows."""
    if given is None:
        return pd.DataFrame(index=range(n or 0))
    if isinstance(given, Mapping):
        spread = {name: _repeated(value, n or 1) for name, value in given.items()}
        if len({len(value) for value in spread.values()}) > 1:
            raise WrongRows("given has columns of different lengths", expected="one value, or one list, per column")
        return pd.DataFrame(spread)
    if isinstance(given, pd.DataFrame):
        return given.reset_index(drop=True)
    rows = read(given)
    if not isinstance(rows, Table):
        raise CannotAnswer(f"{rows.word} cannot be completed by this model yet", expected="a table of partial rows")
    return rows.frame.reset_index(drop=True)


def said(about: Table | None, rows: int, names: Sequence[str], given: Any = None) -> Any:
    """What is given of pieces, or said about them in these columns; what nobody says is missing."""
    if given is not None:
        return given
    frame = pd.DataFrame(index=range(rows)) if about is None else about.frame
    return frame.reset_index(drop=True).reindex(columns=list(names))


def _repeated(value: Any, n: int) -> Sequence[Any]:
    return value if isinstance(value, list | tuple | np.ndarray | pd.Series) else [value] * n


@final
@dataclass(frozen=True)
class Known:
    """What is known of some rows: values, and of cells without one ranges."""

    values: pd.DataFrame
    ranges: Mapping[str, "np.ndarray[Any, Any]"] = field(default_factory=dict)  # of each row a Range or None

    @classmethod
    def of(cls, partial: pd.DataFrame) -> "Known":
        """Ranges taken out of a frame, whose cells are then not known; a column of ranges alone is no longer there."""
        ranges, values = {}, partial
        for name in partial.columns:
            if partial[name].dtype != object:
                continue
            cells = partial[name].to_numpy(object)
            said = np.array([isinstance(cell, Range) for cell in cells], dtype=bool)
            if said.any():
                ranges[name] = np.where(said, cells, None)
                values = values.drop(columns=name) if said.all() else values.assign(**{name: partial[name].mask(said)})
        return cls(values, ranges)

    def take(self, rows: "np.ndarray[Any, Any]") -> "Known":
        """These rows, one or more times each."""
        ranges = {name: said[rows] for name, said in self.ranges.items()}
        return Known(self.values.iloc[rows].reset_index(drop=True), ranges)

    def of_columns(self, names: Sequence[str], *, others: bool = False) -> "Known":
        """What is known of these columns, or of all but these."""
        kept = [name for name in self.values.columns if (name in names) != others]
        return Known(self.values[kept], {name: said for name, said in self.ranges.items() if (name in names) != others})

    def over(self, more: "Known") -> "Known":
        """What is known here, and of cells that are not what is known there (one row of it, or as many)."""
        if len(more) != len(self):
            raise WrongRows(f"{len(more)} rows are given beside {len(self)}", expected="one value, or one for each row")
        values, ranges = self.values, dict(self.ranges)
        for name in more.values:
            told = (
                more.values[name] if name not in values else values[name].where(values[name].notna(), more.values[name])
            )
            values = values.assign(**{name: told.to_numpy()})
        for name, said in more.ranges.items():
            ranges[name] = np.array([one or other for one, other in zip(ranges.get(name, said), said)], dtype=object)
        return Known(values, ranges)

    def __len__(self) -> int:
        return len(self.values)


def typed(partial: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Values as a command line gives them, in the columns' own types: "3" is the category 3, "40" a number.

    What is no value of its column, and reads as a range, is one.
    """
    known = {column.name: column for column in schema.columns}
    told = {name: _typed(partial[name], known[name]) for name in partial.columns if name in known}
    return partial.assign(**told)


def _typed(cells: pd.Series, column: ColumnSchema) -> pd.Series:
    plain = cells.to_numpy(object).tolist() if cells.dtype.kind == "O" else []
    meant = {word: _meant(word, column) for word in {cell for cell in plain if isinstance(cell, str)}}
    if not meant:
        return cells
    told = [meant[cell] if isinstance(cell, str) else cell for cell in plain]
    numbers = column.kind in ("real", "count") and all(isinstance(cell, float | int | None) for cell in told)
    return pd.Series(told, index=cells.index, dtype=np.float64 if numbers else object)


def _meant(word: str, column: ColumnSchema) -> Any:
    """A number, a level, a range, or the word as it stands."""
    if column.kind in ("real", "count"):
        number = float(pd.to_numeric(word, errors="coerce"))
        return (read_range(word) or word) if np.isnan(number) else number
    spelled = {str(level): level for level in column.levels}
    if word in spelled:
        return spelled[word]
    return word if column.kind in ("text", "id") else read_range(word) or word


def overlaid(frame: pd.DataFrame, partial: pd.DataFrame) -> pd.DataFrame:
    """The drawn frame with every given cell copied over it."""
    laid = frame.reset_index(drop=True)
    for name in laid.columns.intersection(partial.columns):
        told = partial[name].notna().to_numpy()
        whole = laid[name].where(~told, partial[name].reset_index(drop=True))
        laid[name] = _in_type(whole, laid[name].dtype)
    return laid


def _in_type(cells: pd.Series, dtype: Any) -> pd.Series:
    """Cells in a column's own type, where that changes none: integers that had gaps are floats to pandas."""
    if cells.dtype == dtype:
        return cells
    try:
        own = cells.astype(dtype)
    except (TypeError, ValueError, OverflowError):
        return cells
    same = own.astype(object).to_numpy() == cells.astype(object).to_numpy()
    return own if bool(np.all(same)) else cells


def read_like(data: Any, codec: Codec[Any], condition_codec: Codec[Any] | None, order: Sequence[str]) -> Rows:
    """The data as rows of the same schema that the codecs were fitted on; an array's columns are taken in order."""
    schema = _schema_of(codec, condition_codec, order) if codec.reads is Table else None
    named = data if schema is None else _named(data, schema)
    said = {"texts": codec.form} if isinstance(codec, TextsCodec) else schema  # a few lines may look like a table
    rows = _pieces(named, codec) or (named if isinstance(named, Rows) else read(named, schema=said))
    if isinstance(rows, Table) and isinstance(codec, SeriesCodec):
        windows = Windows(length=codec.space.length, relative=codec.relative, volatility=codec.memory)
        rows = windowed(rows, windows, codec.channels)  # a record, told as the fitted one was, each moment once
    if not isinstance(rows, codec.reads):
        raise WrongRows(f"these rows are {rows.word}", expected=f"{codec.reads.word}, as the model was fitted on")
    return rows


def _pieces(data: Any, codec: Codec[Any]) -> Rows | None:
    """An array in the form in which a model of series or sounds gives its samples."""
    if form_of(data) != "array":
        return None
    if isinstance(codec, SeriesCodec) and data.ndim == 3:
        return series_of(data, channels=codec.channels, levels=codec.space.levels)
    return sounds_of(data, codec.space.rate) if isinstance(codec, SoundCodec) and data.ndim == 2 else None


def _named(data: Any, schema: Schema) -> Any:
    """An array with one column for each of the schema's, under their names; anything else as it is."""
    if form_of(data) != "array" or data.ndim != 2 or data.shape[1] != len(schema.names):
        return data
    cells = data if isinstance(data, np.ndarray) else data.detach().cpu().numpy()
    return pd.DataFrame(cells, columns=pd.Index(schema.names))


def _schema_of(codec: Codec[Any], condition_codec: Codec[Any] | None, order: Sequence[str]) -> Schema:
    columns = {column.name: column for owner in (codec, condition_codec) if owner for column in owner.schema.columns}
    return Schema(tuple(columns[name] for name in order if name in columns), codec.schema.constraints)


def returned(rows: Rows, form: str) -> Any:
    """Rows in the form the person's data had."""
    if form == "array":
        return rows.array()
    if not isinstance(rows, Table):
        return rows
    if form == "polars":
        import polars

        return polars.from_pandas(rows.frame)
    return rows.frame


def given_back(rows: Rows, data: Any) -> Any:
    """Rows made of a person's own, in the form and under the labels of these."""
    told = returned(rows, form_of(data))
    if isinstance(told, pd.DataFrame) and isinstance(data, pd.DataFrame):
        told.index = data.index
    return told


def index_of(data: Any) -> "pd.Index | None":
    """The labels of the person's rows, by which what is told of them is joined to them; None where they have none."""
    return data.index if isinstance(data, pd.DataFrame) else None


def form_of(data: Any) -> str:
    """The form that samples should come back in."""
    kind = type(data).__module__.partition(".")[0]
    if kind in ("numpy", "torch"):
        return "array"
    return "polars" if kind == "polars" else "frame"


def source_of(data: Any) -> str:
    """Where the data came from, in one word or path."""
    if isinstance(data, Rows):
        return "rows"
    return str(data) if isinstance(data, str | Path) else type(data).__name__
