"""Shape, trend and detection against their formulas, on small tables that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.tree import DecisionTreeClassifier

from likely.data import read
from likely.metrics.published import detection, encoded, shape, trend


def tables(real, synthetic):
    first = read(pd.DataFrame(real))
    return first, read(pd.DataFrame(synthetic), schema=first.schema)


NUMBERS = np.random.default_rng(0).normal(size=(2, 80)).round(3)


def test_shape_is_the_mean_of_both_complements():
    real, other = tables(
        {"x": NUMBERS[0], "c": ["a"] * 40 + ["b"] * 40},
        {"x": NUMBERS[1] + 1, "c": ["a"] * 20 + ["b"] * 50 + [None] * 10},
    )
    far = ks_2samp(NUMBERS[0], NUMBERS[1] + 1).statistic
    assert shape(real, other) == pytest.approx((1 - far + 1 - 0.5 * (0.25 + 0.125 + 0.125)) / 2)
    assert shape(real, real) == trend(real, real) == 1.0


def test_trend_of_numbers_of_categories_and_of_both():
    x, y = NUMBERS
    real, other = tables({"x": x, "y": y}, {"x": x, "y": x + 0.5 * y})
    gap = abs(np.corrcoef(x, y)[0, 1] - np.corrcoef(x, x + 0.5 * y)[0, 1])
    assert trend(real, other) == pytest.approx(1 - gap / 2)
    pairs = {"c": ["a", "a", "b", "b"] * 20, "d": ["u", "v"] * 40}
    real, other = tables(pairs, {"c": pairs["c"], "d": ["u", "u", "v", "v"] * 20})
    assert trend(real, other) == pytest.approx(0.5)  # quarters of four cells, beside halves of two
    real, other = tables({"x": np.r_[np.arange(40) / 4, np.arange(40) / 4], "c": ["a"] * 40 + ["b"] * 40},
                         {"x": np.r_[np.arange(40) / 4, 0 * np.arange(40)], "c": ["a"] * 40 + ["b"] * 40})  # fmt: skip
    assert trend(real, other) == pytest.approx(1 - 0.5 * 0.9)  # of nine tenths of b's rows the bin is another
    assert trend(*tables({"x": x}, {"x": y})) == 1.0


def test_detection_is_one_where_nothing_can_be_told_and_nought_where_all_can():
    rng = np.random.default_rng(0)

    def drawn(shift):
        return {"x": rng.normal(size=300) + shift, "c": rng.choice(["a", "b"], 300)}

    first = drawn(0)
    assert detection(*tables(first, drawn(0))) > 0.85
    assert detection(*tables(first, drawn(20))) == 0.0
    assert detection(*tables(first, drawn(20)), DecisionTreeClassifier) == 0.0


def test_cells_as_the_classifier_sees_them():
    real, other = tables({"x": [0.5, None, 2.5] * 9, "c": ["a", "b", None] * 9}, {"x": [1.5] * 6, "c": ["z"] * 6})
    a, b = encoded(real, other)
    np.testing.assert_array_equal(a[:3], [[0.5, 0, 1, 0, 0], [np.nan, 0, 0, 1, 0], [2.5, 1, 0, 0, 0]])
    np.testing.assert_array_equal(b[0], [1.5, 0, 0, 0, 1])
    assert np.isfinite([shape(real, other), trend(real, other)]).all()
