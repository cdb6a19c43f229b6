"""Precision, recall, density and coverage by nearest neighbours (Kynkäänniemi et al. 2019; Naeem et al. 2020)."""

import numpy as np

from likely.data import Rows
from likely.metrics.balls import Array, Places, held, radii
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, mean, share
from likely.metrics.thread import one_thread

MOST = 5000


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
    density, covered = held(drawn, real, radii(real, k))
    recalled, _ = held(real, drawn, radii(drawn, k))
    return (
        share("precision", (density > 0)[drawn.back], rows, 1.0, "synthetic rows near some real row"),
        share("recall", (recalled > 0)[real.back], rows, 1.0, "real rows near some synthetic row"),
        mean("density", (density / k)[drawn.back], rows, 1.0, "real neighbourhoods around a synthetic row"),
        share("coverage", covered[real.back], rows, expected(*rows, k), "real rows with a synthetic row in their "
              "neighbourhood"),
    )  # fmt: skip


def expected(real: int, synthetic: int, k: int) -> float:
    """The coverage of samples from the very law of the real rows.

    A real row is not covered when its k nearest among the other real and the synthetic rows, in any order equally
    likely, are all real.
    """
    j = np.arange(k)
    return float(1 - np.prod((real - 1 - j) / (real - 1 + synthetic - j)))
