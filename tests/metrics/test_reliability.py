"""Reliability of planted probabilities: honest ones, ones that are too sure, classes that are not known."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from likely.metrics.reliability import reliability


def planted(n: int = 4000, power: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes, the truth drawn from them; then made surer than they are."""
    rng = np.random.default_rng(seed)
    honest = rng.dirichlet([0.8, 0.8, 0.8], n)
    truth = (rng.random((n, 1)) > honest.cumsum(1)).sum(1)
    sure = honest**power
    return sure / sure.sum(1, keepdims=True), truth


def test_honest_probabilities_are_reliable() -> None:
    found = reliability(*planted())
    assert sum(each.rows for each in found.bins) == 4000
    assert sum(each.low <= each.confidence <= each.high for each in found.bins) >= 8
    assert found.overconfidence.low < 0 < found.overconfidence.high
    assert found.measures["calibration error"].value < 0.03


def test_too_sure_is_told_with_its_sign() -> None:
    found = reliability(*planted(power=3.0))
    assert found.overconfidence.low > 0.1
    assert found.measures["calibration error"].value > 0.1
    assert reliability(*planted(power=0.3)).overconfidence.high < -0.1


def test_losses_are_scikit_learn_s() -> None:
    p, truth = planted()
    found = reliability(p, truth).measures
    assert found["log loss"].value == pytest.approx(log_loss(truth, p))
    assert found["error"].value == pytest.approx((p.argmax(1) != truth).mean())
    two = np.stack([1 - p[:, 0], p[:, 0]], 1)
    seen = reliability(two, (truth == 0).astype(int)).measures["Brier score"].value
    assert seen == pytest.approx(2 * brier_score_loss(truth == 0, p[:, 0]))


def test_a_class_that_is_not_known_is_an_error_and_no_crash() -> None:
    found = reliability(np.array([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]]), np.array([-1, 0, 1]))
    assert found.error.value == pytest.approx(2 / 3)
    assert np.isfinite(found.measures["log loss"].value)
    assert found.measures["Brier score"].value == pytest.approx((2.0 + 0.5 + 2.0) / 3)
