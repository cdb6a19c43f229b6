"""The nearest plausible row: few cells change, the others come back bit for bit, and it passes for usual."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.anomalies import anomalies
from likely.apps.plausible import LEVEL, plausible
from likely.errors import CannotAnswer


def rows(count, seed):
    """Four numbers of one cause, and a word that follows it."""
    chance = np.random.default_rng(seed)
    cause = chance.normal(size=count)
    numbers = {name: scale * (cause + 0.2 * chance.normal(size=count)) for name, scale in zip("abcd", (1, 10, 0.1, 3))}
    return pd.DataFrame(numbers | {"word": np.where(cause > 0, "up", "down"), "count": chance.poisson(4, count)})


@pytest.fixture(scope="module")
def fitted():
    return likely.fit(rows(1500, 0), likely.GaussianMixture(components=3), validation=rows(400, 1), certify=False)


@pytest.fixture(scope="module")
def odd():
    frame = rows(60, 2)
    frame = frame[(frame["a"].abs() > 0.5)].head(3).reset_index(drop=True)
    frame.loc[0, "b"] = 90.0
    frame.loc[1, "word"] = {"up": "down", "down": "up"}[frame.loc[1, "word"]]
    frame.index = list("xyz")
    return frame


def test_the_planted_cell_is_mended_and_the_others_stay(fitted, odd):
    found = plausible(fitted, odd)
    assert found.freed[0] == ("b",)
    assert "word" in found.freed[1]
    assert list(found.rows.index) == list("xyz")
    assert (found.p_value >= LEVEL).all()
    assert abs(found.rows.loc["x", "b"] - 10 * odd.loc["x", "a"]) < 10
    for place, freed in enumerate(found.freed):
        same = [name for name in odd.columns if name not in freed]
        assert found.rows.iloc[place][same].equals(odd.iloc[place][same])


def test_the_p_value_is_that_of_the_row_it_gives(fitted, odd):
    found = plausible(fitted, odd)
    assert np.allclose(anomalies(fitted, found.rows)["p_value"], found.p_value)


def test_a_usual_row_is_its_own(fitted):
    usual = rows(200, 3)
    usual = usual[anomalies(fitted, usual)["p_value"] > 0.6].head(2)
    found = plausible(fitted, usual)
    assert found.freed == ((), ())
    pd.testing.assert_frame_equal(found.rows, usual)


def test_by_particles_too(odd):
    made = likely.fit(rows(300, 0), likely.VAE(latent=2), budget=60, validation=rows(200, 1), certify=False)
    found = plausible(made, odd.head(1), draws=2, level=0.02)
    assert found.rows.shape == (1, 6)


def test_who_cannot_complete_and_pictures_are_refused():
    label = likely.fit("iris", likely.Logistic(), target="species", certify=False)
    with pytest.raises(CannotAnswer, match="cannot draw unknown cells given known ones"):
        plausible(label, "iris")
    digits = likely.fit("digits", likely.FactorAnalysis(), certify=False)
    with pytest.raises(CannotAnswer, match="columns"):
        plausible(digits, "digits")
