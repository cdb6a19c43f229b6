"""Text tables, read by pandas as their layout says: whole, in pieces, or a few raw cells."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from likely.data.file import opened
from likely.data.layout import LATIN_1, Layout
from likely.errors import EmptyData, Unreadable
from likely.suggestion import shown


def read_text_table(
    path: Path, found: Layout, *, markers: Mapping[str, tuple[str, ...]], text: frozenset[str] = frozenset()
) -> tuple["pd.DataFrame", Layout]:
    """The whole table, and the layout (its encoding may turn out to be another further down)."""
    try:
        with _reading(path), opened(path) as source:
            frame = pd.read_csv(source, low_memory=False, **found.options(markers, found.text | text))
    except UnicodeDecodeError:
        retry = replace(found, file=replace(found.file, encoding="latin-1"), notes=(*found.notes, LATIN_1))
        return read_text_table(path, retry, markers=markers, text=text)
    if len(found.names) == 1:
        last = frame.iloc[:, 0].last_valid_index()
        frame = frame.iloc[: 0 if last is None else last + 1]
    if not len(frame):
        raise EmptyData(f"{path} has a header but no rows: {shown(found.names)}", expected="at least one row of values")
    return frame, found


def text_chunks(
    path: Path, found: Layout, *, markers: Mapping[str, tuple[str, ...]], text: frozenset[str], size: int
) -> Iterator["pd.DataFrame"]:
    """The table in pieces of `size` rows."""
    with _reading(path), opened(path) as source:
        yield from pd.read_csv(source, chunksize=size, **found.options(markers, found.text | text))


def raw_cells(path: Path, found: Layout, columns: list[str], rows: int) -> "pd.DataFrame":
    """The first rows of some columns exactly as they are written."""
    options = found.options({}, frozenset(columns)) | {"na_filter": False, "na_values": None}
    with _reading(path), opened(path) as source:
        return pd.read_csv(source, usecols=columns, nrows=rows, low_memory=False, **options)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """pandas' own errors, said so that a person can act."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except pd.errors.EmptyDataError as error:
        raise EmptyData(f"{path} is empty") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        told = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        what = f"line {told[2]} has {told[3]} cells where {told[1]} were expected" if told else str(error).strip()
        remedy = 'quote cells that hold the delimiter, or declare {"file": {"delimiter": ";"}} in a schema'
        raise Unreadable(f"{path} is not a regular table: {what}", remedy=remedy) from error
