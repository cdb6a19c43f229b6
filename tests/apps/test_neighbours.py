"""Nearest rows, against brute force."""

import numpy as np
import pandas as pd

from likely.apps.coded import Coded, coded
from likely.apps.neighbours import in_codes, in_data, nearest_of
from likely.data import Images, read
from tests.rotated import codes_of, facts, rotated

RNG = np.random.default_rng(0)


def test_the_k_nearest_by_brute_force():
    points, queries = RNG.normal(size=(700, 5)), RNG.normal(size=(600, 5))
    found = nearest_of(queries, points, 4)
    for query, places, far in zip(queries, found.places, found.far, strict=True):
        distances = np.linalg.norm(points - query, axis=1)
        assert places.tolist() == np.argsort(distances, kind="stable")[:4].tolist()
        assert np.allclose(far, np.sort(distances)[:4])


def test_a_row_is_its_own_nearest_in_codes_and_in_the_data():
    fitted, rows = rotated(codes_of(facts()))
    known = coded(fitted, rows)
    for look in (in_codes, in_data):
        found = look(known.take([5, 9]), known, 3)
        assert found.places[:, 0].tolist() == [5, 9]
        assert np.allclose(found.far[:, 0], 0, atol=1e-3)


def test_pictures_are_compared_pixel_by_pixel():
    pixels = RNG.integers(0, 256, (30, 4, 4, 3)).astype(np.uint8)
    fitted, _ = rotated(codes_of(facts()))
    known = Coded(fitted, Images(pixels), np.zeros((30, 5)))
    asked = Coded(fitted, Images((pixels[:3] // 2 + 40).astype(np.uint8)), np.zeros((3, 5)))
    found = in_data(asked, known, 2)
    for query, places in zip(asked.rows.pixels, found.places, strict=True):
        distances = ((pixels.astype(float) - query) ** 2).sum((1, 2, 3))
        assert places.tolist() == np.argsort(distances)[:2].tolist()


def test_tables_count_categories_as_well():
    frame = pd.DataFrame({"a": [0.0, 0.1, 5.0, 5.1] * 5, "b": ["x", "y"] * 10})
    rows = read(frame)
    known = Coded(rotated(codes_of(facts()))[0], rows, np.zeros((20, 5)))
    found = in_data(known.take([3]), known, 5)
    assert set(found.places[0]) == {3, 7, 11, 15, 19}
