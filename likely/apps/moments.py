r"""Odd moments of a record, by a fitted model of its windows: a moment is as odd as the windows that hold it.

    s(t) = mean of s(w) over the windows w of T moments, one a moment later than the other, that hold t              (1)
    s(w) = -log p(w), or what else `likely.apps.strange` counts                                                      (2)
    p(t) = (1 + #{stretches of T usual moments: max s >= s(t)}) / (1 + such stretches)                               (3)
    q(t) = min_{p' >= p(t)} m p' / #{stretches with a moment of p <= p'},   m stretches in the record                (4)

Neighbours share windows and are odd together, so stretches are counted and not moments. (3) compares with a record
that the model has not learned from and that is as it should be, which must be given: a card keeps no scores of moments.
It is at least 1 / (1 + stretches): a short record cannot make anybody sure.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.apps.strange import Likelihood, Strangeness, p_values
from likely.codecs import SeriesCodec
from likely.data import Panel, Table, Windows, read, windowed
from likely.data.series import TIMES
from likely.errors import CannotAnswer, EmptyData, WrongRows
from likely.fitted import Fitted

Array = np.ndarray[Any, Any]
SHORTEST, LONGEST, LOOKED = 3, 303, 20_000  # moments of a period; of a record in which one is looked for
BRIDGED = 0.05  # the share of a window that may be gaps
MOST_UNKNOWN = 0.5  # the share of a channel that may be gaps


@final
@dataclass(frozen=True)
class Record:
    """One long series: its moments' values (T, D), gaps bridged, and which moments had them."""

    values: Array
    known: Array  # (T,): nothing was missing
    channels: tuple[str, ...]
    times: pd.Series | None

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def read(cls, data: Any) -> "Record":
        """From a file, a frame, or an array (T,) or (T, D) of numbers; a first column of times must not go back."""
        if isinstance(data, Record):
            return data
        table = _table(data)
        panel = windowed(table, Windows(length=1))
        values = panel.values[:, 0]
        known = np.asarray(~np.isnan(values).any(1))
        times = table.frame.iloc[:, 0] if panel.names else None
        if times is not None and (back := _back(times)) is not None:
            raise WrongRows(f"the time of moment {back + 1} is not after that before it: {times.iloc[back]}",
                            expected="a record in the order of its times", remedy="sort the rows")  # fmt: skip
        return cls(_bridged(values, panel.channels), known, panel.channels, times)

    def whole(self, length: int) -> Array:
        """Whether each window of so many moments, one after another, has few gaps: a bridge is no record."""
        gone = np.concatenate([[0], np.cumsum(~self.known)])
        return gone[length:] - gone[:-length] <= BRIDGED * length

    def framed(self, told: dict[str, Array]) -> pd.DataFrame:
        """A line a moment, with its time; nothing is said of moments with gaps."""
        frame = pd.DataFrame({name: np.where(self.known, values, np.nan) for name, values in told.items()})
        if self.times is not None:
            frame.insert(0, str(self.times.name), self.times.to_numpy())
        return frame


def odd_moments(
    fitted: Fitted[Any], data: Any, calibration: Any = None, *, by: Strangeness = Likelihood()
) -> pd.DataFrame:
    """Each moment's `score` by a model of windows, and its `p_value` and `q_value` beside a record of usual moments."""
    record = Record.read(data)
    score = moment_scores(fitted, record, by=by)
    if calibration is None:
        return record.framed({"score": score})
    usual, length = Record.read(calibration), window_of(fitted)
    return judged(record, score, maxima(moment_scores(fitted, usual, by=by), usual.known, length), length)


def moment_scores(fitted: Fitted[Any], record: Record, *, by: Strangeness = Likelihood()) -> Array:
    """(1)"""
    codec, length = codec_of(fitted), window_of(fitted)
    cut = Windows(length=length, stride=1, relative=codec.relative, volatility=codec.memory)
    lacking = [name for name in codec.channels if name not in record.channels]
    if lacking or len(record) < length + cut.lead:
        what = f"{len(record)} moments of {', '.join(record.channels)}"
        raise WrongRows(what, expected=f"{', '.join(codec.channels)}, at least {length + cut.lead} moments")
    values = record.values[:, [record.channels.index(name) for name in codec.channels]]
    starts = cut.starts(len(values))[:, None]
    before = values[starts + np.arange(-cut.lead, 0)] if cut.lead else None
    stack = values[starts + np.arange(length)]
    panel = Panel(stack, codec.channels, codec.space.levels, windows=True, relative=codec.relative, before=before)
    score = np.where(record.whole(length)[cut.lead :], by.scores(fitted, panel), np.nan)
    return over_moments(score, length, len(values), cut.lead)


def codec_of(fitted: Fitted[Any]) -> SeriesCodec:
    """How its windows are told."""
    if not isinstance(fitted.codec, SeriesCodec):
        told = f"{fitted.name}, a model of {fitted.codec.reads.word}, has no windows"
        raise CannotAnswer(told, expected="a model of windows of a record (likely fit RECORD --window 48)")
    return fitted.codec


def window_of(fitted: Fitted[Any]) -> int:
    """Moments in each window."""
    return codec_of(fitted).space.length


def over_moments(windows: Array, length: int, moments: int, first: int = 0) -> Array:
    """(1): the mean over windows that hold each moment, without those that are NaN; NaN where none is left.

    Moments before the first window are told as that one.
    """
    there = ~np.isnan(windows)
    finite = np.clip(windows[there], -1e30, 1e30)
    centre = finite.mean() if len(finite) else 0.0
    apart = np.zeros(len(windows))
    apart[there] = finite - centre
    at = np.maximum(np.arange(moments) - first, 0)
    begin, end = np.maximum(at - length + 1, 0), np.minimum(at, len(windows) - 1)
    total, count = (_between(each, begin, end) for each in (apart, there.astype(np.float64)))
    return np.where(count > 0, total / np.maximum(count, 1.0) + centre, np.nan)


def _between(values: Array, begin: Array, end: Array) -> Array:
    """Sums of values from places to places, both with."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[end + 1] - sums[begin]


def maxima(score: Array, known: Array, length: int) -> Array:
    """The highest score in each stretch of so many moments, one after another; a rest at the end is left out."""
    whole = len(score) // length * length
    return np.where(known & ~np.isnan(score), score, -np.inf)[:whole].reshape(-1, length).max(1)


def judged(record: Record, score: Array, held: Array, length: int) -> pd.DataFrame:
    """A line a moment: its score, and its p-value and q-value beside the stretches of a usual record."""
    return told_of(record, score, p_values(score, np.sort(held)), length)  # (3)


def told_of(record: Record, score: Array, p: Array, length: int) -> pd.DataFrame:
    """The same, with p-values that are known; nothing is said of moments in gaps or too near to them."""
    p = np.where(record.known & ~np.isnan(score), p, 1.0)
    lowest = np.sort(-maxima(-p, record.known, length)) if len(p) >= length else p.min(keepdims=True)
    values, place = np.unique(p, return_inverse=True)
    met = np.maximum(np.searchsorted(lowest, values, side="right"), 1)
    q = np.minimum.accumulate((len(lowest) * values / met)[::-1])[::-1]  # (4)
    told = {"score": score, "p_value": p, "q_value": np.minimum(q, 1.0)[place]}
    return record.framed({name: np.where(np.isnan(score), np.nan, each) for name, each in told.items()})


def usual_period(values: Array) -> int | None:
    """The lag in 3 .. 303 of the highest peak of the autocorrelation, the mean over channels; None without a peak."""
    part = values[:LOOKED] - values[:LOOKED].mean(0)
    part = part / np.where(part.std(0) > 0, part.std(0), 1.0)
    power = np.abs(np.fft.rfft(part, 2 * len(part), axis=0)) ** 2
    told = np.fft.irfft(power.sum(1))[: min(LONGEST + 2, len(part))]
    peaks = SHORTEST + 1 + np.flatnonzero((np.diff(told[SHORTEST:])[:-1] > 0) & (np.diff(told[SHORTEST:])[1:] < 0))
    return int(peaks[told[peaks].argmax()]) if len(peaks) else None


def is_record(table: Table) -> bool:
    """Whether a table looks like moments of a record: first times that rise, then numbers alone."""
    first, rest = table.schema.columns[0], table.schema.names[1:]
    numbers = all(pd.api.types.is_numeric_dtype(table.frame[name].dtype) for name in rest)
    timed = first.kind == "date" or first.name.lower() in set(TIMES) - {"index", "t"}  # which may count any rows
    return bool(timed and rest and numbers and _back(table.frame[first.name]) is None)


def strangest(score: Array, most: int, apart: int) -> list[int]:
    """The oddest moments, each at least so far from the others."""
    left, found = np.nan_to_num(score.astype(np.float64), nan=-np.inf), []
    while len(found) < most and np.isfinite(left).any():
        found.append(int(left.argmax()))
        left[max(0, found[-1] - apart + 1) : found[-1] + apart] = -np.inf
    return found


def _table(data: Any) -> Table:
    if isinstance(data, np.ndarray):
        if data.ndim not in (1, 2) or not np.issubdtype(data.dtype, np.number):
            raise WrongRows(f"an array of shape {data.shape}, {data.dtype}", expected="numbers (T,) or (T, D)")
        columns = data.reshape(len(data), -1)
        data = pd.DataFrame(columns, columns=[f"channel_{place + 1}" for place in range(columns.shape[1])])
    rows = data if isinstance(data, Table) else read(data)
    if not isinstance(rows, Table):
        raise WrongRows(f"these rows are {rows.word}", expected="one record: a table with a row a moment")
    return rows


def _back(times: pd.Series) -> int | None:
    """The first place whose time is missing, or not after the one before."""
    plain = pd.api.types.is_numeric_dtype(times.dtype)
    told = times if plain else pd.to_datetime(times, errors="coerce", format="mixed")
    after = (told > told.shift()).to_numpy()[1:]
    return None if after.all() else int((~after).argmax()) + 1


def _bridged(values: Array, channels: tuple[str, ...]) -> Array:
    """Gaps as straight lines between what is known about them."""
    filled, at = values.copy(), np.arange(len(values))
    for place, name in enumerate(channels):
        gone = np.isnan(values[:, place])
        if gone.mean() > MOST_UNKNOWN:
            raise EmptyData(f"{gone.mean():.0%} of channel '{name}' is missing", expected="values at most moments",
                            remedy="leave the column out")  # fmt: skip
        filled[gone, place] = np.interp(at[gone], at[~gone], values[~gone, place])
    return filled
