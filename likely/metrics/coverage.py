"""Precision, recall, density and coverage by nearest neighbours (Kynkäänniemi et al. 2019; Naeem et al. 2020)."""

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, sampled
from likely.metrics.measure import Measure, mean, share
from likely.metrics.neighbours import SAME, inside, nearest, radii
from likely.metrics.thread import one_thread

MOST = 5000


def coverage(real: Rows, synthetic: Rows, *, k: int = 5, sight: Sight = PLAIN, seed: int = 0) -> dict[str, Measure]:
    """How much of the synthetic lies where real rows are (precision, density), and the reverse (recall, coverage)."""
    a, b = sight.points(sampled(real, MOST, seed), sampled(synthetic, MOST, seed + 1))
    rows, k = (len(a), len(b)), min(k, len(a) - 1, len(b) - 1)
    if k < 1:
        return {}
    with one_thread():
        around_a, around_b = radii(a, k), radii(b, k)
        inside_a, inside_b = inside(b, a, around_a), inside(a, b, around_b)
        covered = nearest(a, b)[1] <= around_a + SAME
    found = (
        share("precision", inside_a > 0, rows, 1.0, "synthetic rows near some real row"),
        share("recall", inside_b > 0, rows, 1.0, "real rows near some synthetic row"),
        mean("density", inside_a / k, rows, 1.0, "real neighbourhoods around a synthetic row"),
        share("coverage", covered, rows, expected(*rows, k), "real rows with a synthetic row in their "
              "neighbourhood"),
    )  # fmt: skip
    return {measure.name: measure.within("coverage", sight.name) for measure in found}


def expected(real: int, synthetic: int, k: int) -> float:
    """The coverage of samples from the very law of the real rows.

    A real row is not covered when its k nearest among the other real and the synthetic rows, in any order equally
    likely, are all real.
    """
    j = np.arange(k)
    return float(1 - np.prod((real - 1 - j) / (real - 1 + synthetic - j)))
