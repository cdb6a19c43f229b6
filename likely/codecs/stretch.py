"""Ranges of a column as stretches of numbers: of those that could have been recorded, and of the cells behind them.

A recorded number v of resolution s stands for all that rounds to it, and a cell z = f(number) is increasing, so that

    low <= v <= high   is   f(low - s/2) <= z <= f(high + s/2)                                (1)

without an end where the column's own limits cut what is drawn off. An atom is in or out by its own value, to the bit.
"""

# pandas' own types are unions that no check narrows
# pyright: reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from likely.codecs.cell import Cell, RealCell
from likely.codecs.date import UNITS, DateReader
from likely.codecs.monotone import Numbers
from likely.codecs.reader import LevelReader, Reader
from likely.data.schema import ColumnSchema
from likely.errors import WrongRows
from likely.ranges import Among, Between, Both, Except, Range
from likely.suggestion import meant, shown

SLACK = 1e-9  # of a resolution: 0.3 / 0.1 is no whole number
PERIODS = {"S": "%S %f %T %X", "min": "%M %R", "h": "%H %I", "D": "%d %j %x %c %D %F", "M": "%m %b %B", "Y": "%Y %y"}


class Stretch(NamedTuple):
    """From low to high, both in."""

    low: float
    high: float


WHOLE = (Stretch(-np.inf, np.inf),)


def recorded(reader: Reader, said: Range) -> tuple[Stretch, ...]:
    """What a range leaves of the numbers (codes, ticks) that a column can record: rising, apart, maybe nothing."""
    lowest, highest = reader.settle(np.array([-np.inf, np.inf]))
    return joined(_both(_recorded(reader, said), (Stretch(float(lowest), float(highest)),)), reader.step)


def _recorded(reader: Reader, said: Range) -> tuple[Stretch, ...]:
    match said:
        case Between(low, high, low_in, high_in):
            if isinstance(reader, LevelReader):
                return _ordered(reader.column, said)
            first = -np.inf if low is None else _first(reader, low, within=low_in)
            last = np.inf if high is None else _last(reader, high, within=high_in)
            return (Stretch(first, last),) if first <= last else ()
        case Among(values):
            return _united(_value(reader, value) for value in values)
        case Except(values):
            return _others(reader, _united(_value(reader, value) for value in values))
        case Both(parts):
            left = WHOLE
            for part in parts:
                left = _both(left, _recorded(reader, part))
            return left
    raise TypeError(f"no stretches are known of a {type(said).__name__}")


def held(numbers: Numbers, left: Sequence[Stretch]) -> NDArray[np.bool_]:
    """Which numbers lie in one of the stretches; what is missing does not."""
    inside = np.zeros(numbers.shape, dtype=bool)
    for low, high in left:
        inside |= (numbers >= low) & (numbers <= high)
    return inside


def nearest(numbers: Numbers, left: Sequence[Stretch]) -> Numbers:
    """Each number, or the end of a stretch that is nearest to it."""
    clipped = np.stack([np.clip(numbers, low, high) for low, high in left])
    return clipped[np.abs(clipped - numbers).argmin(0), np.arange(len(numbers))]


def celled(reader: Reader, cell: Cell, left: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The stretches of cells that stand for these recorded numbers (1)."""
    if not isinstance(cell, RealCell):
        return tuple(left)
    lowest, highest = reader.settle(np.array([-np.inf, np.inf]))
    return tuple(_celled(cell, each, reader.step / 2, lowest, highest) for each in left)


def _celled(cell: RealCell, left: Stretch, half: float, lowest: float, highest: float) -> Stretch:
    ends = np.array([left.low - half, left.high + half])
    low, high = cell.map.forward(np.where(np.isinf(ends), 0.0, ends))[0].tolist()
    low = -np.inf if left.low <= lowest else low
    high = np.inf if left.high >= highest else high
    for atom, mark in zip(cell.atoms, cell.marks):
        aside = np.nextafter(np.float32(mark), np.array([-np.inf, np.inf], dtype=np.float32)).tolist()
        if left.low <= atom <= left.high:
            low, high = min(low, mark), max(high, mark)
        elif atom < left.low:
            low = max(low, aside[1])
        else:
            high = min(high, aside[0])
    return Stretch(low, high)


# Sets of stretches ---------------------------------------------------------------------------------------------------


def _both(one: Sequence[Stretch], other: Sequence[Stretch]) -> tuple[Stretch, ...]:
    cut = (Stretch(max(a.low, b.low), min(a.high, b.high)) for a in one for b in other)
    return tuple(each for each in cut if each.low <= each.high)


def joined(left: Sequence[Stretch], step: float) -> tuple[Stretch, ...]:
    """Stretches of whole numbers (codes, counts, days), neighbours as one."""
    told: list[Stretch] = []
    for part in left:
        if told and step == 1 and part.low == told[-1].high + 1:
            told[-1] = Stretch(told[-1].low, part.high)
        else:
            told.append(part)
    return tuple(told)


def _united(parts: Iterable[Stretch]) -> tuple[Stretch, ...]:
    told: list[Stretch] = []
    for part in sorted(parts):
        if told and part.low <= told[-1].high:
            told[-1] = Stretch(told[-1].low, max(told[-1].high, part.high))
        else:
            told.append(part)
    return tuple(told)


def _others(reader: Reader, left: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """What lies between stretches, below and above them."""
    starts = [-np.inf, *(_after(reader, each.high) for each in left)]
    ends = [*(_before(reader, each.low) for each in left), np.inf]
    return tuple(Stretch(low, high) for low, high in zip(starts, ends) if low <= high)


def _after(reader: Reader, number: float) -> float:
    return (
        _grid(reader, np.floor(number / reader.step + SLACK) + 1)
        if reader.step
        else float(np.nextafter(number, np.inf))
    )


def _before(reader: Reader, number: float) -> float:
    return (
        _grid(reader, np.ceil(number / reader.step - SLACK) - 1)
        if reader.step
        else float(np.nextafter(number, -np.inf))
    )


def _grid(reader: Reader, place: float) -> float:
    """The recorded number at this place of the grid, as it is written."""
    return float(place / round(1 / reader.step)) if reader.step < 1 else float(place * reader.step)


# Bounds and values ---------------------------------------------------------------------------------------------------


def _first(reader: Reader, bound: Any, *, within: bool) -> float:
    """The least recorded number that is not below a bound."""
    start, end = _numbers(reader, bound)
    if not within:
        return _after(reader, end)
    return _grid(reader, np.ceil(start / reader.step - SLACK)) if reader.step else start


def _last(reader: Reader, bound: Any, *, within: bool) -> float:
    start, end = _numbers(reader, bound)
    if not within:
        return _before(reader, start)
    return _grid(reader, np.floor(end / reader.step + SLACK)) if reader.step else end


def _value(reader: Reader, value: Any) -> Stretch:
    if isinstance(reader, LevelReader):
        code = float(_code(reader.column, value))
        return Stretch(code, code)
    return Stretch(*_numbers(reader, value))


def _numbers(reader: Reader, bound: Any) -> tuple[float, float]:
    """The numbers that a bound means, from and to: all of a year, where a date is no finer."""
    if isinstance(reader, DateReader):
        return _ticks(reader, bound)
    try:
        number = float(bound)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise WrongRows(f"column '{reader.column.name}': '{bound}' is no number", expected="a finite number as a bound")
    return number, number


def _code(column: ColumnSchema, value: Any) -> int:
    spelled, number = {str(level): code for code, level in enumerate(column.levels)}, _number(value)
    alike = [code for code, level in enumerate(column.levels) if number is not None and _number(level) == number]
    if str(value) not in spelled and alike:
        return alike[0]  # 1 where the levels are 1.0, 2.0
    if str(value) not in spelled:
        raise WrongRows(f"column '{column.name}': there is no '{value}'", expected=f"some of {shown(spelled)}",
                        remedy=meant(str(value), spelled))  # fmt: skip
    return spelled[str(value)]


def _ordered(column: ColumnSchema, said: Between) -> tuple[Stretch, ...]:
    """The levels between two of them, in their own order, or as numbers where all of them are."""
    numbers = [_number(level) for level in column.levels]
    if all(number is not None for number in numbers):
        rank = numbers
        low, high = (None if end is None else _bound(column, end) for end in (said.low, said.high))
    elif column.ordered:
        rank = list(range(len(numbers)))
        low, high = (None if end is None else _code(column, end) for end in (said.low, said.high))
    else:
        raise WrongRows(f"column '{column.name}' is a choice without an order: '{said}' says nothing of it",
                        expected=f"some of {shown(map(str, column.levels))}",
                        remedy='likely.among("a", "b") or isnot("a") (COLUMN=a|b or COLUMN!=a)')  # fmt: skip
    kept = [code for code, place in enumerate(rank) if _in(place, low, high, said)]
    return tuple(Stretch(float(code), float(code)) for code in kept)


def _in(place: Any, low: Any, high: Any, said: Between) -> bool:
    above = low is None or place > low or (said.low_in and place == low)
    return above and (high is None or place < high or (said.high_in and place == high))


def _number(level: Any) -> float | None:
    try:
        return None if isinstance(level, bool) else float(level)
    except (TypeError, ValueError):
        return None


def _bound(column: ColumnSchema, end: Any) -> float:
    if (number := _number(end)) is None:
        raise WrongRows(f"column '{column.name}': '{end}' is no number", expected="a number as a bound")
    return number


# Dates ---------------------------------------------------------------------------------------------------------------


def _ticks(reader: DateReader, bound: Any) -> tuple[float, float]:
    """The first and the last tick of the day, month or year that a date means, or the one of a moment."""
    try:
        start, end = _moments(bound, reader.column.date_format)
        zone = getattr(pd.api.types.pandas_dtype(reader.column.dtype), "tz", None)
        moments = [_naive(moment, zone).to_datetime64() for moment in (start, end)]
    except (ValueError, TypeError, OverflowError) as error:
        raise WrongRows(f"column '{reader.column.name}': '{bound}' is no date",
                        expected="2020, 2020-03, 2020-03-01, or as the column writes it") from error  # fmt: skip
    first, last = (int(moment.astype("datetime64[us]").astype(np.int64)) for moment in moments)
    unit = UNITS[reader.unit]
    return float(-(-first // unit)), float(last // unit)


def _moments(bound: Any, written: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    if not isinstance(bound, str):
        moment = pd.Timestamp(bound)
        days = type(bound).__name__ == "date"
        return (moment, moment + pd.Timedelta(days=1, microseconds=-1)) if days else (moment, moment)
    told = pd.to_datetime(bound, format=written, errors="coerce") if written else pd.NaT
    if pd.isna(told):
        period = pd.Period(bound)
    else:
        period = pd.Period(told, next(freq for freq, signs in PERIODS.items() if set(signs.split()) & _signs(written)))
    return period.start_time, period.end_time


def _signs(written: str) -> set[str]:
    return {f"%{after[0]}" for after in written.replace("%-", "%").split("%")[1:] if after}


def _naive(moment: pd.Timestamp, zone: Any) -> pd.Timestamp:
    """As it is kept: in UTC, without saying so."""
    if moment.tzinfo is None and zone is None:
        return moment
    local = moment.tz_localize(zone) if moment.tzinfo is None else moment
    return local.tz_convert("UTC").tz_localize(None)
