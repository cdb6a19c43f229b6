r"""The law of codes given what is said of their rows, z | a ~ N(m(a), S), and back: what does a code say?

    m(a) = h(a) b + k(a, A) (K + lambda N^-1)^-1 (means of A's rows - h(A) b)                                        (1)
    k(a, b) = prod_j (1 + theta k_j(a_j, b_j)) / (1 + theta)                                                         (2)
    a of z = argmax_a log n_a - |S^-1/2 (z - m(a))|^2 / 2,   over the combinations A that were seen                  (3)

h are indicators of categories, and numbers, whose own effects b are least squares; (2) adds their interactions, and
what is not linear: k_j is equality of categories and a bell of width one standard deviation over numbers. The smaller
theta, the fewer attributes act together; theta and lambda have the least generalised cross-validation error, so that
of noise nothing is added. N counts the rows of each combination.
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
LAMBDAS = np.logspace(-4, 6, 31)
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
        """(2) between scaled attributes (M, K) and (C, K)."""
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
    own: Array  # (1 + H, D): b
    weights: Array  # (C, D): of interactions
    theta: float
    white: Array  # (D, D), or (D,): S^-1/2

    def mean(self, cells: Array) -> Array:
        """(M, D): E[z | a] for attributes (M, K)."""
        a, seen = self.scales(cells), self.scales(self.seen)
        return effects(self.scales, a, seen) @ self.own + self.scales.kernel(a, seen, self.theta) @ self.weights  # (1)

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
    means, h = sums / counts[:, None], effects(scales, seen, seen)
    own = _least_squares(h, counts, means)
    within = float(((z - means[rows]) ** 2).sum())
    theta, weights, freedom = _interactions(scales, seen, counts, means - h @ own, within)
    fitted = h @ own + scales.kernel(seen, seen, theta) @ weights
    used = len(z) - freedom - np.linalg.matrix_rank(h)
    left = (z - fitted[rows]) * np.sqrt(len(z) / max(float(used), 1.0))
    return CodeLaw(scales, cells[first], counts, z.mean(0), own, weights, theta, _white(left))


def effects(scales: Scales, a: Array, seen: Array) -> Array:
    """h(a): one, an indicator of each category that was seen, and each number; of scaled attributes."""
    columns = [np.ones((len(a), 1))]
    for column, numeric in enumerate(scales.numeric):
        values = a[:, [column]]
        columns.append(values if numeric else (values == np.unique(seen[:, column])).astype(float))
    return np.concatenate(columns, 1)


def _least_squares(h: Array, counts: Array, means: Array) -> Array:
    """b: the shortest of those that fit best, for indicators of one attribute add up to one."""
    root = np.sqrt(counts)[:, None]
    return np.linalg.lstsq(root * h, root * means, rcond=1e-8)[0]


def _interactions(
    scales: Scales, seen: Array, counts: Array, apart: Array, within: float
) -> tuple[float, Array, float]:
    """The weights of (1) with the least generalised cross-validation error, their theta, and their degrees of freedom.

    With S = N^1/2 K N^1/2 = U L U' and y = N^1/2 (means - h b), the fit is U L (L + lambda)^-1 U' y.
    """
    root, rows, best = np.sqrt(counts), counts.sum(), None
    for theta in THETAS:
        inner = root[:, None] * scales.kernel(seen, seen, theta) * root
        values, vectors = np.linalg.eigh(inner)
        values, y = np.maximum(values, 0.0), vectors.T @ (root[:, None] * apart)
        for penalty in LAMBDAS:
            left = penalty / (values + penalty)
            freedom = float((1 - left).sum())
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
