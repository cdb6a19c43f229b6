r"""Learning curves: the error of each family against the number of examples, and where two of them cross.

A generative classifier needs few rows to reach its error, which is not always the lowest; its discriminative partner
reaches a lower one with more. (On Discriminative vs. Generative Classifiers, Ng & Jordan, 2001)

Every repeat deals the rows anew into test rows and a pool, and takes the first m rows of the pool for every size m, so
that families are compared on the same rows. Intervals are over repeats, which share rows: they tell how much another
deal of these rows would change the curve, and are a little too narrow for other rows of the same kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from likely.apps.compare import contenders_of
from likely.apps.labelled import USUAL, Array, Labelled, Listen, labelled
from likely.apps.measure import source_of
from likely.errors import EmptyData, FieldError
from likely.training import Engine

SHARE_TESTED, MOST_TESTED = 0.25, 2000
FEWEST, SIZES, REPEATS = 10, 9, 20
RESAMPLED = 500  # times that repeats are drawn anew, for the crossing's interval


@dataclass(frozen=True)
class Curve:
    """One family's errors on unseen rows."""

    name: str
    family: Any
    errors: Array  # (repeats, sizes)

    @property
    def mean(self) -> Array:
        return self.errors.mean(0)

    @property
    def half(self) -> Array:
        """Half of the 95 % interval of each mean."""
        return half_width(self.errors)


@dataclass(frozen=True)
class Crossing:
    """Which of two families errs less, and from where on the other."""

    first: str  # ahead at the fewest rows
    second: str
    rows: float | None  # where the second goes ahead for good; None: it never does
    low: float | None  # the 95 % interval; None: beyond the largest size
    high: float | None
    start: float  # the first's error minus the second's at the fewest rows, with half its interval
    start_half: float
    end: float  # and at the most
    end_half: float


@dataclass(frozen=True)
class LearningCurve:
    """The curves of all families on one table."""

    source: str
    target: str
    classes: int
    rows: int
    sizes: tuple[int, ...]
    curves: tuple[Curve, ...]
    crossings: tuple[Crossing, ...]
    baseline: float  # the error of always guessing the most frequent class
    repeats: int
    seed: int

    def __str__(self) -> str:
        from likely.apps.told_curve import told

        return told(self)


def learning_curve(
    data: Any,
    target: str,
    families: Sequence[Any] | str = USUAL,
    *,
    sizes: Sequence[int] | None = None,
    repeats: int = REPEATS,
    budget: str | int | None = None,
    seed: int = 0,
    schema: Any = None,
    listener: Listen | None = None,
) -> LearningCurve:
    """The error of telling `target` against the number of examples, with intervals over repeated random subsets."""
    known, chosen = labelled(data, target, schema=schema), contenders_of(families)
    if repeats < 2:
        raise FieldError(f"{repeats} repeats give no interval", expected="at least 2, better 20")
    tested = min(round(SHARE_TESTED * len(known.truth)), MOST_TESTED)
    steps = _sizes(sizes, len(known.truth) - tested, len(known.classes))
    heard = {name: tuple((listener or (lambda name: ()))(name)) for name in chosen}
    told = {name: np.empty((repeats, len(steps))) for name in chosen}
    for turn in range(repeats):
        order = np.random.default_rng([seed, turn]).permutation(len(known.truth))
        test, pool = known.take(np.sort(order[:tested])), order[tested:]
        for at, size in enumerate(steps):
            part = known.take(pool[:size])
            for name, family in chosen.items():
                told[name][turn, at] = error_of(part, test, family, budget, seed + turn, heard[name])
    curves = tuple(Curve(name, family, told[name]) for name, family in chosen.items())
    crossings = tuple(crossing(a, b, steps, seed) for a, b in combinations(curves, 2))
    often = np.bincount(known.truth).max() / len(known.truth)
    return LearningCurve(
        source_of(data),
        target,
        len(known.classes),
        len(known.truth),
        steps,
        curves,
        crossings,
        1 - often,
        repeats,
        seed,
    )


def error_of(part: Labelled, test: Labelled, family: Any, budget: Any, seed: int, listeners: Sequence[Any]) -> float:
    """The share of test rows whose most probable class is not theirs."""
    fitted = part.fitted(family, budget=budget, seed=seed, engine=Engine(probe=False), listeners=listeners)
    return float((test.probabilities(fitted).argmax(1) != test.truth).mean())


def _sizes(sizes: Sequence[int] | None, most: int, classes: int) -> tuple[int, ...]:
    """As asked for, or evenly on a logarithm up to all rows that are not tested on."""
    if sizes is not None:
        found = tuple(sorted({int(size) for size in sizes}))
        if not found or found[0] < 1 or found[-1] > most:
            raise FieldError(f"sizes {found} do not fit the rows", expected=f"from 1 to {most:,} rows")
        return found
    fewest = max(FEWEST, 2 * classes)
    if most < 2 * fewest:
        raise EmptyData(f"{most} rows to learn from are too few for a curve", expected=f"about {3 * fewest} or more")
    return tuple(sorted({round(size) for size in np.geomspace(fewest, most, SIZES)}))


def half_width(values: Array) -> Array:
    """Half of the 95 % interval of each column's mean."""
    repeats = len(values)
    return stats.t.ppf(0.975, repeats - 1) * values.std(0, ddof=1) / repeats**0.5


def crossing(a: Curve, b: Curve, sizes: Sequence[int], seed: int = 0) -> Crossing:
    """Of two curves: who is ahead first, and from where on the other one; its interval by drawing repeats anew."""
    gap = a.errors - b.errors
    if gap.mean(0)[0] > 0 or (gap.mean(0)[0] == 0 and gap.mean(0)[-1] < 0):
        a, b, gap = b, a, -gap
    rng, logs = np.random.default_rng(seed), np.log(np.asarray(sizes, dtype=float))
    drawn = [_crossed(gap[rng.integers(0, len(gap), len(gap))].mean(0), logs) for _ in range(RESAMPLED)]
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    half, place = half_width(gap), _crossed(gap.mean(0), logs)
    return Crossing(
        a.name, b.name, _finite(place), _finite(low), _finite(high),
        float(gap.mean(0)[0]), float(half[0]), float(gap.mean(0)[-1]), float(half[-1]),
    )  # fmt: skip


def _crossed(gap: Array, logs: Array) -> float:
    """log of the size from which the gap stays above 0; infinite where it does not end there."""
    if gap[-1] <= 0:
        return float("inf")
    below = np.flatnonzero(gap <= 0)
    if not len(below):
        return float(logs[0])
    at = below[-1]
    return float(logs[at] + (logs[at + 1] - logs[at]) * -gap[at] / (gap[at + 1] - gap[at]))


def _finite(log_rows: float) -> float | None:
    return float(np.exp(log_rows)) if np.isfinite(log_rows) else None
