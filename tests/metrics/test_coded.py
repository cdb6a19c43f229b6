"""What is told of codes, by what codes are."""

import numpy as np
import pandas as pd
import pytest

from likely.data import Images, read
from likely.metrics.coded import choices, coded, perplexity, points_of, unused
from likely.metrics.manifold import continuity, trustworthiness
from likely.spaces import Category, Image, Real, Tokens, Vector, label, reals


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_codes_that_are_numbers(rng):
    codes = rng.normal(size=(300, 2))
    rows = read(pd.DataFrame(codes @ rng.normal(size=(2, 5)), columns=list("abcde")))
    found = coded(rows, codes.astype(np.float32), reals(2))
    assert list(found) == ["trustworthiness", "continuity", "dimension of the rows", "dimension of the codes"]
    points = points_of(rows)
    assert found["trustworthiness"].value == pytest.approx(trustworthiness(points, codes).value, abs=1e-6)
    assert found["continuity"].value == pytest.approx(continuity(points, codes).value, abs=1e-6)
    assert found["dimension of the rows"].value == pytest.approx(2, abs=0.25)
    assert found["dimension of the codes"].value == pytest.approx(2, abs=0.25)


def test_codes_that_are_choices_are_as_far_apart_as_many_differ(rng):
    """Four bits of a place on a line, coarse to fine: rows with equal codes are near, and all codes are used."""
    place = rng.permutation(np.repeat(np.arange(16), 20)) + rng.uniform(0, 1, size=320)
    codes = np.stack([place // 8 % 2, place // 4 % 2, place // 2 % 2, place // 1 % 2], 1)
    rows = read(pd.DataFrame({"x": place}))
    found = coded(rows, codes, Vector((Category(2),) * 4))
    assert list(found) == ["perplexity", "unused codes", "trustworthiness", "continuity", "dimension of the rows"]
    assert found["perplexity"].value == pytest.approx(2)
    assert found["unused codes"].value == 0
    assert found["trustworthiness"].value > 0.95
    shuffled = coded(rows, rng.permutation(codes), Vector((Category(2),) * 4))
    assert shuffled["trustworthiness"].value == pytest.approx(0.5, abs=0.05)


def test_pictures_are_points_and_few_rows_say_nothing_of_neighbours(rng):
    images = Images(rng.integers(0, 4, size=(30, 5, 5, 1)).astype(np.uint8), 4, None, ())
    codes = rng.integers(0, 6, size=(30, 1, 2, 2)).astype(float)
    assert list(coded(images, codes, Image(1, 2, 2, 6))) == ["perplexity", "unused codes"]
    assert points_of(images).shape == (30, 25)
    assert coded(images, rng.normal(size=(30, 3)), reals(3)) == {}


def test_rows_without_a_number_are_left_out(rng):
    codes = rng.normal(size=(100, 2))
    rows = read(pd.DataFrame({"x": codes[:, 0], "y": codes[:, 1]}))
    broken = codes.copy()
    broken[:20] = np.nan
    assert coded(rows, broken, reals(2))["trustworthiness"].rows == (80, 80)
    constant = read(pd.DataFrame({"x": codes[:, 0]})).frame.assign(x=1.0)
    assert "trustworthiness" not in coded(read(constant), codes, reals(2))


def test_perplexity_and_codes_that_stand_in_no_row():
    codes = np.array([[0, 0], [1, 1], [2, 2], [3, 3]])
    assert perplexity(codes, 8).value == pytest.approx(4)
    assert unused(codes, 8).value == 4
    uneven = np.array([[0], [0], [0], [1]])
    assert perplexity(uneven, 8).value == pytest.approx(np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25))))


def test_what_cells_of_codes_are():
    assert choices(label(7)) == 7
    assert choices(Image(1, 2, 2, 9)) == 9
    assert choices(Tokens(11, 3)) == 11
    assert choices(Image(1, 2, 2, None)) is None
    assert choices(Vector((Category(3), Real()))) is None
