"""Reliability: of the rows that a classifier is 90 % sure of, are 90 % right?

Rows are sorted by the probability of their most probable class and cut into bins of about equally many. A naive Bayes
whose columns depend on each other counts the same evidence several times, and is surer than it should be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.metrics.measure import Measure, mean, share, wilson

Array = np.ndarray[Any, Any]
TINY = 1e-300  # a probability of 0 is taken to be this
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Rows of about the same confidence."""

    rows: int
    confidence: float  # the mean probability of the predicted class
    right: float  # the share of predictions that are right
    low: float  # its 95 % interval
    high: float


@dataclass(frozen=True)
class Reliability:
    """How good and how honest predicted probabilities are."""

    bins: tuple[Bin, ...]
    measures: dict[str, Measure]

    @property
    def error(self) -> Measure:
        return self.measures["error"]

    @property
    def overconfidence(self) -> Measure:
        return self.measures["overconfidence"]


def reliability(p: Array, truth: Array, *, bins: int = BINS) -> Reliability:
    """Of probabilities (B, K) and the true classes (B,); -1 is a class that the classifier does not know."""
    rows, size = np.arange(len(p)), (len(p), 0)
    chosen, known = p.argmax(1), truth >= 0
    sure, right = p[rows, chosen], chosen == truth
    told = np.where(known, p[rows, truth.clip(0)], 0.0)
    hot = (np.arange(p.shape[1]) == truth[:, None]).astype(float)
    found = _bins(sure, right, bins)
    gap = sum(each.rows * abs(each.confidence - each.right) for each in found) / max(len(p), 1)
    measures = [
        share("error", ~right, size, 0.0, "rows whose most probable class is not theirs"),
        mean("log loss", -np.log(np.maximum(told, TINY)), size, 0.0, "minus the log of the true class's probability"),
        mean("Brier score", ((p - hot) ** 2).sum(1) + ~known, size, 0.0, "squared distance from the true class"),
        mean("overconfidence", sure - right, size, 0.0, "mean confidence minus the share of right predictions"),
        Measure("calibration error", gap, gap, gap, size, 0.0, "mean distance of confidence from the share of right"),
    ]
    return Reliability(found, {measure.name: measure for measure in measures})


def _bins(sure: Array, right: Array, bins: int) -> tuple[Bin, ...]:
    order = np.argsort(sure, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, max(len(order), 1))) if len(part)]
    return tuple(_bin(sure[part], right[part]) for part in parts)


def _bin(sure: Array, right: Array) -> Bin:
    hit = float(right.mean())
    return Bin(len(sure), float(sure.mean()), hit, *wilson(hit, len(sure)))
