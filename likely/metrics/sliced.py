r"""Sliced Wasserstein distance: how far apart the two lie along every direction, on average.

    W = E_u int |F_u(t) - G_u(t)| dt,   u a direction drawn uniformly, F_u and G_u the laws of u . x and u . y    (1)

in one dimension the work of carrying one law onto the other. F_u - G_u of equal laws is about normal with variance
(1 / m + 1 / n) F (1 - F), so that equal laws get

    sqrt(2 / pi) sqrt(1 / m + 1 / n) E_u int sqrt(F_u (1 - F_u)) dt                                      (2)

which is the ideal here. Its interval is a jackknife over groups of rows. Rabin et al. (2011), Bonneel et al. (2015)
"""

from typing import Any

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, Z
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 5000  # rows a side
DIRECTIONS = 100
GROUPS = 20  # of rows left out together, for the interval
FEWEST = 2 * GROUPS


def sliced_distance(real: Rows, synthetic: Rows, *, sight: Sight = PLAIN, seed: int = 0) -> Measure | None:
    """The distance of synthetic rows from real ones; none where there are too few of either."""
    x, y = sight.points(sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1))
    if min(len(x), len(y)) < FEWEST or not x.shape[1]:
        return None
    with one_thread():
        value, stderr, ideal = of_points(x, y, seed)
    note = f"mean distance of the laws along {DIRECTIONS} directions; the ideal is what equal laws get at these sizes"
    low, high = max(value - Z * stderr, 0.0), value + Z * stderr
    return Measure("sliced Wasserstein", value, low, high, (len(x), len(y)), ideal, note).within(
        "two-sample", sight.name
    )


def of_points(x: Array, y: Array, seed: int = 0, directions: int = DIRECTIONS) -> tuple[float, float, float]:
    """(1) of two samples, its standard error, and (2)."""
    along = np.random.default_rng(seed).normal(size=(directions, x.shape[1]))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    found = np.mean([_along(x @ u, y @ u, seed) for u in along], 0)
    without = found[1:-1].reshape(2, GROUPS)
    return float(found[0]), float(np.sqrt((GROUPS - 1) * without.var(1).sum())), float(found[-1])


def _along(x: Array, y: Array, seed: int) -> Array:
    """In one dimension: (1), the same without each group of either side, and (2)."""
    m, n = len(x), len(y)
    both = np.concatenate([x, y])
    order = np.argsort(both, kind="stable")
    gaps, first = np.diff(both[order]), order < m
    group = np.where(first, order % GROUPS, (order - m) % GROUPS)  # rows are in no order that matters
    f, g = np.cumsum(first) / m, np.cumsum(~first) / n
    value = (np.abs(f - g)[:-1] * gaps).sum()  # (1)
    without = [_without(first & (group == each), f, g, m, gaps) for each in range(GROUPS)]
    without += [_without(~first & (group == each), g, f, n, gaps) for each in range(GROUPS)]
    pooled = np.arange(1, m + n) / (m + n)
    ideal = np.sqrt(2 / np.pi * (1 / m + 1 / n)) * (np.sqrt(pooled * (1 - pooled)) * gaps).sum()  # (2)
    return np.array([value, *without, ideal])


def _without(out: Array, own: Array, other: Array, rows: int, gaps: Array) -> float:
    left = (own * rows - np.cumsum(out)) / (rows - out.sum())
    return float((np.abs(left - other)[:-1] * gaps).sum())
