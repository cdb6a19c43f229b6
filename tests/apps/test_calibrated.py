"""Ranks of a simulator's pairs: uniform for the true posterior, not for one too sure, and by completion as well."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.calibrated import calibrated
from likely.errors import CannotAnswer, EmptyData, FieldError
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)


def pairs(rows, seed, noise=0.5):
    """theta ~ N(0, 1), y = theta + noise: the posterior is a Gaussian around a line."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=rows)
    return pd.DataFrame({"theta": theta, "y": theta + noise * rng.normal(size=rows)})


@pytest.fixture(scope="module")
def line():
    return likely.fit(pairs(3000, 0), "linear", condition=["y"], engine=PLAIN, certify=False)


def test_the_right_posterior_is_calibrated(line):
    found = calibrated(line, pairs(600, 1))
    assert found.passed
    assert found.columns["theta"].p > 0.01
    assert found.given == ("y",)
    assert "No sign of miscalibration: 600 rows" in str(found)


def test_a_posterior_of_another_noise_is_not(line):
    found = calibrated(line, pairs(600, 1, noise=1.2))
    assert not found.passed
    assert "too narrow" in found.columns["theta"].verdict
    assert "Not calibrated: of 'theta' draws are too narrow" in str(found)


def test_columns_are_told_from_the_rest_by_completion():
    fitted = likely.fit(pairs(3000, 0), "gaussianmixture,components=1", engine=PLAIN, certify=False)
    found = calibrated(fitted, pairs(400, 1), ["theta"], draws=19)
    assert found.way == "exact"
    assert list(found.columns) == ["theta"]
    assert found.given == ("y",)
    assert found.passed


def test_wrong_uses_are_refused(line):
    with pytest.raises(EmptyData, match="5 rows"):
        calibrated(line, pairs(5, 1))
    with pytest.raises(FieldError, match="not modelled"):
        calibrated(line, pairs(50, 1), ["z"])
    with pytest.raises(FieldError, match="given nothing"):
        calibrated(likely.fit(pairs(50, 0), "kde", certify=False), pairs(50, 1))
    with pytest.raises(CannotAnswer, match="no columns to rank"):
        calibrated(likely.fit("digits", "naivebayes", condition="label", certify=False), "digits")
