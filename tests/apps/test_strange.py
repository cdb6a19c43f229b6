"""What is strange: each way by hand, two-sided p-values, and corrections that take off what a picture costs anyway."""

import numpy as np
import pytest

import likely
from likely.apps.anomalies import anomalies
from likely.apps.background import noised
from likely.apps.coder import nats_of
from likely.apps.strange import Complexity, Likelihood, Ratio, Typicality, p_values, scores_of
from likely.errors import CannotAnswer


@pytest.fixture(scope="module")
def digits():
    rows = likely.read("digits")
    half = np.arange(len(rows)) % 2 == 0
    return rows.take(np.flatnonzero(half)), rows.take(np.flatnonzero(~half))


@pytest.fixture(scope="module")
def models(digits):
    learned, _ = digits
    noisy = noised(learned)
    return tuple(likely.fit(each, likely.FactorAnalysis(factors=8), certify=False) for each in (learned, noisy))


def test_p_values_by_hand():
    held = np.array([1.0, 2.0, 2.0, 3.0])
    assert p_values(np.array([0.0, 2.0, 2.5, 9.0]), held).tolist() == [1.0, 0.8, 0.4, 0.2]


def test_typicality_by_hand():
    held = np.arange(9.0)
    strange, p = Typicality().judged(np.array([-5.0, 4.0, 20.0]), held)
    assert strange.tolist() == [9.0, 0.0, 16.0]
    assert np.allclose(p, [0.2, 1.0, 0.2])
    assert Likelihood().judged(np.array([-5.0]), held)[1] == [1.0]


def test_corrections_take_off_what_they_say(models, digits):
    fitted, background = models
    some = digits[1].take(np.arange(20))
    assert np.allclose(Ratio(background).scores(fitted, some), scores_of(fitted, some) - scores_of(background, some))
    told = Complexity().scores(fitted, some)
    assert np.allclose(told, scores_of(fitted, some) - nats_of(some.pixels, some.levels))


@pytest.mark.parametrize("way", ["complexity", "ratio", "typicality"])
def test_they_are_calibrated_on_rows_of_one_s_own(models, digits, way):
    fitted, background = models
    by = {"complexity": Complexity(), "ratio": Ratio(background), "typicality": Typicality()}[way]
    calm, asked = digits[1].take(np.arange(400)), digits[1].take(np.arange(400, 800))
    assert abs(anomalies(fitted, asked, calm, by=by)["p_value"].mean() - 0.5) < 0.06
    with pytest.raises(CannotAnswer, match="calibration"):
        anomalies(fitted, asked, by=by)
    assert by.said(fitted)
