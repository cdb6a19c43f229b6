"""Dates as numbers: how many units lie between 1970 and the date, the unit being the coarsest that loses nothing."""

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.codecs.monotone import Numbers
from likely.codecs.reader import INTEGERS, Reader, absent, typed_cells
from likely.codecs.refusal import refuse
from likely.data.schema import ColumnSchema

UNITS = {  # microseconds in each
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
FIRST, LAST = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("0001-01-01", "9999-12-31"))
FIRST_NS, LAST_NS = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("1678-01-01", "2261-12-31"))


@final
@dataclass(frozen=True)
class DateReader(Reader):
    """Dates, be they pandas' own or text of one format."""

    column: ColumnSchema
    unit: str = "microsecond"

    def read(self, cells: pd.Series) -> Numbers:
        moments, missing = self._moments(cells)
        values = moments.astype("datetime64[us]").astype(np.int64) / UNITS[self.unit]
        values[missing] = np.nan
        return values

    def unit_of(self, cells: pd.Series) -> str:
        """The coarsest unit in which every date here is whole."""
        moments, missing = self._moments(cells)
        ticks = moments.astype("datetime64[us]").astype(np.int64)[~missing]
        return next(unit for unit, length in UNITS.items() if not (ticks % length).any())

    def _moments(self, cells: pd.Series) -> tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
        if isinstance(cells.dtype, pd.DatetimeTZDtype):
            cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
        missing = absent(cells, self.column)
        if cells.dtype.kind != "M":
            cells = self._parsed(cells, missing)
        return cells.to_numpy(), missing

    def _parsed(self, cells: pd.Series, missing: "np.ndarray[Any, Any]") -> pd.Series:
        written = self.column.date_format
        text = cells.astype("Int64").astype(object) if cells.dtype.kind in "iuf" else cells.astype(object)
        told = text.mask(missing, None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas warns of formats it has to guess
            moments = pd.to_datetime(told.map(str, na_action="ignore"), format=written or None, errors="coerce")
        if (bad := moments.isna().to_numpy() & ~missing).any():
            refuse(
                self.column.name,
                bad,
                "not a date of this column's format",
                cells=cells,
                expected=f"dates written {written or 'as pandas reads them'}",
                remedy="mend the cells, or declare another date_format in the schema and fit again",
            )
        return moments

    @property
    def step(self) -> float:
        return 1.0

    def settle(self, values: Numbers) -> Numbers:
        narrow = self.column.dtype.startswith("datetime64[ns")
        first, last = (FIRST_NS, LAST_NS) if narrow else (FIRST, LAST)
        return np.clip(np.rint(values), np.ceil(first / UNITS[self.unit]), np.floor(last / UNITS[self.unit]))

    def write(self, values: Numbers) -> pd.Series:
        missing = np.isnan(values)
        ticks = np.where(missing, 0, values).astype(np.int64) * UNITS[self.unit]
        moments = pd.Series(ticks.astype("datetime64[us]")).mask(missing)
        if self.column.date_format:
            return self._written(moments, missing)
        kind = pd.api.types.pandas_dtype(self.column.dtype)
        if isinstance(kind, pd.DatetimeTZDtype):
            return moments.dt.tz_localize("UTC").dt.tz_convert(kind.tz).astype(kind)
        return moments.astype(kind)  # type: ignore[call-overload]

    def _written(self, moments: pd.Series, missing: "np.ndarray[Any, Any]") -> pd.Series:
        text = moments.dt.strftime(self.column.date_format)
        if self.column.dtype.startswith((*INTEGERS, "float", "Float")):
            return typed_cells(pd.to_numeric(text), self.column.dtype)
        return typed_cells(text.mask(missing), self.column.dtype)


def finest(units: list[str]) -> str:
    """The smallest of these units."""
    return min(units, key=UNITS.__getitem__)
