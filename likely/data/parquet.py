"""Parquet files: the pandas dtypes that the file carries, batch by batch where it is large."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from likely.errors import Unreadable, WrongRows
from likely.suggestion import shown

BUFFER = 1 << 20  # bytes read ahead for each column


def read_parquet(path: Path) -> "pd.DataFrame":
    """The whole file."""
    with _opened(path) as file:
        return _attempt(path, lambda: from_arrow(file.read()))


def parquet_chunks(path: Path, size: int) -> Iterator["pd.DataFrame"]:
    """The file in pieces of at most `size` rows."""
    with _opened(path) as file:
        batches = file.iter_batches(batch_size=size)
        while (piece := _attempt(path, lambda: _next(batches))) is not None:
            yield piece


def parquet_metadata(path: Path) -> dict[bytes, bytes]:
    """What is written beside the columns, where a recipe stands."""
    with _opened(path) as file:
        return dict(file.schema_arrow.metadata or {})


def parquet_names(path: Path) -> list[str]:
    """The columns' names."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def _opened(path: Path) -> Any:
    import pyarrow.parquet

    # pre_buffer would keep all that was read in memory until the end
    file = _attempt(path, lambda: pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER))
    names = file.schema_arrow.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongRows(f"{path}: more than one column is called {shown(twice)}", remedy="rename the repeated columns")
    return file


def _next(batches: Any) -> "pd.DataFrame | None":
    import pyarrow

    batch = next(batches, None)
    return None if batch is None else from_arrow(pyarrow.Table.from_batches([batch]))


def _attempt(path: Path, action: Any) -> Any:
    try:
        return action()
    except Exception as error:  # damaged bytes fail in any way, in the file and in what pandas wrote beside it
        raise Unreadable(f"{path} is not a whole Parquet file: {str(error).partition(chr(10))[0]}") from error


def from_arrow(table: Any) -> "pd.DataFrame":
    """pandas' form, in which whole numbers and truth values with gaps stay what they are."""
    import pyarrow

    frame = table.to_pandas()
    for name in table.schema.names:
        kind, cells = table.schema.field(name).type, table.column(name)
        gaps = cells.null_count and (pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind))
        if gaps and name in frame.columns:
            nullable = (
                "boolean" if pyarrow.types.is_boolean(kind) else str(kind).replace("u", "U").replace("int", "Int")
            )
            frame[name] = pd.array(cells.to_pylist(), dtype=nullable)  # pyright: ignore[reportArgumentType, reportCallIssue]
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index() if named else frame
