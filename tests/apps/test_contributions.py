"""Why a row is odd: closed forms, sums that hold to the last digit, and planted cells that are found."""

from math import log, pi

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.contributions import contributions, orders_of
from likely.apps.strange import scores_of
from likely.distributions.kernels import Tophat
from likely.errors import CannotAnswer


def people(count, seed):
    """Reals that follow one another, a word that follows them, a constant and gaps."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=count)
    y = 2 * x + 0.3 * chance.normal(size=count)
    word = np.where(x + 0.3 * chance.normal(size=count) > 0, "up", "down")
    z = np.where(chance.random(count) < 0.2, np.nan, 100 * chance.normal(size=count))
    return pd.DataFrame({"x": x, "y": y, "word": word, "z": z, "always": 1})


ODD = pd.DataFrame({"x": [2.0, 0.1], "y": [4.1, 0.1], "word": ["down", "up"], "z": [np.nan, 900.0], "always": [1, 1]},
                   index=["contrary", "far"])  # fmt: skip
FAMILIES = {
    "marginals": (likely.GaussianMixture(components=2), None),
    "a tree": (likely.BayesNet(), None),
    "no marginals": (likely.MAF(layers=2, width=32), 150),
    "a bound": (likely.VAE(latent=2), 150),
    "a misfit": (likely.Autoencoder(latent=2), 150),
}


@pytest.fixture(scope="module")
def models():
    return {name: likely.fit(people(1200, 0), family, budget=budget, certify=False)
            for name, (family, budget) in FAMILIES.items()}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_they_add_up_to_the_score(models, name):
    rows = people(6, 1)
    told = contributions(models[name], rows, usual=8)
    assert list(told.nats) == ["x", "y", "word", "z"]
    score = -scores_of(models[name], rows)
    assert np.allclose(told.total, score, rtol=0, atol=1e-9)
    if name in ("marginals", "a tree"):
        assert np.allclose(told.rest, told.rest[0], atol=1e-3)  # what has no cell says the same of all of them
    assert np.isfinite(told.excess.to_numpy()).all()


def test_a_gaussian_by_hand():
    """Shapley's value of two columns: half of log p(a) + log p(a | b)."""
    chance = np.random.default_rng(3)
    a = 3 * chance.normal(size=4000)
    rows = pd.DataFrame({"a": a, "b": 10 * (a + chance.normal(size=4000))})
    fitted = likely.fit(rows, likely.GaussianMixture(components=1), certify=False)
    told = contributions(fitted, rows.head(3))
    mean, cov = rows.mean().to_numpy(), np.cov(rows.T)
    for place, (x, y) in enumerate(rows.head(3).to_numpy()):
        alone = -0.5 * (log(2 * pi * cov[0, 0]) + (x - mean[0]) ** 2 / cov[0, 0])
        slope, rest = cov[0, 1] / cov[1, 1], cov[0, 0] - cov[0, 1] ** 2 / cov[1, 1]
        given = -0.5 * (log(2 * pi * rest) + (x - mean[0] - slope * (y - mean[1])) ** 2 / rest)
        assert abs(told.nats["a"].iloc[place] - 0.5 * (alone + given)) < 0.02


@pytest.mark.parametrize("name", ["marginals", "a tree"])
def test_the_odd_cell_is_named_whatever_its_unit(models, name):
    excess = contributions(models[name], ODD).excess
    assert list(excess.index) == ["contrary", "far"]
    assert excess.loc["contrary"].idxmax() in ("word", "x")  # they contradict one another: each has half of it
    assert excess.loc["far"].idxmax() == "z"
    assert excess.loc["far", "z"] > 10


def test_the_odd_cell_is_named_where_there_are_no_marginals(models):
    assert contributions(models["no marginals"], ODD).excess.loc["far"].idxmax() == "z"


def test_orders_come_with_their_reverse_and_all_of_them_where_few():
    assert len(orders_of(3, 8, 0)) == 6
    drawn = orders_of(12, 8, 0)
    assert len(drawn) == 8
    assert [order[::-1] for order in drawn[::2]] == drawn[1::2]
    assert len(orders_of(4000, 8, 0)) == 2


def test_pictures_have_no_columns():
    fitted = likely.fit("digits", likely.FactorAnalysis(), certify=False)
    with pytest.raises(CannotAnswer, match="columns"):
        contributions(fitted, "digits")


def test_what_has_no_mass_is_the_fault_of_one_column():
    chance = np.random.default_rng(0)
    rows = pd.DataFrame({"a": chance.random(200), "b": chance.random(200)})
    fitted = likely.fit(rows, likely.KDE(kernel=Tophat()), certify=False)
    told = contributions(fitted, pd.DataFrame({"a": [0.5], "b": [77.0]}))
    assert told.excess.loc[0, "b"] > 1e8 > abs(told.excess.loc[0, "a"])
