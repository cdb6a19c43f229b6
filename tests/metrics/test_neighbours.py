"""Neighbours against brute force."""

import numpy as np
import pytest

from likely.metrics import neighbours
from likely.metrics.neighbours import nearest, unlike


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    return rng.normal(size=(70, 3)), rng.normal(size=(40, 3))


def brute(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(2)


@pytest.mark.parametrize("chunk", [7, 512])
def test_against_brute_force(points, monkeypatch, chunk):
    monkeypatch.setattr(neighbours, "CHUNK", chunk)
    a, b = points
    far = brute(a, b)
    places, distances = nearest(a, b)
    np.testing.assert_array_equal(places, far.argmin(1))
    np.testing.assert_allclose(distances, far.min(1), atol=1e-9)


def test_equal_points_are_at_no_distance_even_far_out():
    a = np.full((5, 3), 300.0)
    assert (nearest(a, a)[1] == 0).all()


@pytest.mark.parametrize("chunk", [7, 512])
def test_choices_are_as_far_apart_as_many_differ(monkeypatch, chunk):
    monkeypatch.setattr(neighbours, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, size=(20, 5)), rng.integers(0, 3, size=(9, 5))
    seen = np.concatenate([counts for _, counts in unlike(a, b)])
    np.testing.assert_array_equal(seen, (a[:, None] != b[None]).sum(2))
