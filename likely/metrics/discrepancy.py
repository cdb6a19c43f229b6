r"""Maximum mean discrepancy: could the labels "real" and "synthetic" have been dealt out by chance?

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y),   k(x, y) = exp(-|x - y|^2 / 2 s^2)                  (1)

with s the median distance of rows of both sides together. It is 0 only where the laws are equal. Of Gaussians with
means m, n and covariances A, B each term is known,

    E k(x, y) = |I + (A + B) / s^2|^(-1/2) exp(-(m - n)' (s^2 I + A + B)^(-1) (m - n) / 2)              (2)

Under the null hypothesis every dealing of the labels is equally likely, so that with R dealings

    p = (1 + how many are as far apart as the real one, or farther) / (1 + R)                            (3)

is below any level no more often than that level says. A Kernel Two-Sample Test (Gretton et al., 2012)
"""

from typing import Any

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.kernel import squared_distance
from likely.metrics.measure import Measure, Z, wilson
from likely.metrics.neighbours import squared
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 1500  # rows a side
FEWEST = 4
DEALINGS = 500
TOLD = 1000  # rows whose distances say the width of the kernel


def discrepancy(real: Rows, synthetic: Rows, *, sight: Sight = PLAIN, seed: int = 0) -> list[Measure]:
    """MMD^2 with its interval, and the p-value; nothing where there are too few rows."""
    x, y = sight.points(sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1))
    sizes = (len(x), len(y))
    if min(sizes) < FEWEST:
        return []
    with one_thread():
        width = median_distance(np.concatenate([x, y]), seed)
        value, stderr = squared_distance(x, y, Gaussian(width))
        p = chance(x, y, width, seed)
    note = f"squared distance of the laws' mean kernels, without bias; kernel of width {width:.3g}"
    told = f"how often labels dealt out by chance, {DEALINGS} times, are as far apart: below 0.05 the two differ"
    low, high = wilson(p, DEALINGS)
    return [
        Measure("MMD", value, value - Z * stderr, value + Z * stderr, sizes, 0.0, note, {}, "two-sample", sight.name),
        Measure("MMD p-value", p, low, high, sizes, 0.5, told, {}, "two-sample", sight.name),
    ]


class Gaussian:
    """k of (1), of every pair: (m, n)."""

    def __init__(self, width: float) -> None:
        self.width = width

    def __call__(self, x: Array, y: Array) -> Array:
        return np.concatenate([np.exp(-far / (2 * self.width**2)) for _, far in squared(x, y)])


def median_distance(points: Array, seed: int) -> float:
    """Of different rows, some of them; 1 where all are equal."""
    some = points[np.random.default_rng(seed).permutation(len(points))[:TOLD]]
    far = np.concatenate([each for _, each in squared(some, some)])[np.triu_indices(len(some), 1)]
    return float(np.sqrt(np.median(far[far > 0]))) if (far > 0).any() else 1.0


def chance(x: Array, y: Array, width: float, seed: int, dealings: int = DEALINGS) -> float:
    """(3). With labels 1 / m and -1 / n in a vector a, (1) with its diagonal is a' k a: as good a distance."""
    rng, both, m = np.random.default_rng(seed), np.concatenate([x, y]), len(x)
    near = Gaussian(width)(both, both).astype(np.float32)
    labels = np.repeat(np.array([1 / m, -1 / len(y)], np.float32), [m, len(y)])
    dealt = np.stack([labels, *(rng.permutation(labels) for _ in range(dealings))], 1)
    apart = np.einsum("id,id->d", near @ dealt, dealt, dtype=np.float64)
    return float((1 + (apart[1:] >= apart[0] * (1 - 1e-5)).sum()) / (1 + dealings))  # (3)
