"""Planted collapse, planted outliers, and what samples of the same law get."""

import numpy as np
import pandas as pd
import pytest

from likely.data import read
from likely.metrics import Sight, coverage
from likely.metrics.coverage import expected, of_points


def clusters(rows, seed, places):
    rng = np.random.default_rng(seed)
    centres = np.array([(0, 0), (10, 0), (0, 10), (10, 10)])[rng.choice(places, rows)]
    return read(pd.DataFrame(centres + rng.normal(size=(rows, 2)), columns=["x", "y"]))


def test_the_same_law_gets_its_ideals():
    found = coverage(clusters(400, 0, range(4)), clusters(400, 1, range(4)))
    for name in ("density", "coverage"):
        assert found[name].value == pytest.approx(found[name].ideal, abs=0.06)
    assert found["precision"].value > 0.93
    assert found["recall"].value > 0.93


def test_dropped_modes_are_seen_in_recall_and_coverage():
    found = coverage(clusters(400, 0, range(4)), clusters(400, 1, [0]))
    assert found["precision"].value > 0.93
    assert found["recall"].value == pytest.approx(0.25, abs=0.07)
    assert found["coverage"].value < 0.3


def test_made_up_modes_are_seen_in_precision():
    found = coverage(clusters(400, 0, [0]), clusters(400, 1, range(4)))
    assert found["precision"].value == pytest.approx(0.25, abs=0.07)
    assert found["recall"].value > 0.9


def test_the_expected_coverage_by_simulation():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        real, synthetic = rng.normal(size=30), rng.normal(size=20)
        around = np.sort(np.abs(real[:, None] - real), axis=1)[:, 5]
        covered.append((np.abs(real[:, None] - synthetic).min(1) <= around).mean())
    assert np.mean(covered) == pytest.approx(expected(30, 20, 5), abs=0.01)


def test_few_rows_lower_k_and_too_few_give_nothing(plane):
    assert set(coverage(plane(30, 0).take([0, 1, 2]), plane(30, 1))) == {"precision", "recall", "density", "coverage"}
    assert coverage(plane(30, 0).take([0]), plane(30, 1)) == {}


def test_equal_rows_everywhere_are_covered():
    rows = read(pd.DataFrame({"x": [1, 2] * 50, "c": ["u", "v"] * 50}))
    found = coverage(rows, rows)
    assert found["precision"].value == found["coverage"].value == 1.0
    points = np.random.default_rng(0).normal(size=(300, 3))
    for each in of_points(points, np.concatenate([points, points[:9] + 0.1]), 5)[:2]:
        assert 0.9 < each.low < each.value


def test_disjoint_and_nested_sets():
    """A sample inside one of two clusters is precise and misses the other; one of both, beside one, is the reverse."""
    rng = np.random.default_rng(3)
    left, right, apart = (rng.normal(size=(300, 2)) + np.array([place, 0]) for place in (0, 20, 400))
    both = np.concatenate([left, right])

    def rows(points):
        return read(pd.DataFrame(points, columns=["x", "y"]))

    found = coverage(rows(both), rows(apart))
    assert found["precision"].value == found["recall"].value == found["density"].value == found["coverage"].value == 0
    inner = coverage(rows(both), rows(rng.normal(size=(300, 2))))
    assert inner["precision"].value > 0.9
    assert inner["recall"].value == pytest.approx(0.5, abs=0.05)
    assert inner["coverage"].value == pytest.approx(0.5, abs=0.05)
    outer = coverage(rows(left), rows(both))
    assert outer["precision"].value == pytest.approx(0.5, abs=0.05)
    assert outer["recall"].value > 0.9


class First(Sight):
    """The first column alone."""

    name = "the first column"

    def points(self, real, *others):
        return [rows.frame[["x"]].to_numpy(dtype=float) for rows in (real, *others)]


def test_another_sight_sees_other_things_and_is_named():
    """Of the four clusters two have the same x: without y their rows cannot be told apart."""
    real, drawn = clusters(400, 0, [0]), clusters(400, 1, [2])
    assert coverage(real, drawn)["coverage"].value < 0.02
    found = coverage(real, drawn, sight=First())
    assert found["coverage"].value == pytest.approx(found["coverage"].ideal, abs=0.06)
    assert found["coverage"].features == "the first column"


def test_the_same_law_is_inside_its_intervals():
    """Forty pairs of samples: every ideal is met on average, and held by about the share that intervals promise."""
    rng = np.random.default_rng(0)
    found = [of_points(rng.normal(size=(300, 3)), rng.normal(size=(260, 3)), 5) for _ in range(40)]
    for each in zip(*found, strict=True):
        gaps = np.array([one.value - one.ideal for one in each])
        held = [one.low <= one.ideal <= one.high for one in each]
        assert abs(gaps.mean()) < 4 * gaps.std() / 40**0.5 + 0.004, each[0].name
        assert np.mean(held) >= 0.8, each[0].name
