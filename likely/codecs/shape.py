"""Which increasing map suits a column: chosen by measures that no change of units moves.

A column is standardised unless its shape asks for more: a heavy positive tail for a logarithm, a strongly
non-Gaussian shape (two far humps, spikes) for a map through its quantiles. How Gaussian a sample is: the squared
correlation of its order statistics with the normal's (Shapiro & Francia, 1972): 1 for a normal, 0.95 for a uniform,
0.82 for an exponential, 0.64 for two points.
"""

from typing import Any

import numpy as np
from scipy.special import ndtri

from likely.codecs.monotone import Affine, Logarithm, Monotone, Numbers, Spline
from likely.errors import FieldError

LOOKED_AT = 20_000  # values that a shape is judged by, evenly spread over the column
ENOUGH = 50  # values below which a shape is not judged
VARIED = 32  # different values, of four times as many, below which quantiles say little
SKEWED = 1.5  # skewness from which a tail is heavy (an exponential has 2)
STRANGE = 0.85  # less Gaussian than this asks for quantiles
KNOTS = 33


def chosen(v: Numbers, transform: str, name: str) -> Monotone:
    """The map for these values, by the person's word or by their shape."""
    if not len(v):
        return Affine()
    match transform:
        case "standard":
            return standard(v)
        case "log":
            return logarithm(v, name)
        case "quantile":
            return quantile(v)
    return _by_shape(v, name)


def standard(v: Numbers) -> Affine:
    """Mean 0 and deviation 1; a column of one value keeps its own size as the unit."""
    size = float(np.abs(v).max()) or 1.0
    small = v / size  # squares of huge values would overflow
    spread = float(small.std())
    centre = float(small.mean()) * size
    return Affine(centre, spread * size if spread > 1e-9 else size)


def logarithm(v: Numbers, name: str) -> Logarithm:
    """Mean 0 and deviation 1 of the logarithm; straight below a tenth of the lowest hundredth."""
    positive = v[v > 0]
    if not len(positive):
        raise FieldError(
            f"column '{name}' has no value above 0",
            expected="positive values for a logarithm",
            remedy='another transform: "standard" or "quantile"',
        )
    knee = float(np.quantile(positive, 0.01)) / 10
    level, _ = Logarithm(knee, 0.0, 1.0).forward(v)
    by = standard(level) if float(level.std()) > 1e-9 else Affine(float(level.mean()), 1.0)
    return Logarithm(knee, by.shift, by.scale)


def quantile(v: Numbers) -> Monotone:
    """Through the order statistics at evenly spaced normal scores; tied values share their middle score."""
    ordered = np.sort(_spread(v))
    top = float(ndtri(1 - 0.5 / len(ordered)))
    knots = min(KNOTS, max(2, len(ordered) // 20))
    scores = np.linspace(-top, top, knots)
    ranks = np.linspace(0, len(ordered) - 1, 16 * knots).round().astype(int)
    fine_x, fine_z = ordered[ranks], ndtri((ranks + 0.5) / len(ordered))
    x, place = np.unique(fine_x, return_inverse=True)
    if len(x) < 3:
        return standard(v)
    z = np.bincount(place, fine_z) / np.bincount(place)
    kept = _apart(x, z, scores)
    return Spline(tuple(x[kept].tolist()), tuple(z[kept].tolist()))


def _apart(x: Numbers, z: Numbers, scores: Numbers) -> Any:
    """Which knots to keep: the nearest to each score, none closer to the last than a billionth of the range."""
    nearest = np.unique(np.abs(z[:, None] - scores).argmin(0))
    kept = [int(nearest[0])]
    for place in nearest[1:]:
        if x[place] - x[kept[-1]] > 1e-9 * (x[-1] - x[0]):
            kept.append(int(place))
    return kept


def _by_shape(v: Numbers, name: str) -> Monotone:
    sample = np.sort(_spread(v))
    straight = standard(v)
    if len(sample) < ENOUGH or sample[0] == sample[-1]:
        return straight
    best, fit = straight, gaussian(sample)
    if sample[0] > 0 and _skewness(sample) > SKEWED and gaussian(np.log(sample)) > fit:
        best, fit = logarithm(v, name), gaussian(np.log(sample))
    if fit < STRANGE and len(sample) >= 4 * VARIED and len(np.unique(sample)) >= VARIED:
        return quantile(v)
    return best


def gaussian(ordered: Numbers) -> float:
    """The squared correlation of order statistics with normal scores."""
    scores = ndtri((np.arange(len(ordered)) + 0.5) / len(ordered))
    centred = ordered / np.abs(ordered).max()
    centred = centred - centred.mean()
    return float((centred @ scores) ** 2 / ((centred @ centred) * (scores @ scores)))


def _skewness(v: Numbers) -> float:
    z, _ = standard(v).forward(v)
    return float((z**3).mean())


def _spread(v: Numbers) -> Numbers:
    return v[:: max(1, len(v) // LOOKED_AT)]
