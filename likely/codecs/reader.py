"""Columns of a frame <-> numbers in float64: quantities as they are, categories as codes, missing cells as NaN."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import pandas as pd

from likely.codecs.monotone import Numbers
from likely.codecs.refusal import refuse
from likely.data.schema import ColumnSchema

UNSEEN = -1.0  # the code of a category that was not there when the codec was fitted
WHOLE_CELL = 2.0**24  # float32 loses whole numbers beyond
TEXT = "object" if pd.__version__.startswith("2.") else "str"  # pandas 2 would write "nan" for a missing text
INTEGERS = ("int", "uint", "Int", "UInt")


class Reader(ABC):
    """One column's cells as numbers, and numbers as cells of the column's own type."""

    column: ColumnSchema

    @abstractmethod
    def read(self, cells: pd.Series) -> Numbers:
        """The column in float64, NaN where missing; an error names every cell that does not fit."""

    @abstractmethod
    def settle(self, values: Numbers) -> Numbers:
        """Values as they could have been recorded: rounded, and within the limits."""

    @abstractmethod
    def write(self, values: Numbers) -> pd.Series:
        """Settled values in the column's own type."""

    @property
    @abstractmethod
    def step(self) -> float:
        """The distance of neighbouring recorded values; 0 where they have full precision."""


@final
@dataclass(frozen=True)
class NumberReader(Reader):
    """Reals and counts."""

    column: ColumnSchema
    whole: bool = False  # a count: 0, 1, 2, ...
    positive: bool = False  # never below 0 when fitted: samples stay there too

    def read(self, cells: pd.Series) -> Numbers:
        values = self._parsed(cells)
        name, column = self.column.name, self.column
        if np.isinf(values).any():
            refuse(
                name,
                np.isinf(values),
                "an infinite number",
                expected="finite numbers, or missing cells",
                remedy="leave the cell empty if the value is unknown, or put a finite limit there",
            )
        low, high = column.low, column.high
        if self.whole:
            low = max(0.0, low or 0.0)
            high = WHOLE_CELL if high is None else min(WHOLE_CELL, high)
            if (bad := values != np.rint(values)).any() and (bad := bad & ~np.isnan(values)).any():
                refuse(
                    name,
                    bad,
                    "not a whole number",
                    expected="counts 0, 1, 2, ...",
                    cells=cells,
                    remedy='declare the column in a schema as {"kind": "real"} and fit again',
                )
        outside = (values < (-np.inf if low is None else low)) | (values > (np.inf if high is None else high))
        if outside.any():
            refuse(
                name,
                outside,
                "outside the column's limits",
                expected=_limits(low, high),
                cells=cells,
                remedy="mend the rows, or change low and high in the schema and fit again",
            )
        return values

    def _parsed(self, cells: pd.Series) -> Numbers:
        if pd.api.types.is_bool_dtype(cells.dtype) or pd.api.types.is_numeric_dtype(cells.dtype):
            return cells.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = absent(cells, self.column)
        parsed = pd.Series(pd.to_numeric(cells.astype(object).mask(missing), errors="coerce"))
        values = parsed.to_numpy(dtype=np.float64, na_value=np.nan)
        if (bad := np.isnan(values) & ~missing).any():
            refuse(
                self.column.name,
                bad,
                "text where a number was expected",
                cells=cells,
                expected="numbers, or missing cells",
                remedy="mend the cells, or name the word that means missing as missing_as in a schema",
            )
        return values

    def settle(self, values: Numbers) -> Numbers:
        column = self.column
        if self.decimals is not None:
            values = np.round(values, self.decimals) + 0.0  # + 0.0: no negative zero
        low = max(column.low or 0.0, 0.0) if self.whole or self.positive else column.low
        return values if low is None and column.high is None else np.clip(values, low, column.high)

    def write(self, values: Numbers) -> pd.Series:
        return typed(values, self.column.dtype)

    @property
    def decimals(self) -> int | None:
        """The decimals that samples are rounded to."""
        return 0 if self.whole or self.column.dtype.startswith(INTEGERS) else self.column.decimals

    @property
    def step(self) -> float:
        return 0.0 if self.decimals is None else 10.0**-self.decimals


@final
@dataclass(frozen=True)
class LevelReader(Reader):
    """Categories and truth values: codes 0, 1, ... in the order of the levels."""

    column: ColumnSchema
    closed: bool = True  # a category that is not among the levels is an error, else `UNSEEN`
    index: pd.Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", pd.Index(list(self.column.levels)))

    def read(self, cells: pd.Series) -> Numbers:
        codes = self._codes(cells).astype(np.float64)
        if (codes < 0).any():
            codes[absent(cells, self.column)] = np.nan
            if self.closed:
                self.refuse_unseen(codes, cells)
        return codes

    def refuse_unseen(self, codes: Numbers, cells: pd.Series) -> None:
        """An error where a category is not among the levels."""
        if (unseen := codes == UNSEEN).any():
            refuse(
                self.column.name,
                unseen,
                "a category that was not there when the model was fitted",
                cells=cells,
                expected=f"one of {_listed(self.column.levels)}",
                remedy="correct the spelling, leave these rows out, or fit again with rows that have it",
            )

    def _codes(self, cells: pd.Series) -> "np.ndarray[Any, Any]":
        if isinstance(cells.dtype, pd.CategoricalDtype):
            of_category = np.append(self.index.get_indexer(cells.cat.categories), -1)
            return of_category[cells.cat.codes.to_numpy()]
        return self.index.get_indexer(pd.Index(cells))

    @property
    def step(self) -> float:
        return 1.0

    def settle(self, values: Numbers) -> Numbers:
        return np.clip(np.rint(values), 0, len(self.column.levels) - 1)

    def write(self, values: Numbers) -> pd.Series:
        column, missing = self.column, np.isnan(values)
        codes = np.where(missing, -1, values).astype(np.int64)
        if column.dtype == "category":
            kind = pd.CategoricalDtype(list(column.levels), ordered=column.ordered)
            return pd.Series(pd.Categorical.from_codes(codes, dtype=kind))
        if column.dtype.startswith(INTEGERS):
            levels = np.array(column.levels, dtype=column.dtype.lower())  # exact beyond float64's whole numbers
            return _whole(levels[codes], missing, column.dtype)
        levels = np.empty(len(column.levels) + 1, dtype=object)
        levels[:-1], levels[-1] = column.levels, np.nan
        return typed_cells(levels[codes], column.dtype)


def absent(cells: pd.Series, column: ColumnSchema) -> "np.ndarray[Any, Any]":
    """Which cells are missing, be it by the word that the column has for it."""
    missing = cells.isna().to_numpy()
    if column.missing_as and column.missing_as not in column.levels and not pd.api.types.is_numeric_dtype(cells.dtype):
        return missing | (cells.astype(object) == column.missing_as).to_numpy()
    return missing


def typed(values: Numbers, dtype: str) -> pd.Series:
    """Numbers in a column's own dtype; what is missing is pandas' own missing value."""
    if not dtype.startswith(INTEGERS):
        return typed_cells(values, dtype)
    missing, limits = np.isnan(values), np.iinfo(dtype.lower())
    top = float(limits.max)
    top = top if int(top) <= limits.max else float(np.nextafter(top, 0))
    return _whole(np.clip(np.where(missing, 0, values), limits.min, top).astype(limits.dtype), missing, dtype)


def typed_cells(values: Any, dtype: str) -> pd.Series:
    """Cells of any type in a column's own dtype; what is missing stays so."""
    cells = pd.Series(values)
    if str(cells.dtype) == dtype:
        return cells
    if dtype == "bool" and cells.isna().any():
        return cells.astype(object)  # to bool, a missing cell would become True
    return cells.astype(TEXT if dtype == "str" else dtype)  # type: ignore[call-overload]


def _whole(values: "np.ndarray[Any, Any]", missing: "np.ndarray[Any, Any]", dtype: str) -> pd.Series:
    cells = pd.Series(values).astype(dtype)  # type: ignore[call-overload]
    return cells.mask(missing) if missing.any() else cells


def _limits(low: float | None, high: float | None) -> str:
    told = (("at least", low), ("at most", high))
    return " and ".join(f"{side} {limit:g}" for side, limit in told if limit is not None)


def _listed(levels: tuple[Any, ...]) -> str:
    return ", ".join(f"'{level}'" for level in levels[:8]) + (f" and {len(levels) - 8} more" if len(levels) > 8 else "")
