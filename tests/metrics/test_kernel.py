"""The kernel distance beside closed forms, and its interval beside the spread over many samples."""

import numpy as np
import pandas as pd
import pytest

from likely.data import read
from likely.metrics import kernel_distance
from likely.metrics.kernel import kernel, squared_distance


def by_moments(x_moments, y_moments, d):
    """(2) of the docstring, from E x, E xx', E xxx of each side."""
    weights = (3 / d, 3 / d**2, 1 / d**3)
    return sum(w * ((a - b) ** 2).sum() for w, a, b in zip(weights, x_moments, y_moments))


def gaussian_moments(mean, cov):
    """The first three moments of a Gaussian as tensors."""
    one = np.asarray(mean, float)
    two = cov + np.einsum("i,j->ij", one, one)
    three = np.einsum("i,j,k->ijk", one, one, one)
    for spread in ("ij,k->ijk", "ik,j->ijk", "jk,i->ijk"):
        three = three + np.einsum(spread, cov, one)
    return one, two, three


def plainly(x, y):
    """The estimate by its definition: loops over pairs."""

    def k(a, b):
        return (a @ b / len(a) + 1) ** 3

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    return xx + yy - 2 * np.mean([k(a, b) for a in x for b in y])


def test_the_estimate_is_its_definition_and_the_error_is_the_jackknife_s():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=(7, 3)) + 0.5
    value, stderr = squared_distance(x, y)
    assert value == pytest.approx(plainly(x, y))
    without_x = [plainly(np.delete(x, i, 0), y) for i in range(9)]
    without_y = [plainly(x, np.delete(y, i, 0)) for i in range(7)]
    assert stderr == pytest.approx(np.sqrt(8 * np.var(without_x) + 6 * np.var(without_y)))


def test_on_average_it_is_the_closed_form_of_gaussians():
    """Over many small samples the mean is that of the moments: no bias at 20 and 30 rows."""
    rng = np.random.default_rng(1)
    mean, root = np.array([0.4, -0.2]), np.array([[1.2, 0.0], [0.5, 0.7]])
    exact = by_moments(gaussian_moments([0, 0], np.eye(2)), gaussian_moments(mean, root @ root.T), 2)
    found = [squared_distance(rng.normal(size=(20, 2)), mean + rng.normal(size=(30, 2)) @ root.T)[0]
             for _ in range(2000)]  # fmt: skip
    assert np.mean(found) == pytest.approx(exact, abs=4 * np.std(found) / 2000**0.5)
    assert np.std(found) / 2000**0.5 < 0.1 * exact  # the test can see a bias


def test_of_equal_laws_it_is_zero_on_average_and_within_its_interval():
    rng = np.random.default_rng(2)
    found = np.array([squared_distance(rng.normal(size=(60, 4)), rng.normal(size=(50, 4))) for _ in range(600)])
    assert abs(found[:, 0].mean()) < 4 * found[:, 0].std() / 600**0.5
    assert (found[:, 0] < 0).mean() > 0.3  # it is not clipped
    assert (np.abs(found[:, 0]) < 1.96 * found[:, 1]).mean() > 0.93


def test_the_interval_holds_the_truth_where_the_laws_differ():
    rng = np.random.default_rng(3)
    exact = by_moments(gaussian_moments([0, 0], np.eye(2)), gaussian_moments([1, 0], np.eye(2)), 2)
    found = np.array([squared_distance(rng.normal(size=(80, 2)), rng.normal(size=(80, 2)) + np.array([1, 0]))
                      for _ in range(500)])  # fmt: skip
    assert (np.abs(found[:, 0] - exact) < 1.96 * found[:, 1]).mean() == pytest.approx(0.95, abs=0.035)


def test_the_kernel_is_the_third_power():
    assert kernel(np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]]))[0, 0] == pytest.approx((1 / 2 + 1) ** 3)


def test_rows_get_a_named_measure_and_too_few_get_none(plane):
    near, far = kernel_distance(plane(300, 0), plane(300, 1)), kernel_distance(plane(300, 0), plane(300, 1, spread=2))
    assert near.low < 0 < near.high
    assert far.low > 0
    assert (near.name, near.ideal, near.rows) == ("KID", 0.0, (300, 300))
    assert near.features == "plain features"
    assert kernel_distance(plane(3, 0), plane(300, 1)) is None


def test_tables_with_categories_are_measured():
    rows = read(pd.DataFrame({"x": np.arange(60) % 7, "c": ["u", "v", "w"] * 20}))
    assert kernel_distance(rows, rows).value < 0  # the same rows are nearer than two samples of one law
