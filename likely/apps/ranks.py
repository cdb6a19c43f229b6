"""Are unseen cells where the samples say they would be? Their ranks among the samples, which are even for equal laws.

    u = (samples below x + v * (samples equal to x + 1)) / (samples + 1),   v ~ U(0, 1)     (1) rank of an unseen x
    covered(l) = share of |2 u - 1| <= l                                                    (2) of the middle share l

A hump in the middle says that samples are spread too widely, a cup that they are too narrow, a slope that they lie to
one side. The interval is that of one cell a row: cells of a row are not independent.

Probabilistic forecasts, calibration and sharpness (Gneiting, Balabdaoui & Raftery, 2007), J. R. Stat. Soc. B 69
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.data import Rows
from likely.metrics.features import categorical, codes, sampled
from likely.metrics.measure import wilson

Array = np.ndarray[Any, Any]
BINS, LEVELS = 20, 21
KOLMOGOROV = 1.358  # over the root of the rows: how far apart chance alone leaves the two, 95 % of the time
ROWS, COLUMNS = 2000, 60  # looked at: rows a side, and columns, drawn at random


@dataclass(frozen=True)
class Ranks:
    """How the ranks of unseen numbers among samples are spread."""

    shares: Array  # (BINS,) of the ranks
    band: tuple[float, float]  # where even shares lie, 95 % each
    levels: Array  # (LEVELS,): middle shares of the samples
    covered: Array  # (LEVELS,): the unseen cells that lie in each
    low: Array  # its 95 % interval
    high: Array
    rows: int
    columns: int

    @property
    def farthest(self) -> tuple[float, float]:
        """The middle share that is farthest from what it covers, and that."""
        at = int(np.abs(self.covered - self.levels).argmax())
        return float(self.levels[at]), float(self.covered[at])

    @property
    def told(self) -> str:
        """What this says, in a few words."""
        level, covered = self.farthest
        if abs(covered - level) < KOLMOGOROV / self.rows**0.5:
            return "as wide as unseen rows"
        way = "too wide" if covered > level else "too narrow"
        return f"{way}: the middle {100 * level:.0f} % of samples hold {100 * covered:.0f} % of unseen cells"


def ranks(held: Rows, samples: Rows, *, seed: int = 0) -> Ranks | None:
    """Ranks of the unseen rows' numbers, all columns together; None where no column is a number."""
    rng = np.random.default_rng(seed)
    unseen, drawn = codes(sampled(held, ROWS, seed), sampled(samples, ROWS, seed + 1))
    numbers = np.flatnonzero(~np.array(categorical(held)) & (np.nanmax(unseen, 0) > np.nanmin(unseen, 0)))
    chosen = np.sort(rng.permutation(numbers)[:COLUMNS])
    found = [_ranked(unseen[:, j], drawn[:, j], rng) for j in chosen]
    u = np.concatenate(found) if found else np.empty(0)
    if not len(u):
        return None
    rows, levels = min(len(unseen), len(u)), np.linspace(0, 1, LEVELS)
    covered = (np.abs(2 * u - 1)[:, None] <= levels).mean(0)  # (2)
    low, high = np.array([wilson(float(share), rows) for share in covered]).T
    shares = np.histogram(u, BINS, (0, 1))[0] / len(u)
    return Ranks(shares, wilson(1 / BINS, rows), levels, covered, low, high, len(unseen), len(chosen))


def _ranked(unseen: Array, drawn: Array, rng: np.random.Generator) -> Array:
    """The ranks of one column; ties are broken at random."""
    unseen, drawn = unseen[np.isfinite(unseen)], np.sort(drawn[np.isfinite(drawn)])
    below, upto = (np.searchsorted(drawn, unseen, side) for side in ("left", "right"))
    return (below + rng.random(len(unseen)) * (upto - below + 1)) / (len(drawn) + 1)  # (1)
