"""Do single columns, and pairs of them, look alike? Distances in [0, 1]: 0 is ideal.

Intervals are the jackknife's over rows, a tenth of both sides left out at a time.
"""

# scipy's and scikit-learn's hints are narrower than what they take
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from likely.data import Rows
from likely.metrics.features import categorical, codes, named, sampled
from likely.metrics.measure import Measure, Z

Array = np.ndarray[Any, Any]
MOST = 3000  # rows a side
MOST_COLUMNS, MOST_PAIRED = 100, 25  # columns looked at, drawn at random from more
BINS, LEVELS = 8, 20  # of a number and of a category in a two-way table
PARTS = 10  # of the jackknife


def marginals(real: Rows, synthetic: Rows, *, seed: int = 0) -> Measure:
    """The mean distance of single columns: Kolmogorov-Smirnov for numbers, total variation for categories."""
    a, b, kinds, names = _matrices(real, synthetic, MOST_COLUMNS, seed)

    def distances(left: Array, right: Array) -> dict[str, float]:
        return {name: _distance(left[:, j], right[:, j], kinds[j]) for j, name in enumerate(names)}

    return _measured("marginals", a, b, distances, f"mean distance over {len(names)} columns", seed)


def pairs(real: Rows, synthetic: Rows, *, seed: int = 0) -> Measure | None:
    """The mean distance of pairs of columns: of rank correlations, or of two-way tables; None of a single column."""
    a, b, kinds, names = _matrices(real, synthetic, MOST_PAIRED, seed)
    chosen = list(combinations(range(len(names)), 2))
    if not chosen:
        return None
    places = [_places(a[:, j], b[:, j], kind) for j, kind in enumerate(kinds)]
    placed = [np.stack([place[side] for place in places], 1) for side in (0, 1)]
    tables = [(i, j) for i, j in chosen if kinds[i] or kinds[j]]

    def distances(left: Array, right: Array) -> dict[str, float]:
        (ranks, cells), (others, their_cells) = (np.split(side, 2, 1) for side in (left, right))
        apart = np.abs(_correlations(ranks) - _correlations(others)) / 2
        found = {(i, j): float(apart[i, j]) for i, j in chosen}
        found |= {pair: _variation(_joined(cells, pair), _joined(their_cells, pair)) for pair in tables}
        return {f"{names[i]} × {names[j]}": far for (i, j), far in found.items()}

    both = [np.concatenate([matrix, cells], 1) for matrix, cells in zip((a, b), placed, strict=True)]
    return _measured("pairs", *both, distances, f"mean distance over {len(chosen)} pairs of columns", seed)


def _matrices(real: Rows, synthetic: Rows, most: int, seed: int) -> tuple[Array, Array, list[bool], list[str]]:
    """Codes of some columns of some rows, which of them are categories, and their names."""
    real, synthetic = sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1)
    (a, b), kinds, names = codes(real, synthetic), categorical(real), named(real)
    kept = np.sort(np.random.default_rng(seed).permutation(len(names))[:most])
    return a[:, kept], b[:, kept], [kinds[j] for j in kept], [names[j] for j in kept]


def _measured(
    name: str, a: Array, b: Array, distances: Callable[[Array, Array], dict[str, float]], note: str, seed: int
) -> Measure:
    found = distances(a, b)
    value = float(np.mean(list(found.values())))
    half = Z * jackknife(a, b, lambda left, right: float(np.mean(list(distances(left, right).values()))), seed)
    return Measure(
        name, value, max(value - half, 0.0), min(value + half, 1.0), (len(a), len(b)), 0.0, note, found, "marginals"
    )


def jackknife(a: Array, b: Array, statistic: Callable[[Array, Array], float], seed: int) -> float:
    """The standard error of a statistic of two samples, leaving out a part of both at a time."""
    parts = min(PARTS, len(a), len(b))
    if parts < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    left, right = (rng.permutation(len(side)) % parts for side in (a, b))
    values = np.array([statistic(a[left != part], b[right != part]) for part in range(parts)])
    return float(np.sqrt((parts - 1) * values.var()))


def _distance(a: Array, b: Array, category: bool) -> float:
    if category:
        return _variation(*((np.nan_to_num(side, nan=-1.0) + 1).astype(int) for side in (a, b)))
    gap = abs(float(np.isnan(a).mean() - np.isnan(b).mean()))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    return max(gap, kolmogorov(a, b)) if len(a) and len(b) else gap


def kolmogorov(a: Array, b: Array) -> float:
    """The largest distance between two empirical distribution functions."""
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    apart = np.searchsorted(a, both, "right") / len(a) - np.searchsorted(b, both, "right") / len(b)
    return float(np.abs(apart).max())


def _variation(a: Array, b: Array) -> float:
    """The total variation of two samples of whole numbers from 0."""
    levels = max(a.max(), b.max()) + 1
    shares = [np.bincount(side, minlength=levels) / len(side) for side in (a, b)]
    return 0.5 * float(np.abs(shares[0] - shares[1]).sum())


def _correlations(matrix: Array) -> Array:
    """Rank correlations of the rows where both are there; a column without spread has none."""
    return pd.DataFrame(matrix).corr(method="spearman", min_periods=3).fillna(0.0).to_numpy()


def _places(a: Array, b: Array, category: bool) -> tuple[Array, Array]:
    """Cells as few whole numbers: missing is 0; frequent categories, or numbers between the real quantiles, follow."""
    seen = a[~np.isnan(a)]
    if category:
        levels, counts = np.unique(seen, return_counts=True)
        edges = np.sort(levels[np.argsort(-counts, kind="stable")[:LEVELS]])
        own = [np.where(np.isin(side, edges), np.searchsorted(edges, side), len(edges)) for side in (a, b)]
    else:
        edges = np.unique(np.quantile(seen, np.linspace(0, 1, BINS + 1)))[1:] if len(seen) else seen
        own = [np.searchsorted(edges, side, "right") for side in (a, b)]
    return tuple(np.where(np.isnan(side), 0, place + 1) for side, place in zip((a, b), own, strict=True))


def _joined(cells: Array, pair: tuple[int, int]) -> Array:
    return (cells[:, pair[0]] * (BINS + LEVELS + 3) + cells[:, pair[1]]).astype(int)
