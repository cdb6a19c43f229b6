r"""Sharpness: are the edges of pictures as strong as real ones? A blur takes them away, noise adds too many.

    sharpness = (sum_i L_i / sum_i V_i) of synthetic pictures / the same of real ones                    (1)

with L the mean square of a picture's Laplacian 4 x - (its four neighbours) and V its variance: what of the contrast is
in edges. And by frequency f, in cycles across the picture, with P(f) the mean power of all waves of that frequency,

    log P(f) ~ a + b log f,   b the spectral slope                                                       (2)

about -2 for photographs (Field, 1987) and 0 for white noise. A blur makes b steeper.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.data import Images
from likely.metrics.features import sampled
from likely.metrics.marginals import jackknife
from likely.metrics.measure import Measure, Z, mean

Array = np.ndarray[Any, Any]
MOST = 2000  # pictures a side
FEWEST_PIXELS, FEWEST = 4, 4  # of a side; pictures
TINY = 1e-12


@final
@dataclass(frozen=True)
class Spectrum:
    """P(f) with a 95 % interval, as a curve to look at."""

    frequency: Array  # (L,)
    power: Array
    low: Array
    high: Array


def sharpness(real: Images, synthetic: Images, *, seed: int = 0) -> Measure | None:
    """(1); none where pictures are too few, too small, or have no contrast."""
    if not _can_be_judged(real, synthetic):
        return None
    a, b = (_energies(sampled(rows, MOST, seed + at)) for at, rows in enumerate((real, synthetic)))
    if min(side.sum(0).min() for side in (a, b)) <= 0:
        return None

    def told(x: Array, y: Array) -> float:
        (own, contrast), (ideal, base) = y.sum(0), x.sum(0)
        return float(np.log(max(own, TINY) / max(contrast, TINY) / (ideal / base)))

    value, half = told(a, b), Z * jackknife(a, b, told, seed)
    note = "what of the contrast is in edges, beside real pictures: below 1 blurred, above 1 noisy"
    low, value, high = np.exp([value - half, value, value + half]).tolist()
    return Measure("sharpness", value, low, high, (len(a), len(b)), 1.0, note, {}, "sharpness", "pixels")


def spectral_slope(real: Images, synthetic: Images, *, seed: int = 0) -> Measure | None:
    """(2) of synthetic pictures; the ideal is that of real ones."""
    if not _can_be_judged(real, synthetic):
        return None
    (f, a), (_, b) = (powers(sampled(rows, MOST, seed + at)) for at, rows in enumerate((real, synthetic)))
    if len(f) < 2 or not (min(a.mean(0).min(), b.mean(0).min()) > TINY):
        return None
    value, half = _slope(f, b), Z * jackknife(a, b, lambda left, right: _slope(f, right) - _slope(f, left), seed)
    note = "of log power against log frequency: steeper (more negative) than real pictures is blurred"
    sizes = (len(a), len(b))
    return Measure("spectral slope", value, value - half, value + half, sizes, _slope(f, a), note).within(
        "sharpness", "pixels"
    )


def spectrum(pictures: Images, *, seed: int = 0) -> Spectrum:
    """P(f) of some pictures."""
    frequency, power = powers(sampled(pictures, MOST, seed))
    of = [mean("", each, (0, 0), 0.0) for each in power.T]
    low, middle, high = (np.array([getattr(each, name) for each in of]) for name in ("low", "value", "high"))
    return Spectrum(frequency, middle, np.maximum(low, TINY), high)


def powers(pictures: Images) -> tuple[Array, Array]:
    """Frequencies (L,), and the mean power of each picture's waves of that frequency (N, L)."""
    _, height, width, _ = pictures.pixels.shape
    x = pictures.pixels / (pictures.levels - 1)
    x = (x - x.mean((1, 2), keepdims=True)) * (_window(height)[:, None] * _window(width))[None, :, :, None]
    power = (np.abs(np.fft.fft2(x, axes=(1, 2))) ** 2).mean(3).reshape(len(x), -1) / (height * width)
    rings = np.rint(np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * min(height, width)).ravel()
    f = np.arange(1, min(height, width) // 2 + 1)
    return f, np.stack([power[:, rings == each].mean(1) for each in f], 1)


def laplacian(pictures: Images) -> Array:
    """4 x - (its four neighbours) inside each picture: (N, H - 2, W - 2, C)."""
    x = pictures.pixels / (pictures.levels - 1)
    return 4 * x[:, 1:-1, 1:-1] - x[:, :-2, 1:-1] - x[:, 2:, 1:-1] - x[:, 1:-1, :-2] - x[:, 1:-1, 2:]


def _can_be_judged(real: Images, synthetic: Images) -> bool:
    return min(real.pixels.shape[1:3]) >= FEWEST_PIXELS and min(len(real), len(synthetic)) >= FEWEST


def _energies(pictures: Images) -> Array:
    """L and V of each picture: (N, 2)."""
    contrast = (pictures.pixels / (pictures.levels - 1)).var((1, 2)).mean(1)
    return np.stack([(laplacian(pictures) ** 2).mean((1, 2, 3)), contrast], 1)  # (1)


def _slope(f: Array, power: Array) -> float:
    return float(np.polyfit(np.log(f), np.log(np.maximum(power.mean(0), TINY)), 1)[0])  # (2)


def _window(size: int) -> Array:
    """Hann's: the edges of the picture are no edges in it."""
    return np.hanning(size + 2)[1:-1]
