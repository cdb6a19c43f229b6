r"""Series and sounds: do they move alike? Each row is told by curves, of which the means over rows are compared.

    spectrum            10 log10 of the mean power in each band of frequency, in decibels
    autocorrelation     of each channel with itself k moments before, k = 1, 2, ...
    values              the share of a row's values below each quantile of the real ones
    cross-correlation   of each two channels, at once and a few moments apart

Each distance is the mean absolute difference of the curves (`profile`), and its ideal what chance leaves of equal laws.
Channels are standardised by the real rows' means and spreads.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from likely.data import Panel, Rows, Sounds
from likely.metrics.features import sampled
from likely.metrics.measure import Measure
from likely.metrics.profile import profile_distance

Array = np.ndarray[Any, Any]
MOST = 1000  # rows a side
MOST_CHANNELS, MOST_CROSSED = 20, 8
FRAME, BANDS = 256, 24  # moments that a spectrum is taken of, and into how many bands it goes
LAGS, APART = 24, 3  # moments before; moments that two channels are apart at most
QUANTILES = np.linspace(0.05, 0.95, 19)
FLOOR = 1e-10  # of power: silence
FEWEST = 2


def of_signals(real: Rows, synthetic: Rows, *, seed: int = 0) -> list[Measure]:
    """The four, of series or sounds; of one channel three."""
    sides = [signals(sampled(rows, MOST, seed + at)) for at, rows in enumerate((real, synthetic))]
    if min(map(len, sides)) < FEWEST:
        return []
    centre, spread = _moments(sides[0])
    a, b = ([(row - centre) / spread for row in side] for side in sides)
    frame = int(min(FRAME, np.median([len(row) for row in (*a, *b)])))
    lags = max(1, min(LAGS, frame // 2))
    edges = np.stack([np.quantile(seen[~np.isnan(seen)], QUANTILES) for seen in np.concatenate(a).T], 1)
    curves = {
        "spectrum": (lambda row: spectrum(row, frame), f"decibels in bands of frequency, of {frame} moments"),
        "autocorrelation": (lambda row: autocorrelation(row, lags), "correlations with moments before"),
        "values": (lambda row: shares(row, edges), "shares of values below the quantiles of real ones"),
    }  # fmt: skip
    if len(centre) > 1:
        curves["cross-correlation"] = (crossed, "correlations of two channels, up to a few moments apart")
    found = []
    for name, (curve, note) in curves.items():
        real_curves, others = (np.stack([curve(row).ravel() for row in side]) for side in (a, b))
        found.append(profile_distance(name, real_curves, others, note, seed))
    return [measure.within("signal", "channels, standardised") for measure in found]


def signals(rows: Rows) -> list[Array]:
    """Each row as (T, D), T its own."""
    match rows:
        case Panel():
            return [row[:, :MOST_CHANNELS] for row in rows.each() if len(row) > 1]
        case Sounds():
            return [row[:, None].astype(np.float64) for row in rows.samples if len(row) > 1]
    return []


def _moments(rows: list[Array]) -> tuple[Array, Array]:
    every = np.concatenate(rows)
    centre = _mean(every)
    spread = np.sqrt(_mean((every - centre) ** 2))
    return centre, np.where(spread > 0, spread, 1.0)


def _mean(values: Array) -> Array:
    """Of what is seen of each channel; 0 where nothing is."""
    return np.nansum(values, axis=0) / np.maximum((~np.isnan(values)).sum(0), 1)


# Curves of one row (T, D) --------------------------------------------------------------------------------------------


def spectrum(row: Array, frame: int) -> Array:
    """(bands, D) decibels, the mean over frames that lie half over one another; a gap is at the mean."""
    power = np.mean([np.abs(np.fft.rfft(each, axis=0)) ** 2 / frame for each in _frames(row, frame)], 0)[1:]
    bands = np.array_split(power, min(BANDS, len(power))) if len(power) else [np.zeros((1, row.shape[1]))]
    return 10 * np.log10(np.stack([band.mean(0) for band in bands]) + FLOOR)


def _frames(row: Array, frame: int) -> Iterator[Array]:
    whole = np.nan_to_num(np.pad(row, [(0, max(0, frame - len(row))), (0, 0)]))
    window = np.hanning(frame + 2)[1:-1, None] * np.sqrt(8 / 3)
    return (whole[at : at + frame] * window for at in range(0, len(whole) - frame + 1, max(1, frame // 2)))


def autocorrelation(row: Array, lags: int) -> Array:
    """(lags, D); NaN where a row is too short, or does not move."""
    centred = row - _mean(row)
    found = [_agreed(centred[lag:], centred[:-lag]) for lag in range(1, lags + 1)]
    return np.stack(found) if found else np.full((1, row.shape[1]), np.nan)


def shares(row: Array, edges: Array) -> Array:
    """(quantiles, D): the share of values up to each edge."""
    seen = ~np.isnan(row)
    return ((row[None] <= edges[:, None]) & seen).sum(1) / np.maximum(seen.sum(0), 1)


def crossed(row: Array) -> Array:
    """Correlations of every two channels at every few moments apart."""
    centred = row - _mean(row)
    pairs = list(combinations(range(min(row.shape[1], MOST_CROSSED)), 2))
    left, right = (centred[:, list(side)] for side in zip(*pairs, strict=True))
    ahead = [_agreed(left[lag:], right[: len(right) - lag]) for lag in range(APART + 1)]
    behind = [_agreed(left[: len(left) - lag], right[lag:]) for lag in range(1, APART + 1)]
    return np.stack(ahead + behind)


def _agreed(a: Array, b: Array) -> Array:
    """The correlation of each column of two centred stretches, where both are seen."""
    seen = ~(np.isnan(a) | np.isnan(b))
    if not seen.any():
        return np.full(a.shape[1], np.nan)
    x, y = np.where(seen, a, 0.0), np.where(seen, b, 0.0)
    scale = np.sqrt((x**2).sum(0) * (y**2).sum(0))
    return np.where(scale > FLOOR, (x * y).sum(0) / np.where(scale > FLOOR, scale, 1.0), np.nan)
