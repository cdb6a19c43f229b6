r"""How good forecasts are, from draws of what was to come: proper scores, intervals, points beside a naive forecast.

    CRPS(F, y)    = E|X - y| - E|X - X'| / 2  = 2 int_0^1 pinball_a(q_a, y) da                                    (1)
    estimated     = mean_i |x_i - y| - sum_{i,j} |x_i - x_j| / (2 m (m - 1))                                       (2)
    energy(F, y)  = E||X - y|| - E||X - X'|| / 2,    X a whole moment of several channels                          (3)
    pinball_a     = (a - 1[y < q]) (y - q)                                                                         (4)
    MASE          = mean |y - q_1/2| / mean_t |y_t - y_{t-s}| over the moments before the first origin            (5)
    N(m, s^2):      CRPS = s (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)),   z = (y - m) / s                       (6)

(2) has the expectation of (1) whatever the number m of draws (Ferro, 2014). Strictly Proper Scoring Rules, Prediction,
and Estimation (Gneiting & Raftery, 2007); Another look at measures of forecast accuracy (Hyndman & Koehler, 2006)
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from likely.errors import WrongRows
from likely.metrics.measure import Array


def crps(draws: Array, y: Array) -> Array:
    """(1) of each y (...) from draws (m, ...) of it, fairly estimated."""
    m = _enough(draws)
    order = np.sort(draws, 0)
    weight = (2 * np.arange(1, m + 1) - m - 1).reshape(-1, *[1] * (draws.ndim - 1))  # sum_{i<j} (x_(j) - x_(i))
    return np.abs(draws - y).mean(0) - (weight * order).sum(0) / (m * (m - 1))  # (2)


def crps_of_normal(mean: Array, std: Array, y: Array) -> Array:
    """(6): what a Gaussian's is."""
    z = (y - mean) / std
    return std * (z * (2 * ndtr(z) - 1) + math.sqrt(2 / math.pi) * np.exp(-(z**2) / 2) - 1 / math.sqrt(math.pi))


def energy_score(draws: Array, y: Array) -> Array:
    """(3) of each moment y (..., D) from draws (m, ..., D) of it, fairly estimated; in one channel it is the CRPS."""
    m = _enough(draws)
    apart = np.zeros(y.shape[:-1])
    for shift in range(1, m):  # every pair once, in either order
        apart += np.linalg.norm(draws[shift:] - draws[:-shift], axis=-1).sum(0)
    return np.linalg.norm(draws - y, axis=-1).mean(0) - apart / (m * (m - 1))


def pinball(quantiles: Array, levels: Sequence[float], y: Array) -> Array:
    """(4) of quantiles (levels, ...) at their levels."""
    level = np.asarray(levels, dtype=float).reshape(-1, *[1] * y.ndim)
    return (level - (y < quantiles)) * (y - quantiles)


def inside(draws: Array, y: Array, level: float) -> Array:
    """Whether each y lies in the central interval of its draws; of draws of y's own law a share `level` does.

    The ends are at (m + 1) a in the order of m draws, between which a further draw of the same law falls so often.
    """
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
    return (low <= y) & (y <= high)


def seasonal_error(record: Array, season: int) -> Array:
    """The mean absolute change (D,) over a season of a record (T, D): what (5) is told in; 1 where nothing changes."""
    if len(record) <= season:
        what = f"{len(record)} moments before the first origin"
        raise WrongRows(what, expected=f"more than the season of {season}", remedy="later origins, or a longer record")
    error = np.nanmean(np.abs(record[season:] - record[:-season]), 0)
    return np.where(error > 0, error, 1.0)


def seasonal_naive(
    record: Array, origins: Array, steps: int, season: int, draws: int, rng: np.random.Generator
) -> Array:
    """Futures (draws, N, steps, D): the season before each origin again, with errors that it had before the first one.

    An error is that of a whole future, so that steps and channels keep their company.
    """
    back = np.arange(steps) - season * (np.arange(steps) // season + 1)  # the same place in the last season
    point = record[origins[:, None] + back]
    began = np.arange(season, int(origins.min()) - steps + 1)
    if not len(began):
        least = f"at least a season of {season} and {steps} steps"
        raise WrongRows(f"the first origin follows {int(origins.min())} moments", expected=least, remedy="later ones")
    drawn = rng.choice(began, (draws, len(origins)))[..., None]
    return point + record[drawn + np.arange(steps)] - record[drawn + back]


def _enough(draws: Array) -> int:
    if len(draws) < 2:
        raise WrongRows(f"{len(draws)} draws", expected="at least 2, which is what a forecast's width is told from")
    return len(draws)
