"""Ranks are uniform where draws are right, for any kind of value, and say in which way they are not."""

import numpy as np
import pytest
from scipy.stats import kstest

from likely.metrics.ranks import ranks, uniformity


def seen(mean=0.0, std=1.0, rows=800, draws=19):
    rng = np.random.default_rng(1)
    return uniformity(ranks(rng.normal(size=rows), mean + std * rng.normal(size=(rows, draws))))


def test_right_draws_are_uniform_and_the_distance_is_kolmogorov_s():
    found = seen()
    told = kstest(found.ranks, "uniform")
    assert found.distance == pytest.approx(told.statistic)
    assert found.p == pytest.approx(told.pvalue)
    assert found.p > 0.05
    assert found.verdict == "no sign of miscalibration"
    assert found.distance < found.band


def test_ties_are_broken_by_chance():
    rng = np.random.default_rng(2)
    coins = ranks(rng.integers(0, 2, 800), rng.integers(0, 2, (800, 19)))
    assert uniformity(coins).p > 0.05
    assert len(np.unique(coins)) == 800


@pytest.mark.parametrize(
    ("mean", "std", "verdict"),
    [(0.6, 1, "too high"), (-0.6, 1, "too low"), (0, 0.5, "too narrow"), (0, 2.0, "too wide")],
)
def test_wrong_draws_say_how(mean, std, verdict):
    found = seen(mean, std)
    assert found.p < 1e-6
    assert verdict in found.verdict


def test_coverage_is_that_of_central_intervals():
    right, narrow = (seen(std=std).coverage(0.9) for std in (1.0, 0.5))
    assert right.low <= 0.9 <= right.high
    assert narrow.high < 0.9
