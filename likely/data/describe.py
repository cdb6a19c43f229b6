"""What rows are, for a person: each column's kind and why, what is missing, its range or levels, an example."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pandas as pd

from likely.data.date import parsed_dates
from likely.data.hashing import frame_hashes, share_of_copies
from likely.data.infer import plain_level
from likely.data.schema import ColumnSchema, Constraint, Schema, TextFile

if TYPE_CHECKING:
    from likely.data.rows import Rows

LEFT_OUT = ("id", "constant", "text")


@dataclass(frozen=True)
class ColumnSummary:
    """One column."""

    name: str
    kind: str
    dtype: str
    why: str
    missing: float  # the share of missing cells
    different: int  # different values
    shows: str  # the range or the most frequent levels, in words
    example: str
    modelled: bool  # False: regenerated (ids, constants) or left out (free text)


class Summary(ABC):
    """What rows of any kind are."""

    rows: int
    copies: float  # the share of rows that repeat an earlier one

    @property
    @abstractmethod
    def form(self) -> str:
        """What they are, in words; a table's columns say it."""

    @property
    @abstractmethod
    def table(self) -> "TableSummary | None":
        """The columns that can be named."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""


@final
@dataclass(frozen=True)
class TableSummary(Summary):
    """A table."""

    rows: int
    columns: tuple[ColumnSummary, ...]
    copies: float
    file: TextFile | None
    constraints: tuple[Constraint, ...]
    group: str | None
    notes: tuple[str, ...]

    @property
    def form(self) -> str:
        return ""

    @property
    def table(self) -> "TableSummary":
        return self

    def to_json(self) -> dict[str, Any]:
        return {"is": "table"} | asdict(self)


@final
@dataclass(frozen=True)
class ImagesSummary(Summary):
    """Pictures, and what is said about them."""

    rows: int
    height: int
    width: int
    channels: int
    levels: int
    copies: float
    about: TableSummary | None
    example: str  # a file's name

    @property
    def form(self) -> str:
        colours = {1: "grey", 3: "colour"}.get(self.channels, f"{self.channels}-channel")
        return f"{colours} pictures of {self.height} × {self.width}, {self.levels} levels"

    @property
    def table(self) -> TableSummary | None:
        return self.about

    def to_json(self) -> dict[str, Any]:
        return {"is": "images"} | asdict(self)


@final
@dataclass(frozen=True)
class TextsSummary(Summary):
    """Texts, and what is said about them."""

    rows: int
    word: str  # texts, pages, molecules, proteins
    lengths: tuple[int, int, int]  # shortest, mean, longest, in characters
    letters: int  # different characters
    copies: float
    about: TableSummary | None
    example: str

    @property
    def form(self) -> str:
        shortest, mean, longest = self.lengths
        return f"{self.word} of {shortest} to {longest} characters ({mean} on average), {self.letters} different ones"

    @property
    def table(self) -> TableSummary | None:
        return self.about

    def to_json(self) -> dict[str, Any]:
        return {"is": "texts"} | asdict(self)


@final
@dataclass(frozen=True)
class SeriesSummary(Summary):
    """Series, and what is said about them."""

    rows: int
    lengths: tuple[int, int, int]  # shortest, mean, longest, in moments
    channels: tuple[str, ...]
    levels: int | None
    gaps: float  # the share of values missing before a series' end
    windows: bool
    copies: float
    about: TableSummary | None

    @property
    def form(self) -> str:
        shortest, mean, longest = self.lengths
        word = "windows" if self.windows else "series"
        many = f"{longest}" if shortest == longest else f"{shortest} to {longest} ({mean} on average)"
        wide = f"{len(self.channels)} channel{'s' * (len(self.channels) != 1)}"
        whole = "" if self.levels is None else f", {self.levels} levels"
        return f"{word} of {many} moments, {wide}{whole}" + (f", {self.gaps:.1%} missing" if self.gaps else "")

    @property
    def table(self) -> TableSummary | None:
        return self.about

    def to_json(self) -> dict[str, Any]:
        return {"is": "series"} | asdict(self)


@final
@dataclass(frozen=True)
class SoundsSummary(Summary):
    """Sounds, and what is said about them."""

    rows: int
    rate: int  # samples a second
    seconds: tuple[float, float, float]  # shortest, mean, longest
    copies: float
    about: TableSummary | None
    example: str  # a file's name

    @property
    def form(self) -> str:
        shortest, mean, longest = self.seconds
        return f"sounds of {shortest:.2f} to {longest:.2f} s ({mean:.2f} on average), {self.rate} samples a second"

    @property
    def table(self) -> TableSummary | None:
        return self.about

    def to_json(self) -> dict[str, Any]:
        return {"is": "sounds"} | asdict(self)


def describe(rows: "Rows") -> Summary:
    """A summary to print, or to give as JSON."""
    return rows.described()


def table_summary(frame: "pd.DataFrame", schema: Schema) -> TableSummary:
    """Each column in turn, and the whole."""
    columns = tuple(_column(frame[column.name], column) for column in schema.columns)
    copies = share_of_copies(frame_hashes(frame))
    return TableSummary(len(frame), columns, copies, schema.file, schema.constraints, schema.group, schema.notes)


def _column(cells: "pd.Series", column: ColumnSchema) -> ColumnSummary:
    present = cells.dropna()
    return ColumnSummary(
        column.name,
        column.kind,
        column.dtype,
        column.why,
        1 - len(present) / max(len(cells), 1),
        int(present.nunique()),
        _shows(present, column) if len(present) else "",
        _short(present.iloc[0]) if len(present) else "",
        column.kind not in LEFT_OUT,
    )


def _shows(present: "pd.Series", column: ColumnSchema) -> str:
    match column.kind:
        case "real" | "count":
            return _range(present, column)
        case "category" | "boolean":
            return _levels(present)
        case "date":
            return _dates(present, column)
        case "id":
            return f"new ones are made as {column.pattern}"
        case "constant":
            return f"always {_short(column.value)}"
    return f"{present.map(lambda each: len(str(each))).mean():.0f} characters on average"


def _range(present: "pd.Series", column: ColumnSchema) -> str:
    values = present.to_numpy(dtype=float)
    told = f"{values.min():.6g} to {values.max():.6g}, median {np.median(values):.6g}"
    atoms = "".join(f"; {atom:g} holds {np.mean(values == atom):.0%}" for atom in column.atoms)
    return told + atoms + (f"; {column.decimals} decimals" if column.decimals else "")


def _levels(present: "pd.Series") -> str:
    shares = present.value_counts(normalize=True)
    told = ", ".join(f"{_short(level)} {share:.0%}" for level, share in shares.head(4).items())
    return told + (f", and {len(shares) - 4} more" if len(shares) > 4 else "")


def _dates(present: "pd.Series", column: ColumnSchema) -> str:
    moments = parsed_dates(present.astype(str), column.date_format) if column.date_format else present
    return f"{_day(moments.min())} to {_day(moments.max())}"


def _day(moment: Any) -> str:
    """A moment without its time where that is midnight."""
    return str(moment).removesuffix(" 00:00:00")


def _short(value: Any) -> str:
    told = str(plain_level(value))
    return told if len(told) <= 40 else told[:37] + "..."
