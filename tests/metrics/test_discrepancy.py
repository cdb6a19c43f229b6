"""Gaussians have a closed form, and under the null hypothesis p-values are uniform."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from likely.data import read
from likely.metrics.discrepancy import Gaussian, chance, discrepancy, median_distance
from likely.metrics.kernel import squared_distance


def mean_kernel(m, n, a, b, width):
    """E k(x, y) of two Gaussians."""
    both = a + b
    shape = np.eye(len(m)) + both / width**2
    far = (m - n) @ np.linalg.solve(width**2 * np.eye(len(m)) + both, m - n)
    return np.exp(-far / 2) / np.sqrt(np.linalg.det(shape))


def test_the_closed_form_of_gaussians_is_inside_nine_intervals_of_ten():
    rng, width = np.random.default_rng(0), 1.3
    m, n = np.zeros(2), np.array([0.5, -0.2])
    root_a, root_b = np.array([[1.0, 0], [0.4, 0.8]]), np.array([[0.7, 0.2], [0, 1.1]])
    a, b = root_a @ root_a.T, root_b @ root_b.T
    truth = mean_kernel(m, m, a, a, width) + mean_kernel(n, n, b, b, width) - 2 * mean_kernel(m, n, a, b, width)
    found = [
        squared_distance(
            rng.normal(size=(120, 2)) @ root_a.T, n + rng.normal(size=(100, 2)) @ root_b.T, Gaussian(width)
        )
        for _ in range(60)
    ]
    held = [abs(value - truth) < 1.96 * stderr for value, stderr in found]
    assert np.mean([value for value, _ in found]) == pytest.approx(truth, abs=0.006)
    assert np.mean(held) >= 0.85


def test_p_is_uniform_under_the_null_and_small_beside_another_law():
    rng = np.random.default_rng(1)
    found = [chance(rng.normal(size=(30, 2)), rng.normal(size=(25, 2)), 1.5, seed, 99) for seed in range(200)]
    assert kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) <= 0.1
    assert chance(rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 1, 1.5, 0, 99) == 0.01


def test_equal_rows_are_no_evidence_and_the_width_is_the_median():
    points = np.array([[0.0], [1.0], [3.0]])
    assert median_distance(points, 0) == 2.0
    assert median_distance(np.zeros((4, 2)), 0) == 1.0
    rows = read(pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)}))
    value, p = discrepancy(rows, rows)
    assert -0.01 < value.value <= 0  # without bias: rows that are the very same are nearer than chance has them
    assert p.value == 1.0
    assert (value.group, value.features) == ("two-sample", "plain features")
    assert discrepancy(rows.take([0, 1]), rows) == []
