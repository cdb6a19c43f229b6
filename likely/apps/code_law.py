r"""The law of codes given what is said of their rows, z | a ~ N(m(a), S), and back: what does a code say?

    k(a, b) = prod_j (1 + theta k_j(a_j, b_j)) / (1 + theta)                                                         (1)
    m(a) = mean + k(a, A) (K + lambda N^-1)^-1 (means of A's rows - mean)                                            (2)
    a of z = argmax_a log n_a - |S^-1/2 (z - m(a))|^2 / 2,   over the combinations A that were seen                  (3)

(1) holds every attribute's own effect and every interaction; k_j is equality of categories and a bell of width one
standard deviation over numbers. The smaller theta, the less interactions count; theta and lambda have the least
generalised cross-validation error. N counts the rows of each combination.
Smoothing Spline ANOVA Models (Gu, 2013); Practical Approximate Solutions to Linear Operator Equations When the Data Are
Noisy (Wahba, 1977)
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 1000  # combinations of attributes that are learned from
THETAS = (0.1, 1.0, 10.0)
LAMBDAS = np.logspace(-4, 2, 25)
WIDE = 512  # numbers in a code beyond which S is taken as diagonal


@final
@dataclass(frozen=True)
class Scales:
    """Attributes on one footing: numbers in standard deviations from their mean, a missing one at it."""

    numeric: Array  # (K,) bool
    centre: Array
    spread: Array

    @classmethod
    def of(cls, cells: Array, numeric: Array) -> "Scales":
        """Of the rows' attributes (N, K)."""
        counted = np.where(np.isnan(cells), 0.0, cells)
        there = np.maximum((~np.isnan(cells)).sum(0), 1)
        centre = np.where(numeric, counted.sum(0) / there, 0.0)
        apart = np.where(np.isnan(cells), 0.0, cells - centre)
        spread = np.sqrt((apart**2).sum(0) / there)
        return cls(numeric, centre, np.where(numeric & (spread > 0), spread, 1.0))

    def __call__(self, cells: Array) -> Array:
        return np.nan_to_num((cells - self.centre) / self.spread)

    def kernel(self, a: Array, b: Array, theta: float) -> Array:
        """(1) between scaled attributes (M, K) and (C, K)."""
        found = np.ones((len(a), len(b)))
        for column, numeric in enumerate(self.numeric):
            apart = a[:, column, None] - b[:, column]
            alike = np.exp(-0.5 * apart**2) if numeric else apart == 0
            found *= (1 + theta * alike) / (1 + theta)
        return found


@final
@dataclass(frozen=True)
class CodeLaw:
    """m(a) and S, with the combinations of attributes that were seen."""

    scales: Scales
    seen: Array  # (C, K): in the attributes' own values
    counts: Array  # (C,)
    centre: Array  # (D,)
    weights: Array  # (C, D)
    theta: float
    white: Array  # (D, D), or (D,): S^-1/2

    def mean(self, cells: Array) -> Array:
        """(M, D): E[z | a] for attributes (M, K)."""
        return self.centre + self.scales.kernel(self.scales(cells), self.scales(self.seen), self.theta) @ self.weights

    def recognised(self, z: Array, cells: Array, free: Array, barred: Array | None = None) -> Array:
        """Attributes (M, K) with those that are `free` (M, K) as codes say; `barred` (C,) combinations do not count."""
        told = np.log(self.counts) - 0.5 * self._far(z)
        fits = self._agree(cells, free)
        if barred is not None:
            told = np.where(barred, -np.inf, told)
            fits &= ~barred
        none = ~fits.any(
            1, keepdims=True
        )  # a combination that was never seen: each attribute is told by the code alone
        best = np.where(fits | none, told, -np.inf).argmax(1)  # (3)
        return np.where(free, self.seen[best], cells)

    def _far(self, z: Array) -> Array:
        """(M, C): squared distances in units of S."""
        points, queries = self._whitened(self.mean(self.seen)), self._whitened(z)
        squares = (queries**2).sum(1)[:, None] + (points**2).sum(1) - 2 * queries @ points.T
        return np.maximum(squares, 0.0)

    def _whitened(self, z: Array) -> Array:
        return (z - self.centre) * self.white if self.white.ndim == 1 else (z - self.centre) @ self.white

    def _agree(self, cells: Array, free: Array) -> Array:
        """(M, C): which combinations have the categories that are known."""
        agree = np.ones((len(cells), len(self.seen)), bool)
        for column in np.flatnonzero(~self.scales.numeric):
            agree &= (cells[:, column, None] == self.seen[:, column]) | free[:, column, None]
        return agree


def code_law(z: Array, cells: Array, numeric: Array) -> CodeLaw:
    """Learned from codes (N, D) and the attributes of their rows (N, K)."""
    with one_thread():
        return _learned(z, cells, Scales.of(cells, numeric))


def _learned(z: Array, cells: Array, scales: Scales) -> CodeLaw:
    seen, first, places, counts = np.unique(
        scales(cells), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    kept = np.sort(np.random.default_rng(0).permutation(len(seen))[:MOST])
    to, rows = np.full(len(seen), -1), places.reshape(-1)
    to[kept] = np.arange(len(kept))
    z, rows = z[to[rows] >= 0], to[rows][to[rows] >= 0]
    seen, first, counts = seen[kept], first[kept], counts[kept]
    sums = np.zeros((len(seen), z.shape[1]))
    np.add.at(sums, rows, z)
    means, centre = sums / counts[:, None], z.mean(0)
    within = float(((z - means[rows]) ** 2).sum())
    theta, weights, freedom = _fitted(scales, seen, counts, means - centre, within)
    fitted = centre + scales.kernel(seen, seen, theta) @ weights
    left = (z - fitted[rows]) * np.sqrt(len(z) / max(len(z) - freedom, 1.0))
    return CodeLaw(scales, cells[first], counts, centre, weights, theta, _white(left))


def _fitted(scales: Scales, seen: Array, counts: Array, apart: Array, within: float) -> tuple[float, Array, float]:
    """The weights of (2) with the least generalised cross-validation error, their theta, and their degrees of freedom.

    With S = N^1/2 K N^1/2 = U L U' and y = N^1/2 (means - mean), the fit is U L (L + lambda)^-1 U' y.
    """
    root, rows, best = np.sqrt(counts), counts.sum(), None
    for theta in THETAS:
        inner = root[:, None] * scales.kernel(seen, seen, theta) * root
        values, vectors = np.linalg.eigh(inner)
        values, y = np.maximum(values, 0.0), vectors.T @ (root[:, None] * apart)
        for penalty in LAMBDAS:
            left = penalty / (values + penalty)
            freedom = 1 + float((1 - left).sum())
            error = (within + float((left[:, None] ** 2 * y**2).sum())) / max(rows - freedom, 0.5) ** 2
            if best is None or error < best[0]:
                best = error, theta, root[:, None] * (vectors @ (y / (values + penalty)[:, None])), freedom
    assert best is not None
    return best[1:]


def _white(left: Array) -> Array:
    """S^-1/2 of what is left, S shrunk towards a ball; what never varies counts as the least that does."""
    from sklearn.covariance import ledoit_wolf

    if left.shape[1] > WIDE:
        spread = left.std(0)
        return 1 / np.maximum(spread, 1e-3 * max(float(spread.mean()), 1e-12))
    values, vectors = np.linalg.eigh(ledoit_wolf(left, assume_centered=True)[0])
    return vectors / np.sqrt(np.maximum(values, 1e-6 * max(float(values.max()), 1e-12)))
