"""Rows between rows: numbers between two rows, everything else as its neighbours say it."""

import numpy as np
import pandas as pd

from likely.apps.smote import between
from likely.data import read


def mixed(rows=200):
    rng = np.random.default_rng(0)
    side = rng.integers(2, size=rows)
    x = rng.normal(size=rows) + 20 * side
    gaps = np.where(rng.random(rows) < 0.1, np.nan, x)
    return pd.DataFrame({"x": x, "gaps": gaps, "age": rng.integers(20, 60, rows), "side": np.array(["l", "r"])[side]})


def test_numbers_lie_between_rows_that_are_near_and_choices_are_theirs():
    table = read(mixed())
    made = between(table, 500, seed=1).frame
    frame = table.frame
    assert len(made) == 500
    assert list(made) == list(frame)
    assert ((made["x"] > 10) == (made["side"] == "r")).all()
    assert not ((made["x"] > 5) & (made["x"] < 15)).any()
    assert made["age"].between(20, 60).all()
    assert (made["age"] == made["age"].round()).all()
    assert 0.02 < made["gaps"].isna().mean() < 0.25
    assert made["x"].nunique() > 450


def test_the_seed_decides():
    table = read(mixed())
    assert between(table, 50, seed=1).frame.equals(between(table, 50, seed=1).frame)
    assert not between(table, 50, seed=1).frame.equals(between(table, 50, seed=2).frame)


def test_three_rows_have_two_neighbours():
    made = between(read(pd.DataFrame({"x": [0.0, 1.0, 2.5], "y": [0.0, 0.5, 3.5]})), 10)
    assert made.frame["x"].between(0, 2.5).all()
