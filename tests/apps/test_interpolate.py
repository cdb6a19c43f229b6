"""Ways between codes: ends, lengths, turns; opposite and empty codes."""

from itertools import pairwise

import numpy as np
import pytest

import likely
from likely.apps.coded import Coded, coded
from likely.apps.interpolate import angle, between, spherical, straight
from likely.data import Table
from tests.rotated import code_of, codes_of, facts, rotated

A, B = np.array([3.0, 0.0, 0.0]), np.array([0.0, 0.0, 3.0])


def test_both_ways_begin_and_end_at_the_codes():
    for way in (straight, spherical):
        found = way(A, 2 * B, 7)
        assert found.shape == (7, 3)
        assert np.allclose(found[[0, -1]], [A, 2 * B])


def test_the_spherical_way_keeps_the_length_and_turns_evenly():
    found = spherical(A, B, 10)
    assert np.allclose(np.linalg.norm(found, axis=1), 3.0)
    turns = [angle(one, two) for one, two in pairwise(found)]
    assert np.allclose(turns, np.pi / 2 / 9)
    assert np.linalg.norm(straight(A, B, 3)[1]) == pytest.approx(3 / np.sqrt(2))


def test_it_is_the_sines_of_the_formula():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6))
    w = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    for t, found in zip(np.linspace(0, 1, 5), spherical(a, b, 5), strict=True):
        r = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
        expected = np.sin((1 - t) * w) * a / np.linalg.norm(a) + np.sin(t * w) * b / np.linalg.norm(b)
        assert np.allclose(found, r * expected / np.sin(w))


def test_opposite_codes_go_around_and_the_same_ones_stay():
    found = spherical(A, -A, 5)
    assert np.allclose(np.linalg.norm(found, axis=1), 3.0)
    assert np.allclose(found[-1], -A)
    assert np.allclose(spherical(A, A, 4), A)
    assert np.allclose(spherical(0 * A, B, 3), straight(0 * A, B, 3))
    assert np.isfinite(spherical(np.array([2.0]), np.array([-1.0]), 3)).all()


def test_a_choice_is_that_of_the_nearer_end():
    made = likely.fit(
        likely.read("moons").take(range(300)), likely.GAN(latent=2, codes=6, width=16), budget=2, certify=False
    )
    rows = Table(likely.read("moons").frame.head(2), likely.read("moons").schema)
    ends = [
        Coded(made, rows.take([at]), None, z) for at, z in enumerate(np.array([[[1.0, 0.0, 2.0]], [[0.0, 1.0, 5.0]]]))
    ]
    found = between(*ends, ("a", "b"), steps=5)
    for way in found.z:
        assert way[:, 2].tolist() == [2.0, 2.0, 2.0, 5.0, 5.0]
    assert np.allclose(np.linalg.norm(found.z[1][:, :2], axis=1), 1.0)
    assert found.angle == pytest.approx(90.0)


def test_rows_between_two_rows():
    z = codes_of(facts())
    fitted, rows = rotated(z)
    known = coded(fitted, rows)
    found = between(known.take([2]), known.take([40]), ("row 3", "row 41"), steps=5)
    expected = z[2] + np.linspace(0, 1, 5)[:, None] * (z[40] - z[2])
    assert np.allclose(code_of(found.straight.said.frame), expected, atol=1e-5)
    assert np.allclose(found.spherical.said.frame.iloc[[0, -1]], rows.frame.iloc[[2, 40]], atol=1e-5)
