r"""The kernel distance (KID): how far apart the moments of two samples are, up to the third, in named features.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y),   k(x, y) = (x . y / d + 1)^3                       (1)
          = 3 / d |E x - E y|^2 + 3 / d^2 |E xx' - E yy'|^2 + 1 / d^3 |E xxx - E yyy|^2                (2)

The means of (1) are taken over pairs of different rows, so that it is without bias: 0 on average where the laws are
equal, at any number of rows, and now and then below 0. Its interval is the jackknife's, each row of either side left
out in turn; it is never too narrow on average (Efron & Stein, 1981). Demystifying MMD GANs (Binkowski et al., 2018)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, Z
from likely.metrics.neighbours import CHUNK
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
Kernel = Callable[[Array, Array], Array]  # of every pair of rows: (m, d), (n, d) -> (m, n)
ITSELF = 64  # rows whose kernels with themselves are taken together
MOST = 5000  # rows a side
FEWEST = 4  # rows a side, without which no row can be left out


def kernel_distance(real: Rows, synthetic: Rows, *, sight: Sight = PLAIN, seed: int = 0) -> Measure | None:
    """The distance of synthetic rows from real ones; none where there are too few of either."""
    x, y = sight.points(sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1))
    if min(len(x), len(y)) < FEWEST:
        return None
    with one_thread():
        value, stderr = squared_distance(x, y)
    note = "squared distance of the moments up to the third, without bias"
    return Measure("KID", value, value - Z * stderr, value + Z * stderr, (len(x), len(y)), 0.0, note).within(
        "two-sample", sight.name
    )


def kernel(x: Array, y: Array) -> Array:
    """k of every pair: (m, n)."""
    near = x @ y.T / x.shape[1] + 1
    return near * near * near


def squared_distance(x: Array, y: Array, k: Kernel = kernel) -> tuple[float, float]:
    """(1) of two samples (m, d) and (n, d), and its standard error."""
    m, n = len(x), len(y)
    (xx, _), (yy, _), (xy, yx) = _sums(x, x, k), _sums(y, y, k), _sums(x, y, k)
    xx, yy = xx - _of_itself(x, k), yy - _of_itself(y, k)
    value = _mean(xx.sum(), m) + _mean(yy.sum(), n) - 2 * xy.sum() / (m * n)  # (1)
    without_x = _mean(xx.sum() - 2 * xx, m - 1) + _mean(yy.sum(), n) - 2 * (xy.sum() - xy) / ((m - 1) * n)
    without_y = _mean(xx.sum(), m) + _mean(yy.sum() - 2 * yy, n - 1) - 2 * (xy.sum() - yx) / (m * (n - 1))
    spread = (m - 1) * without_x.var() + (n - 1) * without_y.var()
    return float(value), float(np.sqrt(spread))


def _of_itself(x: Array, k: Kernel) -> Array:
    return np.concatenate([np.diag(k(part, part)) for part in np.array_split(x, len(x) // ITSELF + 1)])


def _mean(total: Any, rows: int) -> Any:
    """The mean over ordered pairs of different rows."""
    return total / (rows * (rows - 1))


def _sums(x: Array, y: Array, k: Kernel) -> tuple[Array, Array]:
    """The kernel's sums along either side, a chunk of rows at a time."""
    along, across = np.zeros(len(x)), np.zeros(len(y))
    for start in range(0, len(x), CHUNK):
        part = k(x[start : start + CHUNK], y)
        along[start : start + CHUNK] = part.sum(1)
        across += part.sum(0)
    return along, across
