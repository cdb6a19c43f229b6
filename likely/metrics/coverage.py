"""Precision, recall, density and coverage by nearest neighbours (Kynkaanniemi et al. 2019; Naeem et al. 2020)."""

from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from likely.data import Rows
from likely.metrics.features import features
from likely.metrics.measure import Measure, mean, share

Array = np.ndarray[Any, Any]
MOST = 5000
CHUNK = 512


def coverage(real: Rows, synthetic: Rows, *, k: int = 5, seed: int = 0) -> dict[str, Measure]:
    """How much of the synthetic lies where real rows are (precision, density), and the reverse (recall, coverage)."""
    a, b = features(real, synthetic)
    rng = np.random.default_rng(seed)
    a, b = a[rng.permutation(len(a))[:MOST]], b[rng.permutation(len(b))[:MOST]]
    rows, k = (len(a), len(b)), min(k, len(a) - 1, len(b) - 1)
    if k < 1:
        return {}
    around_a, around_b = _radii(a, k), _radii(b, k)
    inside_a, nearest = _inside(b, a, around_a)
    inside_b, _ = _inside(a, b, around_b)
    covered = _nearest_distance(a, b) <= around_a
    return {
        "precision": share("precision", inside_a > 0, rows, 1.0, "synthetic rows near some real row"),
        "recall": share("recall", inside_b > 0, rows, 1.0, "real rows near some synthetic row"),
        "density": mean("density", inside_a / k, rows, 1.0, "real neighbourhoods around a synthetic row"),
        "coverage": share("coverage", covered, rows, 1.0, "real rows with a synthetic row in their neighbourhood"),
    }


def _radii(points: Array, k: int) -> Array:
    """Each point's distance to its k-th other point."""
    return NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[0][:, k]


def _inside(queries: Array, centres: Array, radii: Array) -> tuple[Array, Array]:
    """How many balls hold each query, and its nearest centre's distance; in chunks, so memory is bounded."""
    counts, nearest = np.zeros(len(queries)), np.zeros(len(queries))
    norms = (centres**2).sum(1)
    for start in range(0, len(queries), CHUNK):
        part = queries[start : start + CHUNK]
        squared = np.maximum((part**2).sum(1)[:, None] + norms - 2 * part @ centres.T, 0.0)
        counts[start : start + CHUNK] = (squared <= radii**2 + 1e-12).sum(1)
        nearest[start : start + CHUNK] = np.sqrt(squared.min(1))
    return counts, nearest


def _nearest_distance(queries: Array, points: Array) -> Array:
    return NearestNeighbors(n_neighbors=1).fit(points).kneighbors(queries)[0][:, 0]
