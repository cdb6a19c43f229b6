"""Predictions: naive Bayes too sure of copied columns, calibration that mends it, failures, refusals."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.predictions import calibrated, label_of, predictions
from likely.errors import CannotAnswer, EmptyData
from likely.metrics.calibration import Isotonic, Platt
from likely.metrics.reliability import reliability


def copied(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Eight copies of one column: naive Bayes counts the same evidence eight times."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = rng.normal(y, 1.0)
    columns = {f"x{i}": x + 0.2 * rng.normal(size=n) for i in range(8)}
    return pd.DataFrame({**columns, "y": np.array(["no", "yes"])[y]})


@pytest.fixture(scope="module")
def found():
    return predictions(copied(), "y")


def test_naive_bayes_is_overconfident_and_calibration_mends_it(found) -> None:
    bayes, logistic = found.predictors
    assert bayes.plain.overconfidence.low > 0.08
    assert abs(bayes.calibrated.overconfidence.value) < 0.06
    assert bayes.calibrated.measures["log loss"].value < bayes.plain.measures["log loss"].value - 0.1
    assert bayes.calibrated.error.value == bayes.plain.error.value  # a temperature changes no decision
    assert abs(logistic.plain.overconfidence.value) < 0.06
    assert sum(found.rows.values()) == 3000


def test_text_says_it(found) -> None:
    assert "NaiveBayes errs on" in str(found)
    assert "overconfident by" in str(found)
    assert "NaiveBayes, calibrated" in str(found)


def test_a_family_that_fails_stops_no_other() -> None:
    found = predictions(copied(400), "y", "naive-bayes,linear", by=Platt())
    assert [bool(each.failed) for each in found.predictors] == [False, True]
    assert "Linear failed: Linear predicts real numbers" in str(found)


@pytest.mark.parametrize("family", ["naive-bayes", "logistic"])
def test_a_model_is_calibrated_on_other_rows(family: str) -> None:
    rows, later, test = copied(2000), copied(2000, seed=1), copied(2000, seed=2)
    fitted = likely.fit(rows, family, target="y")
    mended = calibrated(fitted, later, Isotonic())
    truth = (test["y"] == "yes").astype(int).to_numpy()
    before = reliability(fitted.classify(test).to_numpy(), truth)
    after = reliability(mended.classify(test).to_numpy(), truth)
    assert list(mended.classify(test).columns) == ["no", "yes"]
    assert abs(after.overconfidence.value) < max(0.04, abs(before.overconfidence.value))
    assert label_of(fitted) == "y"


def test_what_cannot_be_calibrated_is_refused() -> None:
    fitted = likely.fit(copied(300), "naive-bayes", target="y")
    with pytest.raises(CannotAnswer, match="do not tell"):
        calibrated(fitted, copied(300).drop(columns="y"))
    with pytest.raises(CannotAnswer, match="one label"):
        label_of(likely.fit("iris", "naive-bayes"))
    with pytest.raises(EmptyData, match="known 'y'"):
        calibrated(fitted, copied(50).assign(y="maybe"))
    with pytest.raises(EmptyData, match="calibrate"):
        predictions(copied(40), "y")
