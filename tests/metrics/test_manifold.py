"""Kept neighbourhoods against scikit-learn's, dimensions against manifolds whose dimension is known."""

import numpy as np
import pytest
from sklearn import manifold as peer

from likely.data import SURFACES
from likely.metrics import neighbours
from likely.metrics.manifold import continuity, dimension, kept, trustworthiness


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("chunk", [37, 512])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_trustworthiness_is_scikit_learn_s(rng, monkeypatch, k, chunk):
    monkeypatch.setattr(neighbours, "CHUNK", chunk)
    rows = rng.normal(size=(200, 5))
    for codes in (rows[:, :2], rng.normal(size=(200, 3)), rows @ rng.normal(size=(5, 5))):
        assert trustworthiness(rows, codes, k=k).value == pytest.approx(
            peer.trustworthiness(rows, codes, n_neighbors=k)
        )
        assert continuity(rows, codes, k=k).value == pytest.approx(peer.trustworthiness(codes, rows, n_neighbors=k))


def test_what_keeps_all_and_what_keeps_nothing(rng):
    rows = rng.normal(size=(500, 4))
    turned, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    assert trustworthiness(rows, 3 * rows @ turned).value == 1
    assert continuity(rows, 3 * rows @ turned).value == 1
    assert trustworthiness(rows, rng.normal(size=(500, 2))).value == pytest.approx(0.5, abs=0.02)


def test_tearing_costs_continuity_and_gluing_costs_trust(rng):
    """A ring cut open keeps trust; a line folded onto itself keeps continuity."""
    angle = rng.uniform(0, 2 * np.pi, size=600)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    cut = angle[:, None]
    assert trustworthiness(ring, cut).value > continuity(ring, cut).value + 1e-3
    folded = np.abs(cut - np.pi)
    assert continuity(cut, folded).value > trustworthiness(cut, folded).value + 0.05


def test_the_interval_is_of_the_mean_over_rows(rng):
    rows, codes = rng.normal(size=(300, 3)), rng.normal(size=(300, 2))
    found, each = trustworthiness(rows, codes), kept(rows, codes, 10)[0]
    assert found.value == pytest.approx(each.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * each.std(ddof=1) / 300**0.5, rel=1e-3)


@pytest.mark.parametrize("d", range(1, 9))
def test_the_dimension_of_a_cube(rng, d):
    """Turned into 12 dimensions. Near its faces a cube looks flatter than it is, the more so the more faces it has."""
    turned, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    found = dimension(rng.uniform(size=(2000, d)) @ turned[:d])
    assert 0.75 * d < found.value < 1.05 * d


@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_dimension_of_a_sphere_within_its_interval(d):
    """A manifold without an edge: over seeds the estimate is right, and its error is about what is told."""
    seen = []
    for seed in range(12):
        points = np.random.default_rng(seed).normal(size=(1000, d + 1))
        seen.append(dimension(points / np.linalg.norm(points, axis=1, keepdims=True)))
    values = np.array([found.value for found in seen])
    told = np.mean([(found.high - found.low) / 2 / 1.96 for found in seen])
    assert values.mean() == pytest.approx(d, rel=0.04)
    assert 0.5 < values.std(ddof=1) / told < 2.0


@pytest.mark.parametrize("name", SURFACES)
def test_the_dimension_of_a_rolled_plane(name):
    surface = SURFACES[name]
    flat = surface.at(np.random.default_rng(0).uniform(size=(2000, 2)))
    assert dimension(flat).value == pytest.approx(2, abs=0.15)


def test_equal_distances_cost_nothing():
    """Rows that the codes do not tell apart, and that are as far from one another, are each other's neighbours."""
    corners = np.eye(30)
    assert trustworthiness(corners, np.zeros((30, 1)), k=3).value == 1
    assert continuity(corners, np.zeros((30, 1)), k=3).value == 1


def test_copies_are_left_out_and_too_many_say_nothing(rng):
    points = rng.uniform(size=(1000, 2))
    some = np.concatenate([points, points[:100]])
    assert dimension(some).value == pytest.approx(dimension(points).value, abs=0.15)
    assert dimension(rng.integers(0, 3, size=(1000, 2)).astype(float)) is None
    assert dimension(np.zeros((100, 3))) is None
