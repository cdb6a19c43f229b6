"""Rows that teach as much, rows that teach nothing, and the chance that two rows are told in order."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from likely.data import Images, read
from likely.data.array import about_of
from likely.errors import WrongRows
from likely.metrics.utility import concordance, utility


def people(rows, seed):
    rng = np.random.default_rng(seed)
    age, kind = rng.normal(40, 10, rows).round(1), rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    pay = np.where(age + 20 * (kind == "b") + rng.normal(0, 5, rows) > 45, "high", "low")
    return read(pd.DataFrame({"age": age, "kind": kind, "pay": pay}))


def test_the_concordance_is_the_area_and_counts_pairs():
    rng = np.random.default_rng(0)
    y, told = rng.integers(0, 2, 60), rng.integers(0, 9, 60).astype(float)
    assert concordance(y, told) == pytest.approx(roc_auc_score(y, told))
    y = rng.integers(0, 7, 60).astype(float)
    pairs = [(i, j) for i in range(60) for j in range(60) if y[i] > y[j]]
    counted = np.mean([(told[i] > told[j]) + 0.5 * (told[i] == told[j]) for i, j in pairs])
    assert concordance(y, told) == pytest.approx(counted)
    assert concordance(np.ones(5), np.arange(5)) == concordance(np.arange(5), np.ones(5)) == 0.5


def test_the_same_law_teaches_as_much_and_independent_columns_nothing():
    real = people(600, 0)
    good, lost = utility(real, people(600, 1), targets=["pay"])
    assert good.value == pytest.approx(good.ideal, abs=0.05)
    assert good.ideal > 0.9
    assert lost.low < 0.03
    assert lost.value == pytest.approx(good.ideal - good.value)
    bad, more = utility(real, real.mixed(np.random.default_rng(0)), targets=["pay"])
    assert bad.value < 0.65
    assert more.low > 0.2
    assert (bad.group, bad.rows) == ("utility", (300, 300))


def test_every_column_is_asked_about_unless_some_are_named():
    whole, _ = utility(people(200, 0), people(200, 1))
    assert set(whole.parts) == {"age", "kind", "pay"}
    with pytest.raises(WrongRows, match="there is no column 'wage'"):
        utility(people(200, 0), people(200, 1), targets=["wage"])


def test_a_column_that_is_constant_in_the_synthetic_rows_teaches_nothing():
    flat = people(300, 1)
    flat = read(flat.frame.assign(pay="high"), schema=people(300, 0).schema)
    found, _ = utility(people(300, 0), flat, targets=["pay"])
    assert found.value == 0.5


def test_labels_of_pictures_and_too_few_rows():
    rng = np.random.default_rng(0)

    def pictures(rows):
        labels = rng.choice(["dark", "light"], rows)
        pixels = rng.integers(0, 100, (rows, 3, 3, 1)) + 100 * (labels == "light")[:, None, None, None]
        return Images(pixels.astype(np.uint8), about=about_of(pd.DataFrame({"label": labels})))

    found, _ = utility(pictures(160), pictures(100))
    assert list(found.parts) == ["label"]
    assert found.value > 0.95
    assert utility(people(30, 0), people(60, 1)) == []
    assert utility(Images(np.zeros((200, 3, 3, 1), np.uint8)), pictures(200)) == []


def nulls(pairs, rows, **asked):
    """How often the intervals of utility and of what is lost hold the ideal, where both sides are of one law."""
    found = [utility(people(2 * rows, 2 * seed), people(rows, 2 * seed + 1), **asked) for seed in range(pairs)]
    return np.mean([[each.low <= each.ideal <= each.high for each in pair] for pair in found], 0)


def test_intervals_know_that_other_rows_would_have_been_learned_from():
    assert (nulls(8, 80, targets=["pay"]) >= 0.85).all()


@pytest.mark.slow
def test_intervals_hold_the_ideal_in_95_of_100_null_pairs():
    assert (nulls(100, 150) >= 0.9).all()  # 2 standard errors below 95 %
