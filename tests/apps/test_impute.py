"""A table completed with nothing to choose."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.chained import Chained
from likely.errors import FieldError, WrongRows
from likely.families.gaussian_mixture import GaussianMixture
from likely.families.linear import Linear
from likely.families.naive_bayes import NaiveBayes


def people(n=200):
    rng = np.random.default_rng(3)
    side = rng.integers(0, 2, n)
    return pd.DataFrame({"side": np.array(["l", "r"])[side], "x": (8 * side + rng.normal(size=n)).round(2),
                         "visits": rng.poisson(2 + 6 * side)}, index=range(50, 50 + n))  # fmt: skip


@pytest.fixture(scope="module")
def holes():
    whole = people()
    gone = np.random.default_rng(0).random(whole.shape) < 0.2  # the seed of impute itself: what it hides is apart
    return whole.astype({"visits": float}).mask(gone)


@pytest.fixture(scope="module")
def made(holes):
    return likely.impute(holes, 12, by=[GaussianMixture(components=2), Chained(trees=5), Linear(), NaiveBayes()])


def test_every_cell_is_filled_and_known_ones_are_as_they_were(holes, made):
    known = holes.notna()
    for draw in made.imputations:
        assert draw.index.equals(holes.index)
        assert not draw.isna().any(axis=None)
        assert draw.where(known).equals(holes)
    assert made.rows.equals(made.imputations[0])
    point = made.imputations.mean()
    gone = ~known["side"] & known["x"]
    assert (point.loc[gone, "side"] == people().loc[gone, "side"]).mean() > 0.95


def test_the_members_are_weighed_and_one_that_cannot_is_named(made):
    assert sum(each.weight for each in made.members) == pytest.approx(1)
    scores = {each.name: each.score for each in made.members}
    assert scores["GaussianMixture(components=2)"] < scores["NaiveBayes()"]
    assert made.members[-1].weight < 0.2
    assert made.score <= min(each for each in scores.values() if each is not None) + 0.02
    assert str(made).startswith("by ")


def test_the_same_seed_gives_the_same_rows(holes):
    by = [NaiveBayes(), "NaiveBayes"]
    assert likely.impute(holes, 2, by=by).rows.equals(likely.impute(holes, 1, by=by).rows)


def test_a_whole_table_stays_and_what_is_no_table_is_refused():
    whole = people()
    told = likely.impute(whole, 2)
    assert told.rows.equals(whole)
    assert str(told) == "nothing was missing"
    with pytest.raises(FieldError, match="0 completions"):
        likely.impute(whole, 0)
    with pytest.raises(WrongRows, match="pictures"):
        likely.impute(np.zeros((6, 8, 8), dtype=np.uint8))


def test_a_column_alone_a_few_rows_and_an_empty_column_are_served():
    alone = pd.DataFrame({"k": [1.5, np.nan, 2.5, 3.5]})
    told = likely.impute(alone, 2, by=[Chained()])
    assert told.score is None
    assert told.rows["k"].isin([1.5, 2.5, 3.5]).all()
    assert "no cell to hide" in str(told)
    beside = pd.DataFrame({"a": [1.5, np.nan, 2, 3, np.nan, 2.5], "b": [np.nan] * 6})
    assert likely.impute(beside, 1, by=[Chained()]).rows["a"].notna().all()
    with pytest.raises(FieldError, match="no way"):
        likely.impute(alone, by=[])
    with pytest.raises(WrongRows, match="no way could complete"):
        likely.impute(alone, by=["Linear"])
