"""Calibration undoes what was done to honest probabilities, on rows that it did not learn from."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from likely.metrics.calibration import Isotonic, Platt, Temperature
from likely.metrics.reliability import reliability


def planted(n: int, power: float, shift=(0.0, 0.0, 0.0), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    honest = rng.dirichlet([0.8, 0.8, 0.8], n)
    truth = (rng.random((n, 1)) > honest.cumsum(1)).sum(1)
    sure = honest**power * np.exp(shift)
    return sure / sure.sum(1, keepdims=True), truth


def test_a_temperature_is_found_and_changes_no_decision() -> None:
    found = Temperature().learned(*planted(4000, 3.0))
    assert found.slope == pytest.approx(1 / 3, abs=0.03)
    p, truth = planted(4000, 3.0, seed=1)
    told = found(p)
    np.testing.assert_allclose(told.sum(1), 1.0)
    assert (told.argmax(1) == p.argmax(1)).all()
    assert abs(reliability(told, truth).overconfidence.value) < 0.02


@pytest.mark.parametrize("by", [Platt(), Isotonic()])
def test_shifted_classes_are_shifted_back(by) -> None:
    shift = (1.5, 0.0, -1.5)
    found = by.learned(*planted(6000, 2.0, shift))
    p, truth = planted(6000, 2.0, shift, seed=1)
    before, after = reliability(p, truth), reliability(found(p), truth)
    assert after.measures["log loss"].value < before.measures["log loss"].value - 0.2
    assert after.error.value < before.error.value - 0.03
    assert abs(after.overconfidence.value) < 0.02
    np.testing.assert_allclose(found(p).sum(1), 1.0)


def test_two_classes_rise_as_scikit_learn_s_do() -> None:
    p, truth = planted(2000, 3.0)
    two, hits = np.stack([1 - p[:, 0], p[:, 0]], 1), (truth == 0).astype(int)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(two[:, 1], hits).predict(two[:, 1])
    np.testing.assert_allclose(Isotonic().learned(two, hits)(two)[:, 1], theirs, atol=1e-3)


@pytest.mark.parametrize("by", [Temperature(), Platt(), Isotonic()])
def test_certainty_and_few_rows_stay_finite(by) -> None:
    p = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    told = by.learned(p, np.array([0, 1, 1]))(p)
    assert np.isfinite(np.log(told[:, 0] + told[:, 1])).all()
    assert (told >= 0).all()
