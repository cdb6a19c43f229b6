"""What is strange: each way by hand, two-sided p-values, and corrections that take off what a picture costs anyway."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

import likely
from likely.apps.anomalies import anomalies
from likely.apps.background import noised
from likely.apps.coder import nats_of
from likely.apps.strange import Complexity, Likelihood, Ratio, Surprise, Typicality, p_values, scores_of
from likely.contracts import Sharpness
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


@pytest.fixture(scope="module")
def pixels(digits):
    """A model of pixels whose law is known: its own, of strong leanings."""
    torch.manual_seed(0)
    family = likely.PixelCNN(width=8, blocks=2, hidden=16)
    fitted = likely.fit(digits[0], family, budget=1, certify=False)
    for parameter in fitted.model.parameters():
        parameter.data.mul_(3.0)
    return fitted


def test_pictures_too_plain_are_preferred_by_the_likelihood_and_found_by_surprise(pixels):
    calm, usual = (pixels.sample_rows(100, seed=seed) for seed in (1, 2))
    plain = pixels.sample_rows(100, seed=3, sharpness=Sharpness(0.5))
    area = lambda by: roc_auc_score(  # noqa: E731
        np.repeat([0, 1], 100),
        np.concatenate([anomalies(pixels, each, calm, by=by)["score"] for each in (usual, plain)]),
    )
    assert area(Likelihood()) < 0.1
    assert area(Surprise()) > 0.97
    assert abs(anomalies(pixels, usual, calm, by=Surprise())["p_value"].mean() - 0.5) < 0.1


def test_surprise_is_of_models_that_tell_pixel_after_pixel(models, digits, pixels):
    with pytest.raises(CannotAnswer, match="pixel after pixel"):
        Surprise().scores(models[0], digits[1])
    few = digits[1].take(np.arange(5))
    assert np.allclose(
        Surprise().scores(pixels, few)[2:3], Surprise().scores(pixels, few.take(np.array([2]))), atol=1e-4
    )
