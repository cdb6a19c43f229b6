r"""Precision, recall, density and coverage by nearest neighbours (Kynkäänniemi et al. 2019; Naeem et al. 2020).

Even rows of the very law of the real ones are not all near some real row. Of these the share is about that of

    real rows that are among the k nearest of some other real row                                       (1)

for a row that is left out lies in another's ball where it is one of its k nearest: the ideal of precision and recall.
Intervals are for both sides' rows: a share of rows that are met loses those that one row alone meets, where it is left
out (a jackknife).
"""

import numpy as np

from likely.data import Rows
from likely.metrics.balls import Array, Hits, Places, held, radii
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, Z, share
from likely.metrics.thread import one_thread

MOST = 5000
ASKED = 10_000  # real rows that (1) is taken of


def coverage(
    real: Rows, synthetic: Rows, *, k: int = 5, sight: Sight = PLAIN, most: int = MOST, seed: int = 0
) -> dict[str, Measure]:
    """How much of the synthetic lies where real rows are (precision, density), and the reverse (recall, coverage)."""
    a, b = sight.points(sampled(real, most, seed), sampled(synthetic, most, seed + 1))
    k = min(k, len(a) - 1, len(b) - 1)
    if k < 1:
        return {}
    with one_thread():
        found = of_points(a, b, k)
    return {measure.name: measure.within("coverage", sight.name) for measure in found}


def of_points(a: Array, b: Array, k: int) -> tuple[Measure, ...]:
    """The four of real points (M, D) and synthetic ones (N, D)."""
    rows, centre = (len(a), len(b)), np.concatenate([a, b]).mean(0)
    real, drawn = Places(a - centre), Places(b - centre)
    around = radii(real, k)
    density, covered = held(drawn, real, around)
    recalled, recalling = held(real, drawn, radii(drawn, k))
    some = Places((a - centre)[np.random.default_rng(0).permutation(len(a))[:ASKED]])
    usual = float(((held(some, real, around)[0].counts > 1) @ some.weights) / some.weights.sum())  # (1)
    return (
        _met("precision", density, drawn, covered, real, rows, usual, "synthetic rows near some real row"),
        _met("recall", recalled, real, recalling, drawn, rows, usual, "real rows near some synthetic row"),
        _density(density, drawn, covered, real, rows, k),
        _met("coverage", covered, real, density, drawn, rows, expected(*rows, k),
             "real rows with a synthetic row in their neighbourhood"),
    )  # fmt: skip


def _met(
    name: str, hits: Hits, own: Places, back: Hits, others: Places, rows: tuple[int, int], ideal: float, note: str
) -> Measure:
    """The share of own rows that some of the others meet; as uncertain as both sides' rows make it."""
    met = (hits.counts > 0)[own.back]
    p, alone = (met.sum() + 1) / (len(met) + 2), hits.alone[own.back]  # never 0 or 1: those are not certain, either
    lost = np.bincount(alone[alone >= 0], minlength=len(others)) / len(met)  # without the one row that met them
    spread = p * (1 - p) / len(met) + float((lost[others.weights == 1] ** 2).sum())
    return share(name, met, rows, ideal, note, effective=float(p * (1 - p) / spread))


def _density(inner: Hits, drawn: Places, outer: Hits, real: Places, rows: tuple[int, int], k: int) -> Measure:
    """A mean over pairs of a row and a ball: both sides' rows make it uncertain."""
    of_rows, of_balls = inner.counts[drawn.back] / k, outer.counts[real.back] * rows[0] / (rows[1] * k)
    value, half = float(of_rows.mean()), Z * float(of_rows.var() / rows[1] + of_balls.var() / rows[0]) ** 0.5
    return Measure(
        "density", value, value - half, value + half, rows, 1.0, "real neighbourhoods around a synthetic row"
    )


def expected(real: int, synthetic: int, k: int) -> float:
    """The coverage of samples from the very law of the real rows.

    A real row is not covered when its k nearest among the other real and the synthetic rows, in any order equally
    likely, are all real.
    """
    j = np.arange(k)
    return float(1 - np.prod((real - 1 - j) / (real - 1 + synthetic - j)))
