"""Rows that repeat one another."""

import numpy as np
import pandas as pd
import pytest

from likely.data import Images, read
from likely.metrics.novelty import unique


def test_repeats_are_counted_in_as_many_rows_as_there_are_real_ones():
    real = read(pd.DataFrame({"x": np.arange(100) / 7, "c": ["u", "v"] * 50}))
    drawn = real.take([0, 0, 1, 2, 2, 2, 3, 4, 5, 6])
    found = unique(real, drawn)
    assert (found.value, found.ideal, found.group) == (pytest.approx(0.7), 1.0, "novelty")
    many = real.take(list(range(100)) * 3)
    assert unique(real, many).value == 1.0


def test_pictures():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 3, 3, 1)).astype(np.uint8)
    assert unique(Images(pixels), Images(np.repeat(pixels[:5], 4, axis=0))).value == 0.25
