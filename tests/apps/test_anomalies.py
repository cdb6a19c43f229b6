"""Anomalies: p-values of rows of the same law are uniform, planted ones are small, whatever the kind of the score."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import likely
from likely.apps.anomalies import anomalies, q_values
from likely.apps.strange import Complexity, Typicality, kind_of, scores_of
from likely.errors import CannotAnswer, EmptyData


def rows(count, seed):
    """Two numbers that follow one another, and a word that follows them."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=count)
    y = 2 * x + 0.3 * chance.normal(size=count)
    return pd.DataFrame({"x": x, "y": y, "word": np.where(x + 0.3 * chance.normal(size=count) > 0, "up", "down")})


FAMILIES = {
    "a density": likely.GaussianMixture(components=2),
    "a bound": likely.VAE(latent=2),
    "a misfit": likely.Autoencoder(latent=1),
}


@pytest.fixture(scope="module")
def models():
    held = rows(1000, 1)
    budget = {"a density": None, "a bound": 300, "a misfit": 300}
    return {name: likely.fit(rows(1500, 0), family, validation=held, budget=budget[name], certify=False)
            for name, family in FAMILIES.items()}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_rows_of_the_same_law_have_uniform_p_values(models, name):
    fresh = anomalies(models[name], rows(600, 2))
    assert kstest(fresh["p_value"], "uniform").pvalue > 0.01
    assert (fresh["q_value"] > 0.05).mean() > 0.95


@pytest.mark.parametrize("name", FAMILIES)
def test_planted_rows_have_small_ones(models, name):
    strange = pd.DataFrame(
        {"x": [2.0, -1.5, 1.5], "y": [-4.0, 3.0, -3.0], "word": ["up", "down", "up"]}, index=list("abc")
    )
    found = anomalies(models[name], strange)
    assert list(found.index) == ["a", "b", "c"]
    assert (found["p_value"] < 0.02).all()
    mixed = anomalies(models[name], pd.concat([rows(100, 3), strange]))
    assert (mixed["score"].rank(ascending=False).iloc[-3:] < 8).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_saved_and_loaded_the_same(models, name, tmp_path):
    other = likely.load(models[name].save(tmp_path / "kept.likely"))
    pd.testing.assert_frame_equal(anomalies(other, rows(50, 4)), anomalies(models[name], rows(50, 4)))


def test_kinds_are_told(models):
    assert kind_of(models["a density"]) == kind_of(models["a bound"]) == "minus log-likelihood"
    assert "misfit" in kind_of(models["a misfit"])


def test_scores_are_minus_the_likelihood_in_the_data_s_own_units(models):
    fresh = rows(20, 5)
    told = models["a density"].score(fresh)
    assert np.allclose(scores_of(models["a density"], fresh), -told.nats.numpy())


def test_one_s_own_calibration(models):
    own = anomalies(models["a density"], rows(400, 6), calibration=rows(500, 7))
    assert kstest(own["p_value"], "uniform").pvalue > 0.01
    with pytest.raises(EmptyData):
        anomalies(models["a density"], rows(5, 6), calibration=rows(500, 7).head(0))


def test_a_model_that_learned_from_every_row_wants_others():
    fitted = likely.fit(rows(200, 0), likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match="calibration"):
        anomalies(fitted, rows(5, 1))
    assert anomalies(fitted, rows(5, 1), calibration=rows(99, 2))["p_value"].min() >= 0.01


def test_who_cannot_names_who_can():
    fitted = likely.fit(rows(100, 0), likely.GAN(width=16), budget=2, certify=False)
    with pytest.raises(CannotAnswer, match="Autoencoder"):
        anomalies(fitted, rows(5, 1))


def test_typicality_from_the_card_and_what_the_card_does_not_keep(models):
    found = anomalies(models["a density"], rows(600, 2), by=Typicality())
    assert kstest(found["p_value"], "uniform").pvalue > 0.01
    near = pd.DataFrame({"x": [0.0], "y": [0.0], "word": ["up"]})
    assert (anomalies(models["a density"], near, by=Typicality())["score"] > 0).all()
    with pytest.raises(CannotAnswer, match="pictures"):
        anomalies(models["a density"], near, near, by=Complexity())


def test_q_values_by_hand():
    assert np.allclose(q_values(np.array([0.04, 0.01, 0.5, 0.02])), [0.16 / 3, 0.04, 0.5, 0.04])
