r"""The Fréchet distance: how far apart two samples' means and covariances are, in named features.

    F = |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x^{1/2} S_y S_x^{1/2})^{1/2})                              (1)

the squared Wasserstein distance of two Gaussians with these moments (Dowson & Landau, 1982). Taken of samples it is too
large, and more so of fewer: equal Gaussian laws with covariance eigenvalues l get, to first order in 1 / rows,

    (1 / m + 1 / n) (sum_i l_i + 1/2 sum_ij l_i l_j / (l_i + l_j) + 1/4 sum_i l_i)                      (2)

which is its ideal here. Only in the features of the Inception network may it be called FID; here it never is.
GANs trained by a two time-scale update rule (Heusel et al., 2017), arXiv:1706.08500
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, Z
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 10_000  # rows a side
GROUPS = 20  # of rows left out together, for the interval
FEWEST = 2 * GROUPS


@final
@dataclass(frozen=True)
class Sums:
    """What means and covariances are made of; sums of more rows are sums of sums."""

    rows: int
    first: Array  # (D,)
    second: Array  # (D, D)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(self.rows - other.rows, self.first - other.first, self.second - other.second)

    @property
    def mean(self) -> Array:
        return self.first / self.rows

    @property
    def covariance(self) -> Array:
        return (self.second - self.rows * np.outer(self.mean, self.mean)) / (self.rows - 1)


def frechet_distance(real: Rows, synthetic: Rows, *, sight: Sight = PLAIN, seed: int = 0) -> Measure | None:
    """The distance of synthetic rows from real ones; none where there are too few of either."""
    x, y = sight.points(sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1))
    if min(len(x), len(y)) < FEWEST:
        return None
    with one_thread():
        value, stderr, ideal = with_error(x, y)
    note = "of means and covariances; the ideal is what equal laws get at these sizes"
    return Measure(
        "Fréchet distance", value, value - Z * stderr, value + Z * stderr, (len(x), len(y)), ideal, note
    ).within("two-sample", sight.name)


def with_error(x: Array, y: Array) -> tuple[float, float, float]:
    """(1) of two samples, its standard error by leaving out groups of rows, and (2)."""
    centre = x.mean(0)  # moments about a point among the rows: nothing large is subtracted
    groups = [[_sums(part) for part in np.array_split(side - centre, GROUPS)] for side in (x, y)]
    a, b = (_added(parts) for parts in groups)
    without = [[of_moments(a - part, b) for part in groups[0]], [of_moments(a, b - part) for part in groups[1]]]
    spread = sum((GROUPS - 1) * np.var(each) for each in without)
    return of_moments(a, b), float(np.sqrt(spread)), by_chance(a.covariance, len(x), len(y))


def of_moments(a: Sums, b: Sums) -> float:
    """(1)."""
    apart = ((a.mean - b.mean) ** 2).sum()
    return float(apart + between(a.covariance, b.covariance))


def between(a: Array, b: Array) -> float:
    """The part of (1) that is the covariances': the squared Bures distance."""
    spread, axes = np.linalg.eigh(a)
    root = axes * np.sqrt(spread.clip(min=0))  # a = root root'
    shared = np.sqrt(np.linalg.eigvalsh(root.T @ b @ root).clip(min=0)).sum()
    return float(max(np.trace(a) + np.trace(b) - 2 * shared, 0.0))


def by_chance(covariance: Array, m: int, n: int) -> float:
    """(2)."""
    spread = np.linalg.eigvalsh(covariance).clip(min=0)
    both = spread[:, None] + spread
    pairs = np.divide(np.outer(spread, spread), both, out=np.zeros_like(both), where=both > 0)
    return float((1 / m + 1 / n) * (1.25 * spread.sum() + 0.5 * pairs.sum()))


def _sums(x: Array) -> Sums:
    return Sums(len(x), x.sum(0), x.T @ x)


def _added(parts: list[Sums]) -> Sums:
    return Sums(
        sum(part.rows for part in parts), np.sum([part.first for part in parts], 0),
        np.sum([part.second for part in parts], 0),
    )  # fmt: skip
