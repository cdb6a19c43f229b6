r"""Odd stretches of a series: is a score of moments high on them, or at least near them?

    w_l(t)    = min(1, sum_s sqrt(1 - d(t, s) / l)) over labelled stretches s at a distance d <= l/2; 1 within one   (1)
    TP_k      = sum of w_l over the k moments of the highest scores                                                  (2)
    recall    = min(1, TP_k / (n_1 + 1/2 sum of w_l over those of the k next to stretches)) * (stretches met) / all  (3)
    precision = TP_k / k                                                                                             (4)
    AP_l      = sum_k (recall_k - recall_{k'}) precision_k,   k' the threshold before k                              (5)
    VUS-PR    = mean of AP_l over l = 0, 1, ..., L                                                                   (6)

n_1 counts labelled moments. Every value of the score is a threshold, and ties fall together; stretches whose buffers
meet count as one in (3). Of one stretch AP_0 is the average precision. TSB-AD looks at 250 thresholds, evenly spaced in
rank: `thresholds=250`. A score that says nothing gets about the mean of w_l over all moments (`chance`).

Volume Under the Surface (Paparrizos et al., 2022), PVLDB 15(11); The Elephant in the Room (Liu & Paparrizos, 2024)
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.errors import WrongRows

Array = np.ndarray[Any, Any]


def vus_pr(labels: Any, score: Any, window: int, *, thresholds: int | None = None) -> float:
    """(6): the volume under the precision-recall surface, buffers being up to `window` long in all.

    `labels` is 1 where a moment is odd; a higher score is odder. None of the thresholds is left out unless so many are
    asked for.
    """
    return float(np.mean(range_average_precisions(labels, score, window, thresholds=thresholds)))


def range_average_precisions(labels: Any, score: Any, window: int, *, thresholds: int | None = None) -> Array:
    """(5) for l = 0, 1, ..., window."""
    odd, told = _checked(labels, score, window)
    counts = len(told) - np.searchsorted(np.sort(told), told)  # k at the threshold of each moment's own score
    levels = _levels(counts, thresholds)
    near = Near.of(odd, window).by(counts)
    return np.array([_average_precision(odd, counts, levels, near, each) for each in range(window + 1)])


def chance(labels: Any, window: int) -> float:
    """What a score gets that is the same everywhere: the mean of (1) over moments and buffers."""
    odd, _ = _checked(labels, np.zeros(len(np.asarray(labels))), window)
    near = Near.of(odd, window)
    return float(np.mean([near.weight(each).sum() for each in range(window + 1)]) / len(odd))


def stretches(odd: Array) -> tuple[Array, Array]:
    """The first and the last moment of each run of odd ones."""
    steps = np.diff(np.concatenate([[0], np.asarray(odd, dtype=np.int8), [0]]))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1


@final
@dataclass(frozen=True)
class Near:
    """The moments that weigh anything, and how far from each the nearest two stretches are."""

    places: Array
    within: Array
    nearest: Array
    second: Array

    @classmethod
    def of(cls, odd: Array, window: int) -> "Near":
        first, last = stretches(odd)
        at, far = np.arange(len(odd)), 2 * len(odd) + window
        own = np.searchsorted(first, at, side="right") + 1  # of the padded ends: the last stretch that has begun
        begun, ended = np.pad(first, 2, constant_values=(-far, far)), np.pad(last, 2, constant_values=(-far, far))
        away = np.abs(np.stack([at - ended[own], at - ended[own - 1], begun[own + 1] - at, begun[(own + 2)] - at]))
        nearest, second = np.partition(away, 1, axis=0)[:2]
        places = np.flatnonzero(odd | (nearest <= window // 2))
        return cls(places, odd[places], nearest[places], second[places])

    def by(self, counts: Array) -> "Near":
        """In the order in which thresholds raise them."""
        order = np.argsort(counts[self.places], kind="stable")
        return Near(self.places[order], self.within[order], self.nearest[order], self.second[order])

    def weight(self, window: int) -> Array:
        """(1): two terms make at least 1."""
        one = self.nearest <= window // 2
        lone = np.where(one, np.sqrt(1 - np.where(one, self.nearest, 0) / max(window, 1)), 0.0)
        return np.where(self.within | (self.second <= window // 2), 1.0, lone)


def _checked(labels: Any, score: Any, window: int) -> tuple[Array, Array]:
    """Labels as booleans and scores as numbers, one a moment each, some odd and none unknown."""
    odd, told = np.asarray(labels), np.asarray(score, dtype=np.float64)
    if odd.ndim != 1 or odd.shape != told.shape:
        what = f"labels of shape {odd.shape} beside scores of shape {told.shape}"
        raise WrongRows(what, expected="one of each a moment")
    if not np.isin(odd, (0, 1)).all() or not odd.any():
        raise WrongRows("labels are not 0 and 1, or no moment is odd", expected="1 where a moment is odd, 0 elsewhere")
    if np.isnan(told).any():
        raise WrongRows(f"{np.isnan(told).sum()} moments have no score", expected="a number for each")
    if window < 0:
        raise WrongRows(f"a window of {window} moments", expected="0 or more")
    return odd.astype(bool), told


def _levels(counts: Array, thresholds: int | None) -> Array:
    """How many moments each threshold raises, ascending."""
    if thresholds is None:
        return np.unique(counts)
    places = np.linspace(0, len(counts) - 1, thresholds).astype(int)
    return np.unique(np.sort(counts)[places])


def _average_precision(odd: Array, counts: Array, levels: Array, near: Near, window: int) -> float:
    """(5): only moments that weigh something add to (2) and (3)."""
    weight = near.weight(window)
    raised = np.searchsorted(counts[near.places], levels, side="right")  # of those near, at each threshold
    hits = np.concatenate([[0.0], np.cumsum(weight)])[raised]  # (2)
    beside = np.concatenate([[0.0], np.cumsum(np.where(near.within, 0.0, weight))])[raised]
    recall = np.minimum(1.0, hits / (odd.sum() + beside / 2)) * _met(odd, counts, levels, window)  # (3)
    return float(np.diff(recall, prepend=0.0) @ (hits / levels))  # (4), (5)


def _met(odd: Array, counts: Array, levels: Array, window: int) -> Array:
    """The share of stretches, buffers included, in which each threshold raises a moment."""
    first, last = stretches(odd)
    apart = last[:-1] + window // 2 < first[1:] - window // 2
    starts = np.maximum(np.concatenate([first[:1], first[1:][apart]]) - window // 2, 0)
    ends = np.minimum(np.concatenate([last[:-1][apart], last[-1:]]) + window // 2, len(odd) - 1)
    bounds = np.stack([starts, ends + 1], 1).ravel()
    earliest = np.minimum.reduceat(np.append(counts, len(counts) + 1), bounds)[::2]
    return np.searchsorted(np.sort(earliest), levels, side="right") / len(earliest)
