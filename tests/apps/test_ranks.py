"""Ranks are even for equal laws, humped for samples that are too wide."""

import numpy as np
import pandas as pd
import pytest

from likely.apps.ranks import ranks
from likely.data import read


def rows(scale, seed, n=1000):
    rng = np.random.default_rng(seed)
    return read(pd.DataFrame({"x": scale * rng.normal(size=n), "n": rng.poisson(2, n), "kind": ["a", "b"] * (n // 2)}))


def test_equal_laws_are_even():
    found = ranks(rows(1, 0), rows(1, 1))
    assert found.shares.sum() == pytest.approx(1)
    assert found.columns == 2
    assert found.told == "as wide as unseen rows"
    np.testing.assert_allclose(found.covered, found.levels, atol=0.05)
    assert found.band[0] < 1 / 20 < found.band[1]


@pytest.mark.parametrize(("scale", "word"), [(3.0, "too wide"), (0.3, "too narrow")])
def test_other_widths_are_told(scale, word):
    found = ranks(read(rows(1, 0).frame[["x"]]), read(rows(scale, 1).frame[["x"]]))
    assert found.told.startswith(word)
    level, covered = found.farthest
    assert (covered > level) == (word == "too wide")


def test_categories_alone_have_no_ranks():
    table = read(pd.DataFrame({"a": ["u", "v"] * 30, "b": ["p", "q", "r"] * 20}))
    assert ranks(table, table) is None
