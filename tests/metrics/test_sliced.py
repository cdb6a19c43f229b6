"""Shifted laws are as far apart as they were shifted, and equal ones as chance leaves them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from likely.data import read
from likely.metrics.sliced import of_points, sliced_distance


def test_along_one_axis_it_is_the_wasserstein_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 1)), rng.gamma(2.0, size=(70, 1))
    assert of_points(x, y, directions=3)[0] == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]))


def test_a_shift_in_the_plane_is_told_as_its_mean_share_along_a_direction():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2))
    value, stderr, _ = of_points(x, x + np.array([3.0, 4.0]), directions=400)
    assert value == pytest.approx(5 * 2 / np.pi, rel=0.05)  # E |cos|
    assert 0 < stderr < 0.2


def test_equal_laws_get_the_ideal_and_the_interval_holds_what_is_repeated():
    rng = np.random.default_rng(1)
    found = np.array(
        [of_points(rng.normal(size=(150, 3)), rng.normal(size=(200, 3)), directions=20) for _ in range(40)]
    )
    assert found[:, 0].mean() == pytest.approx(found[:, 2].mean(), rel=0.1)
    moved = np.array(
        [of_points(rng.normal(size=(150, 3)), 1 + rng.normal(size=(200, 3)), directions=20) for _ in range(40)]
    )
    assert moved[:, 1].mean() == pytest.approx(moved[:, 0].std(), rel=0.35)


def test_rows_and_too_few_rows():
    rng = np.random.default_rng(0)
    rows = read(pd.DataFrame({"x": rng.normal(size=200), "c": rng.choice(["a", "b"], 200)}))
    found = sliced_distance(rows, rows)
    assert found is not None
    assert found.value == 0
    assert found.features == "plain features"
    assert sliced_distance(rows.take(range(9)), rows) is None
