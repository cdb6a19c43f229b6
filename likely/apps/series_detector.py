r"""Odd moments of a record that nobody has labelled, without a model: kernel densities of its windows.

    w_t    = the T moments from t on, told by the means of a few dozen stretches of them                             (1)
    v_t    = (w_t - mean w_t) / max(spread of w_t, a little): the shape, whatever the level                          (2)
    p_k(w) = mean_{i in R_k} N(w; w_i, h_k^2 I)    R_k some windows that share no moment with part k of the record   (3)
    h_k    = argmax_h median_{t in part k} log p_k(w_t)                                                              (4)
    u(t)   = (-log p_k(w_t) - median) / (90 % - 50 % quantile),   t in part k, quantiles over the whole record       (5)
    s(t)   = mean of u over the views (1) and (2), then over the windows that hold t                                 (6)
    p(t)   = (1 + #{stretches far from t: max s >= s(t)}) / (1 + stretches far from t),   of T moments each          (7)

The whole record is looked at, without labels, later moments too: no part is learned from when it is judged. Far is half
a part away or more. (7) compares with whole stretches, since the moments of one are alike; it is valid where far ones
are as they should be, cautious where odd ones are among them, and as small as their number allows. T is a period.

Cross-conformal Predictors (Vovk, 2015), Annals of Mathematics and Artificial Intelligence 74
"""

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import pandas as pd
import torch

from likely.apps.detector import Expert, Member, expert, log_kernels, usual
from likely.apps.moments import Record, judged, maxima, over_moments, told_of, usual_period
from likely.apps.strange import p_values
from likely.contracts import Family
from likely.errors import EmptyData, FieldError, WrongRows

Array = np.ndarray[Any, Any]
WIDTHS = torch.logspace(-2.0, 0.5, 14).tolist()  # tried, in standard deviations
AGED, SHORT = 125, 48  # moments of a window where nothing is periodic; the fewest, where the record is long enough
STRETCHES, FEWEST = 64, 8  # numbers that tell a window, over all channels; of one channel
TIMES_OVER, LEAST = 8, 80  # a record is so many windows long; its fewest moments
FLAT = 0.05  # (2): the least spread, in that of the record
BLOCKS = 50  # of a record, whose moments are compared with the same others in (7)
TRIED = 300  # windows that (4) looks at


@final
@dataclass(frozen=True, kw_only=True)
class SeriesDetector:
    """How a record is looked through."""

    length: int | None = None  # moments of a window; none: a period, found from the autocorrelation
    parts: int = 5  # stretches that are judged by what was learned from the others: more learn from more
    windows: int = 2000  # that each density is of: more follows the record closer, and takes longer
    experts: tuple[Family[Any], ...] = ()  # families that learn the windows, too

    def __post_init__(self) -> None:
        if self.parts < 2 or self.windows < 2 or (self.length is not None and self.length < 2):
            told = f"SeriesDetector has length={self.length}, parts={self.parts} and windows={self.windows}"
            raise FieldError(told, expected="at least 2 of each")

    def fit(self, data: Any, *, seed: int = 0) -> "Watched":
        """What is usual in this record, odd moments among them or not."""
        record, chance = Record.read(data), np.random.default_rng(seed)
        look = Look.at(record, self.length_for(record))
        views, whole = look.views(record), record.whole(look.length)
        parts = np.array_split(np.arange(len(whole)), self.parts)
        seers = tuple(
            tuple(self._seer(view, part, whole, look.length, chance, seed) for part in parts) for view in views
        )
        told = [np.concatenate([mean_of(seen, view[part]) for seen, part in zip(row, parts)])
                for row, view in zip(seers, views, strict=True)]  # fmt: skip
        return Watched(record, look, seers, tuple(usual(each[whole]) for each in told), tuple(told))

    def length_for(self, data: Any) -> int:
        """The moments of a window of this record."""
        record = Record.read(data)
        most = len(record) // TIMES_OVER
        if len(record) < LEAST or (self.length is not None and self.length > most):
            least = max(LEAST, TIMES_OVER * (self.length or 0))
            raise EmptyData(f"{len(record)} moments do not say what is usual", expected=f"at least {least}",
                            remedy="" if self.length is None else "a shorter window")  # fmt: skip
        return self.length or min(max(usual_period(record.values) or AGED, SHORT), most)

    def _seer(
        self, view: Array, part: Array, whole: Array, length: int, chance: np.random.Generator, seed: int
    ) -> "Seer":
        """What is learned for one part from windows that share no moment with it."""
        at = np.flatnonzero(whole)
        inside, apart = at[np.isin(at, part)], at[(at < part[0] - length) | (at >= part[-1] + length)]
        if len(inside) < FEWEST or len(apart) < FEWEST:
            raise EmptyData("a part of the record is all gaps", expected="values at most moments of each part",
                            remedy="leave out what is missing")  # fmt: skip
        rows = np.sort(chance.choice(apart, min(self.windows, len(apart)), replace=False))
        held = np.sort(chance.choice(inside, min(TRIED, len(inside)), replace=False))
        own, shown = torch.from_numpy(view[rows]), torch.from_numpy(view[held])
        width = max(WIDTHS, key=lambda h: float(log_kernels(own, shown, h).median()))  # (4)
        density = Member(torch.arange(view.shape[1]), own, width, 0.0, 1.0)
        experts = (expert(family, view, rows, held, seed) for family in self.experts)
        return density, *(replace(each, middle=0.0, spread=1.0) for each in experts)


Seer = tuple[Member | Expert, ...]


@final
@dataclass(frozen=True)
class Look:
    """How windows of a record are told as numbers: (1) and (2)."""

    length: int
    centre: Array  # (D,)
    spread: Array

    @classmethod
    def at(cls, record: Record, length: int) -> "Look":
        spread = record.values.std(0)
        return cls(length, record.values.mean(0), np.where(spread > 0, spread, 1.0))

    def views(self, record: Record) -> tuple[Array, Array]:
        """Levels and shapes of all windows, one a moment later than the other."""
        values = (record.values - self.centre) / self.spread
        first, edges = np.arange(len(values) - self.length + 1), self._edges(values.shape[1])
        nothing = np.zeros((1, values.shape[1]))
        sums, squares = (np.concatenate([nothing, np.cumsum(each, 0)]) for each in (values, values**2))
        ends = sums[first[:, None] + edges]  # (windows, stretches + 1, D)
        level = np.diff(ends, axis=1) / np.diff(edges)[None, :, None]  # (1)
        mean = (sums[first + self.length] - sums[first]) / self.length
        second = (squares[first + self.length] - squares[first]) / self.length
        spread = np.sqrt(np.maximum(second - mean**2, FLAT**2))
        shape = (level - mean[:, None]) / spread[:, None]  # (2)
        return level.reshape(len(first), -1), shape.reshape(len(first), -1)

    def _edges(self, channels: int) -> Array:
        stretches = min(self.length, max(FEWEST, STRETCHES // channels))
        return np.linspace(0, self.length, stretches + 1).astype(int)


@final
@dataclass(frozen=True)
class Watched:
    """What is usual in a record, and how odd its moments are, or those of another one."""

    record: Record
    look: Look
    seers: tuple[tuple[Seer, ...], ...]  # of each view, of each part
    usual: tuple[tuple[float, float], ...]  # of each view: what (5) takes off and divides by
    own: tuple[Array, ...]  # of each view: -log p of the windows that were learned from, by the parts that have not

    def scores(self, data: Any = None) -> Array:
        """(6): how odd each moment is, around 0 is usual; none: the record that was looked through."""
        record = self.record if data is None else self._read(data)
        told = self.own if data is None else self._told(record)
        finite = (np.clip(each, -1e30, 1e30) for each in told)
        views = [(each - middle) / spread for each, (middle, spread) in zip(finite, self.usual, strict=True)]  # (5)
        whole = record.whole(self.look.length)
        return over_moments(np.where(whole, np.mean(views, 0), np.nan), self.look.length, len(record))

    def anomalies(self, data: Any = None) -> pd.DataFrame:
        """A line a moment: its time, `score`, `p_value` and `q_value`; NaN where the record has a gap."""
        own, length = self.scores(), self.look.length
        held = maxima(own, self.record.known, length)
        if data is not None:
            record = self._read(data)
            return judged(record, self.scores(record), held, length)
        p, at, far = np.ones(len(own)), np.arange(len(own)), len(own) / (2 * len(self.seers[0]))
        begins = np.arange(len(held)) * length
        for few in np.array_split(at, min(BLOCKS, len(own))):
            away = (begins + length <= few[0] - far) | (begins > few[-1] + far)
            p[few] = p_values(own[few], np.sort(held[away]))  # (7)
        return told_of(self.record, own, p, length)

    def _told(self, record: Record) -> list[Array]:
        """Of another record each view, by the mean over what was learned for each part."""
        views = self.look.views(record)
        return [np.mean([mean_of(seer, view) for seer in row], 0) for row, view in zip(self.seers, views, strict=True)]

    def _read(self, data: Any) -> Record:
        record = Record.read(data)
        if record.channels != self.record.channels or len(record) < self.look.length:
            what = f"a record of {len(record)} moments in the channels {', '.join(record.channels)}"
            least = f"{', '.join(self.record.channels)}, and at least {self.look.length} moments"
            raise WrongRows(what, expected=least)
        return record


def mean_of(seer: Seer, points: Array) -> Array:
    """-log p of each window, the mean over a part's densities."""
    return np.mean([each.scores(torch.from_numpy(points)) for each in seer], 0)
