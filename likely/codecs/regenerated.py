"""Columns that no model sees: constants and ids are made again, free text comes back missing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from likely.codecs.monotone import Numbers
from likely.codecs.parts import Part
from likely.codecs.reader import INTEGERS, absent, typed_cells
from likely.codecs.refusal import refuse
from likely.data.schema import ColumnSchema

DECLARED = "declared"  # why a column is of its kind, where the person said so
MANY_ROWS = 2**31  # room that is left for new numbers below the largest of an integer type


class Regenerated(ABC):
    """A column that is made anew for every sample."""

    column: ColumnSchema

    @abstractmethod
    def check(self, cells: pd.Series) -> None:
        """An error where the cells contradict what will be made."""

    @abstractmethod
    def log_mass(self, cells: pd.Series) -> Numbers:
        """The log mass of each of these cells; 0 where the column says nothing of a row."""

    @abstractmethod
    def made(self, rows: int) -> pd.Series:
        """The column for this many rows."""


@final
@dataclass(frozen=True)
class Constant(Regenerated):
    """The one value of the column; missing everywhere where there is none.

    All other values, which were never seen, share a reserved mass, 1 / (rows + 1) by Laplace's rule; where that is 0
    they are refused.
    """

    column: ColumnSchema
    reserve: float = 0.0

    def other(self, cells: pd.Series) -> NDArray[np.bool_]:
        """Which cells hold another value."""
        value, missing = self.column.value, absent(cells, self.column)
        return ~missing if value is None else (cells != value).to_numpy(dtype=bool, na_value=True) & ~missing

    def log_mass(self, cells: pd.Series) -> Numbers:
        return np.where(self.other(cells), np.log(self.reserve or 1.0), np.log1p(-self.reserve))

    def check(self, cells: pd.Series) -> None:
        if not self.reserve and (other := self.other(cells)).any():
            refuse(
                self.column.name,
                other,
                "a new value in a column that was constant",
                cells=cells,
                expected=f"'{self.column.value}'" if self.column.value is not None else "missing cells only",
                remedy="leave these rows or this column out, or fit again with rows that have it",
            )

    def made(self, rows: int) -> pd.Series:
        value = np.nan if self.column.value is None else self.column.value
        return _of_dtype(pd.Series([value] * rows, dtype=object), self.column)


@final
@dataclass(frozen=True)
class Identifier(Regenerated):
    """Codes of the column's pattern, each different, going on from the last one that was seen."""

    column: ColumnSchema
    first: int = 1  # the first number that was never used

    def later(self, by: int) -> "Identifier":
        """The ids that come after this many."""
        return Identifier(self.column, self.first + by)

    def check(self, cells: pd.Series) -> None:
        """Any code will do: it says nothing of the row."""

    def log_mass(self, cells: pd.Series) -> Numbers:
        return np.zeros(len(cells))

    def made(self, rows: int) -> pd.Series:
        numbers = range(self.first, self.first + rows)
        if self.column.dtype.startswith((*INTEGERS, "float", "Float")):
            return pd.Series(np.arange(self.first, self.first + rows)).astype(self.column.dtype)  # type: ignore[call-overload]
        pattern = self.column.pattern or "{}"
        return _of_dtype(pd.Series([pattern.format(number) for number in numbers], dtype=object), self.column)


@final
@dataclass(frozen=True)
class Left(Regenerated):
    """Free text: left out, and given back as missing."""

    column: ColumnSchema

    def check(self, cells: pd.Series) -> None:
        """Any text will do: it is not looked at."""

    def log_mass(self, cells: pd.Series) -> Numbers:
        return np.zeros(len(cells))

    def made(self, rows: int) -> pd.Series:
        return _of_dtype(pd.Series([np.nan] * rows, dtype=object), self.column)


def regenerated(column: ColumnSchema, cells: pd.Series, *, reserve: bool = False) -> Regenerated | None:
    """How a column is made again; None where a model has to learn it.

    A column that only happened to be constant keeps a reserve for other values; one that is declared so does not.
    """
    match column.kind:
        case "constant":
            return Constant(column, 1 / (len(cells) + 1) if reserve and column.why != DECLARED else 0.0)
        case "id":
            return Identifier(column, next_number(column, cells))
        case "text":
            return Left(column)
    return None


def next_number(column: ColumnSchema, cells: pd.Series) -> int:
    """One more than the largest number in the ids seen, so that no new id repeats an old one."""
    present = cells.to_numpy(dtype=object)[~absent(cells, column)]
    before, base, after = _around(column.pattern or "{}")
    codes = [str(code) for code in present]
    inner = [
        code[len(before) : len(code) - len(after)] for code in codes if code.startswith(before) and code.endswith(after)
    ]
    last = max([0, *(_number(text, base) for text in inner)])
    numeric = pd.api.types.is_integer_dtype(cells.dtype)
    return 1 if numeric and last > np.iinfo(str(cells.dtype).lower()).max - MANY_ROWS else last + 1


def _around(pattern: str) -> tuple[str, int, str]:
    """What stands before and after the number of a pattern, and the number's base."""
    mark = "\0"
    filled = pattern.format(_Marked(mark))
    before, _, after = filled.partition(mark)
    return before, 16 if "x}" in pattern else 10, after


@final
class _Marked:
    """A stand-in for the number that formats as a mark, whatever the width."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __format__(self, spec: str) -> str:
        return self.mark


def _number(text: str, base: int) -> int:
    try:
        return int(text.removesuffix(".0"), base)
    except ValueError:
        return 0


def _of_dtype(cells: pd.Series, column: ColumnSchema) -> pd.Series:
    if column.dtype == "category":
        levels = [level for level in (column.levels or (column.value,)) if level is not None]
        return cells.astype(pd.CategoricalDtype(levels, ordered=column.ordered))
    if cells.isna().any() and column.dtype.startswith(("int", "uint", "bool")):
        return cells.astype("float64")
    return typed_cells(cells, column.dtype)


def regenerated_from(part: Part, column: ColumnSchema) -> Regenerated:
    """The column that a part describes."""
    match part.text("is"):
        case "Constant":
            return Constant(column, _share(part))
        case "Identifier":
            return Identifier(column, part.integer("first", 0, 2**512))
        case "Left":
            return Left(column)
    return part.refuse("is", "Constant, Identifier or Left")


def regenerated_parts(made: Regenerated) -> dict[str, Any]:
    """The column as plain JSON values."""
    told = {"first": made.first} if isinstance(made, Identifier) else {}
    told |= {"reserve": made.reserve} if isinstance(made, Constant) else {}
    return {"is": type(made).__name__, **told}


def _share(part: Part) -> float:
    share = part.number("reserve")
    return share if 0 <= share < 1 else part.refuse("reserve", "a probability below 1")
