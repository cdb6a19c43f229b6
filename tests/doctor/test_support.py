"""How many different rows there are, where that is known; whether few is a finding, beside real rows."""

import numpy as np
import pytest

from likely.doctor.support import closeness, different, support
from likely.metrics.neighbours import squared
from tests.doctor.patients import names, read_of


@pytest.mark.parametrize("kinds", [200, 2000, 20_000])
def test_a_law_on_so_many_points(kinds):
    """The estimate is right on average, and its interval holds the truth."""
    covered, estimates = 0, []
    for seed in range(100):
        drawn = np.random.default_rng(seed).integers(kinds, size=1000)
        met = np.bincount(drawn, minlength=kinds)[drawn] - 1
        value, low, high = different(met)
        covered += low <= kinds <= high
        estimates.append(1 / value)
    assert 1 / np.mean(estimates) == pytest.approx(kinds, rel=0.05)
    assert covered >= 92
    assert different(np.zeros(1000, int))[0] == np.inf


def test_closeness_is_that_of_ten_pairs():
    points = np.random.default_rng(0).normal(size=(700, 3))
    far = np.concatenate([d[np.arange(700) > np.arange(c.start, c.stop)[:, None]] for c, d in squared(points, points)])
    assert closeness(points) == pytest.approx(np.sort(far)[9])


@pytest.mark.parametrize("kinds", [1, 30, 1000, 5000])
def test_few_rows_over_and_over(kinds):
    rng = np.random.default_rng(0)
    made = rng.normal(size=(kinds, 5))[rng.integers(kinds, size=2000)]
    health = support(rng.normal(size=(4000, 5)), made)
    assert names(health) == ["few different rows"]
    found = read_of(health, "different rows, generated")
    assert 0.5 * kinds < found.value < 1.5 * kinds or kinds == 1
    assert "--latent" in health.findings[0].remedy


@pytest.mark.parametrize("kind", ["normal", "choices", "tight", "lower dimension"])
def test_as_many_as_real_rows(kind):
    """Rows that repeat by nature, or lie a little closer than real ones, are no finding."""
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(3000, 5)), rng.normal(size=(1500, 5))
    if kind == "choices":
        real, made = np.round(real), np.round(made)
    if kind == "tight":
        made = 0.7 * made
    if kind == "lower dimension":
        made[:, 4] = 0
    health = support(real, made)
    assert not health.findings
    assert len(health.readings) == 2


def test_few_rows():
    assert "too few" in support(np.zeros((150, 2)), np.zeros((300, 2))).left_out[0]
