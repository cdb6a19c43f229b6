"""The Fréchet distance beside the closed form of Gaussians; its ideal and its interval beside simulation."""

import numpy as np
import pytest

from likely.metrics import frechet_distance
from likely.metrics.frechet import Sums, between, by_chance, of_moments, with_error


def exact(rows, mean, cov):
    """Sums of a sample that has exactly these moments."""
    mean, cov = np.asarray(mean, float), np.asarray(cov, float)
    return Sums(rows, rows * mean, (rows - 1) * cov + rows * np.outer(mean, mean))


def test_gaussians_with_commuting_covariances():
    a, b = exact(50, [1, 0], np.diag([4.0, 1.0])), exact(70, [0, 2], np.diag([1.0, 9.0]))
    assert of_moments(a, b) == pytest.approx(1 + 4 + (2 - 1) ** 2 + (1 - 3) ** 2)


def test_gaussians_with_any_covariances_by_the_square_root_s_definition():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(0)
    a, b = (root @ root.T for root in rng.normal(size=(2, 5, 5)))
    half = np.real(sqrtm(a))
    assert between(a, b) == pytest.approx(np.trace(a + b - 2 * np.real(sqrtm(half @ b @ half))))
    assert between(a, b) == pytest.approx(between(b, a))
    assert between(a, a) == pytest.approx(0, abs=1e-9)


def test_directions_in_which_nothing_varies():
    flat = np.diag([1.0, 0.0, 0.0])
    assert between(flat, np.diag([4.0, 0.0, 0.0])) == pytest.approx(1)
    assert between(flat, np.diag([0.0, 4.0, 0.0])) == pytest.approx(5)
    assert by_chance(flat, 10, 10) == pytest.approx(0.2 * (1.25 + 0.25))


def test_moments_of_rows():
    rows = np.random.default_rng(1).normal(size=(40, 3)) + 5
    whole = Sums(40, rows.sum(0), rows.T @ rows)
    left = whole - Sums(10, rows[:10].sum(0), rows[:10].T @ rows[:10])
    np.testing.assert_allclose(left.mean, rows[10:].mean(0))
    np.testing.assert_allclose(left.covariance, np.cov(rows[10:].T))


def test_equal_laws_get_the_ideal():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 6)) / 2
    found = [with_error(rng.normal(size=(400, 6)) @ root, rng.normal(size=(300, 6)) @ root)[0] for _ in range(60)]
    ideal = by_chance(root.T @ root, 400, 300)
    assert np.mean(found) == pytest.approx(ideal, rel=0.1)


def test_the_error_is_that_of_many_samples():
    rng = np.random.default_rng(3)
    found = np.array([with_error(rng.normal(size=(400, 3)), 1 + rng.normal(size=(300, 3)) * 1.5) for _ in range(80)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.25)


def test_rows_get_a_measure_that_is_not_called_fid(plane):
    found = frechet_distance(plane(500, 0), plane(400, 1))
    assert found.name == "Fréchet distance"
    assert found.features == "plain features"
    assert "FID" not in found.note
    assert found.value < 4 * found.ideal
    far = frechet_distance(plane(500, 0), plane(400, 1, centre=(3.0, 0.0)))
    assert far.low > 4
    assert frechet_distance(plane(500, 0), plane(39, 1)) is None
