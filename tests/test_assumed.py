"""The sentence on missing cells is true: under each, what is learned from rows with holes is what it says."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.assumed import LEFT_OUT, assumed
from likely.bijections import FlowFamily
from likely.codecs import codec_for
from likely.contracts import Density, Lifted
from likely.data import series_of
from likely.errors import FieldError
from likely.fields import made
from likely.names import table
from likely.source import promises
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)
BY_CHANCE = {"missing_at_random": True}


def holed(seed=0, rows=4000):
    """y follows x, and is missing more often where x is high: at random given x, and not completely at random."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = x + 0.5 * rng.normal(size=rows)
    whole = pd.DataFrame({"x": x, "y": y, "k": np.where(rng.random(rows) < 0.5, "a", "b")})
    return whole, whole.assign(y=np.where(rng.random(rows) < np.where(x > 0, 0.8, 0.1), np.nan, y))


@pytest.fixture(scope="module")
def rows():
    return holed()


def test_left_out_cells_do_not_draw_the_law_aside(rows):
    """Of the rows that have y the mean is far from that of all rows; the model's is not."""
    whole, partial = rows
    fitted = likely.fit(partial, "gaussianmixture,components=1", schema=BY_CHANCE, certify=False)
    assert assumed(fitted.codec) == f"cells missing in 'y' are left out, as missing at random: {LEFT_OUT}"
    assert partial["y"].mean() < -0.3
    assert fitted.sample(4000)["y"].mean() == pytest.approx(whole["y"].mean(), abs=0.08)


def test_a_modelled_hole_is_as_frequent_as_it_was_and_tells_of_the_row(rows):
    whole, partial = rows
    fitted = likely.fit(partial, "bayesnet", certify=False)
    assert assumed(fitted.codec).startswith("which cells of 'y' are missing is modelled as part of the row")
    drawn = fitted.sample(4000)
    assert drawn["y"].isna().mean() == pytest.approx(partial["y"].isna().mean(), abs=0.03)
    high = drawn["x"] > 0
    assert drawn["y"][high].isna().mean() > 0.7
    assert drawn["y"][~high].isna().mean() < 0.2
    filled = fitted.complete(partial).rows
    assert filled["y"].mean() == pytest.approx(whole["y"].mean(), abs=0.1)


def test_other_rows_have_their_own_sentence(rows):
    whole, _ = rows
    assert assumed(likely.fit(whole, "naivebayes", certify=False).codec).startswith("no cell was missing")
    assert assumed(likely.fit("digits", "naivebayes", certify=False).codec) == ""


def test_series_with_gaps():
    gappy = series_of([np.array([0.5, 2.0, np.nan, 4.0]), np.array([0.25, -1.0]), np.array([1.0])])
    assert assumed(codec_for(gappy)).startswith("gaps and ends are modelled")
    assert assumed(codec_for(series_of(np.random.default_rng(0).normal(size=(5, 4, 1))))) == ""


# Every family --------------------------------------------------------------------------------------------------------

SMALL = {"VQVAE": "vqvae,quantiser.levels=(4,3),slots=2,prior=made,prior.width=16", "Energy": "energy,width=16,moves=8"}
NEEDS = {"Predicts", "Guides"}  # a label to tell: not whole rows


@pytest.mark.slow
@pytest.mark.parametrize("schema", [None, BY_CHANCE], ids=["modelled", "left_out"])
@pytest.mark.parametrize("name", [name for name in table("Family") if not NEEDS & set(promises(name))])
def test_every_family_learns_from_holes_or_says_that_it_cannot(name, schema, rows):
    partial, family = rows[1].head(400), made("Family", SMALL.get(name, name.lower()))
    if schema and (isinstance(family, FlowFamily) or family.lifted is not Lifted.NOT or name == "RBM"):
        with pytest.raises(FieldError, match="missing_at_random"):
            likely.fit(partial, family, schema=schema, budget=20, engine=PLAIN, certify=False)
        return
    fitted = likely.fit(partial, family, schema=schema, budget=20, engine=PLAIN, certify=False)
    assert fitted.sample(300)["y"].isna().any() == (schema is None)
    assert assumed(fitted.codec).startswith("which cells of 'y'" if schema is None else "cells missing in 'y'")
    if isinstance(fitted.model, Density):
        assert np.isfinite(fitted.score(partial).mean)
