r"""Profiles: each row is a curve (a spectrum, an autocorrelation); two samples are as far apart as their mean curves.

    D = mean_l |mean_i a_il - mean_j b_jl|                                                              (1)

Equal laws leave a normal difference at each l, whose mean absolute value is what chance leaves, the ideal:

    sqrt(2 / pi) mean_l sqrt(var a_l / m + var b_l / n)                                              (2)
"""

from typing import Any

import numpy as np

from likely.metrics.marginals import jackknife
from likely.metrics.measure import Measure, Z

Array = np.ndarray[Any, Any]


def profile_distance(name: str, real: Array, synthetic: Array, note: str, seed: int = 0) -> Measure:
    """(1) of real curves (M, L) and synthetic ones (N, L); NaN where a row's curve says nothing."""
    kept = np.isfinite(real).any(0) & np.isfinite(synthetic).any(0)
    a, b = _whole(real[:, kept]), _whole(synthetic[:, kept])
    sizes = (len(a), len(b))
    if not kept.any():
        return Measure(name, 0.0, 0.0, float("inf"), sizes, 0.0, f"{note}; no row is long enough to say")
    value, ideal = _apart(a, b), by_chance(a, b)
    half = Z * jackknife(a, b, _apart, seed)
    return Measure(name, value, max(value - half, 0.0), value + half, sizes, ideal, note)


def _whole(curves: Array) -> Array:
    """Gaps filled by the mean curve."""
    return np.where(np.isfinite(curves), curves, np.nanmean(curves, 0))


def _apart(a: Array, b: Array) -> float:
    return float(np.abs(a.mean(0) - b.mean(0)).mean())  # (1)


def by_chance(a: Array, b: Array) -> float:
    """(2)."""
    return float(np.sqrt(2 / np.pi) * np.sqrt(a.var(0) / len(a) + b.var(0) / len(b)).mean())
