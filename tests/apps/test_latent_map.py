"""The plane of codes, places in it, and the grid's orientation."""

import numpy as np
import pytest
from scipy.stats import norm

from likely.apps.latent_map import grid_of, plane_of

RNG = np.random.default_rng(0)


def test_two_numbers_are_their_own_plane():
    z = RNG.normal(size=(50, 2)) * [1.0, 5.0]
    plane = plane_of(z)
    assert plane.own
    assert np.allclose(plane.places(z), z - z.mean(0))
    assert plane.share == pytest.approx(1.0)


def test_more_have_the_two_axes_along_which_they_vary_most():
    basis = np.linalg.qr(RNG.normal(size=(6, 6)))[0]
    z = RNG.normal(size=(4000, 6)) * [0.1, 3.0, 0.1, 0.1, 2.0, 0.1] @ basis.T
    plane = plane_of(z)
    assert np.allclose(np.abs(plane.axes @ basis[:, [1, 4]]), np.eye(2), atol=0.03)
    assert np.allclose(plane.axes @ plane.axes.T, np.eye(2))
    assert plane.share == pytest.approx(13 / 13.04, abs=1e-3)
    assert (plane.axes[[0, 1], np.abs(plane.axes).argmax(1)] > 0).all()
    places = plane.places(z)
    assert np.allclose(plane.places(plane.codes(places)), places)


def test_very_wide_codes_have_the_same_axes():
    z = RNG.normal(size=(100, 600)) * np.r_[20.0, 10.0, np.full(598, 0.1)]
    assert np.allclose(np.abs(plane_of(z).axes[:, :2]), np.eye(2), atol=0.2)


def test_the_grid_grows_to_the_right_and_upwards_through_normal_quantiles():
    plane = plane_of(RNG.normal(size=(500, 2)) * [1.0, 3.0])
    places = grid_of(plane, 4).reshape(4, 4, 2)
    assert (np.diff(places[:, :, 0], axis=1) > 0).all()
    assert (np.diff(places[:, :, 1], axis=0) < 0).all()
    assert np.allclose(norm.cdf(places[0, :, 0] / plane.spread[0]), [0.125, 0.375, 0.625, 0.875])
    assert np.allclose(norm.cdf(places[:, 0, 1] / plane.spread[1]), [0.875, 0.625, 0.375, 0.125])


def test_one_number_is_a_line_and_few_or_equal_rows_are_no_trouble():
    line = plane_of(RNG.normal(size=(20, 1)))
    assert grid_of(line, 5).shape == (5, 2)
    assert line.codes(grid_of(line, 5)).shape == (5, 1)
    assert line.places(np.zeros((3, 1))).shape == (3, 2)
    for z in (np.ones((7, 4)), RNG.normal(size=(1, 4)), RNG.normal(size=(1, 600))):
        plane = plane_of(z)
        assert np.isfinite(plane.codes(grid_of(plane, 3))).all()
        assert plane.axes.shape == (2, z.shape[1])
