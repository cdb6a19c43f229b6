"""Do single columns, and pairs of them, look alike? Distances in [0, 1]: 0 is ideal."""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import ks_2samp, spearmanr

from likely.data import Rows
from likely.metrics.features import categorical, codes, frame_of
from likely.metrics.measure import Measure, mean

Array = np.ndarray[Any, Any]
MOST_PAIRS = 300
BINS = 8


def marginals(real: Rows, synthetic: Rows) -> Measure:
    """The mean distance of single columns: Kolmogorov-Smirnov for numbers, total variation for categories."""
    (a, b), kinds, names = codes(real, synthetic), categorical(real), list(frame_of(real))
    found = {name: _distance(a[:, j], b[:, j], kinds[j]) for j, name in enumerate(names)}
    measured = mean("marginals", np.array(list(found.values())), (len(a), len(b)), 0.0, "mean distance over columns")
    return Measure(measured.name, measured.value, max(measured.low, 0.0), measured.high, measured.rows, 0.0, measured.note, found)


def _distance(a: Array, b: Array, category: bool) -> float:
    gap = abs(float(np.isnan(a).mean() - np.isnan(b).mean()))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if not len(a) or not len(b):
        return gap
    return max(gap, _total_variation(a, b) if category else float(ks_2samp(a, b).statistic))


def _total_variation(a: Array, b: Array) -> float:
    levels = np.unique(np.concatenate([a, b]))
    return 0.5 * float(np.abs((a[:, None] == levels).mean(0) - (b[:, None] == levels).mean(0)).sum())


def pairs(real: Rows, synthetic: Rows, *, seed: int = 0) -> Measure:
    """The mean distance of pairs of columns: the difference of rank correlations, or of two-way tables."""
    (a, b), kinds, names = codes(real, synthetic), categorical(real), list(frame_of(real))
    chosen = list(combinations(range(len(names)), 2))
    if len(chosen) > MOST_PAIRS:
        chosen = [chosen[i] for i in np.random.default_rng(seed).permutation(len(chosen))[:MOST_PAIRS]]
    if not chosen:
        return Measure("pairs", float("nan"), float("nan"), float("nan"), (len(a), len(b)), 0.0, "only one column")
    found = {f"{names[i]} × {names[j]}": _pair_distance(a[:, [i, j]], b[:, [i, j]], (kinds[i], kinds[j])) for i, j in chosen}
    measured = mean("pairs", np.array(list(found.values())), (len(a), len(b)), 0.0, f"mean distance over {len(chosen)} pairs")
    return Measure(measured.name, measured.value, max(measured.low, 0.0), measured.high, measured.rows, 0.0, measured.note, found)


def _pair_distance(a: Array, b: Array, kinds: tuple[bool, bool]) -> float:
    if not any(kinds):
        return abs(_rank_correlation(a) - _rank_correlation(b)) / 2
    edges = [_edges(a[:, j], kind) for j, kind in enumerate(kinds)]
    return 0.5 * float(np.abs(_two_way(a, edges) - _two_way(b, edges)).sum())


def _rank_correlation(pair: Array) -> float:
    there = pair[~np.isnan(pair).any(1)]
    if len(there) < 3 or (there == there[0]).all(0).any():
        return 0.0
    return float(spearmanr(there[:, 0], there[:, 1]).statistic)


def _edges(column: Array, category: bool) -> Array:
    seen = column[~np.isnan(column)]
    if category or not len(seen):
        return np.arange(-0.5, np.nanmax(column, initial=0) + 1.5)
    return np.unique(np.quantile(seen, np.linspace(0, 1, BINS + 1)))


def _two_way(pair: Array, edges: list[Array]) -> Array:
    """The two-way table of shares; missing cells are a level of their own, values outside fall in the last bins."""
    places = [np.where(np.isnan(pair[:, j]), 0, np.searchsorted(edges[j][1:-1], np.nan_to_num(pair[:, j])) + 1) for j in (0, 1)]
    table = np.zeros([len(edge) + 1 for edge in edges])
    np.add.at(table, tuple(places), 1.0)
    return table / max(len(pair), 1)
