"""Odd rows explained: words and plain values say the same, and nobody is asked what they cannot tell."""

import numpy as np
import pytest

import likely
from likely.apps.odd import explained, shown


@pytest.fixture(scope="module")
def iris():
    return likely.read("iris").frame


@pytest.fixture(scope="module")
def odd(iris):
    frame = iris.iloc[[3, 60]].copy()
    frame.iloc[0, 0] = 9.5
    return frame


def test_words_and_values(iris, odd):
    fitted = likely.fit(iris, likely.GaussianMixture(), validation=iris, certify=False)
    told = explained(fitted, odd, [0, 1])
    assert told.header == ("odd cells (nats)", "nearest plausible row")
    why, nearest = told.cells(0, 3)
    assert why.startswith("sepal length (cm) 9.5 (+")
    assert "sepal length (cm) 9.5 →" in nearest
    plain = told.plain(0)
    total = sum(each["nats"] for each in plain["why"]) + plain["rest"]
    assert np.isclose(total, fitted.score(odd.head(1)).nats[0])
    assert plain["nearest"]["changes"]["sepal length (cm)"]["from"] == 9.5
    assert plain["nearest"]["p_value"] >= 0.25
    assert "add up" in told.note


def test_only_what_a_model_can_tell(iris, odd):
    flow = likely.fit(iris, likely.RealNVP(layers=2, width=16), budget=30, validation=iris, certify=False)
    told = explained(flow, odd, [0, 1])
    assert "replaced" in told.way
    digits = likely.fit("digits", likely.FactorAnalysis(), certify=False)
    assert explained(digits, "digits", [0]) is None


def test_numbers_in_few_letters():
    assert [shown(value) for value in (0.123456, np.float64(1e9), 3, "up")] == ["0.1235", "1e+09", "3", "up"]
