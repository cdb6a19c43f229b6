"""Distances of columns and of pairs, by hand and against scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, spearmanr

from likely.data import Table, read
from likely.metrics import marginals, pairs
from likely.metrics.marginals import jackknife, kolmogorov


def table(schema=None, **columns):
    return read(pd.DataFrame(columns), schema=schema)


def test_kolmogorov_against_scipy():
    rng = np.random.default_rng(0)
    for a, b in ((rng.normal(size=50), rng.normal(size=70)), (rng.integers(0, 4, 50), rng.integers(0, 5, 20))):
        assert kolmogorov(a, b) == pytest.approx(ks_2samp(a, b).statistic)


def test_total_variation_by_hand():
    real = table(c=["a"] * 20 + ["b"] * 20, x=np.arange(40) / 7)
    fake = table(real.schema, c=["a"] * 10 + ["b"] * 20 + ["a"] * 10, x=np.arange(40) / 7)
    assert marginals(real, fake).parts == {"c": 0.0, "x": 0.0}
    fake = Table(real.frame.assign(c=["a"] * 30 + ["new"] * 10), real.schema)
    assert marginals(real, fake).parts["c"] == pytest.approx(0.5)  # |1/2 - 3/4|, |1/2 - 0|, |0 - 1/4|, halved


def test_missing_cells_are_part_of_a_column():
    real = table(c=["a", "b"] * 20, x=np.arange(40) / 7)
    fake = Table(
        real.frame.assign(c=["a", None] * 20, x=np.where(np.arange(40) < 10, np.nan, real.frame["x"])), real.schema
    )
    found = marginals(real, fake).parts
    assert found["c"] == pytest.approx(0.5)
    assert found["x"] == pytest.approx(0.25)


def test_a_column_that_is_all_missing_on_one_side():
    real = table(x=np.arange(40) / 7, y=np.arange(40) % 11 / 7)
    assert marginals(real, Table(real.frame.assign(x=np.nan), real.schema)).parts["x"] == 1.0


def test_pairs_of_numbers_compare_rank_correlations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    real, fake = table(x=x, y=x + rng.normal(size=300)), table(x=x, y=rng.normal(size=300))
    expected = abs(spearmanr(*real.frame.to_numpy().T)[0] - spearmanr(*fake.frame.to_numpy().T)[0]) / 2
    assert pairs(real, fake).value == pytest.approx(expected, abs=1e-12)


def test_pairs_of_categories_compare_two_way_tables():
    real = table(a=["u", "u", "v", "v"] * 20, b=["s", "t", "s", "t"] * 20)
    fake = table(real.schema, a=["u", "u", "v", "v"] * 20, b=["s", "s", "t", "t"] * 20)
    assert marginals(real, fake).value == 0.0
    assert pairs(real, fake).parts == {"a × b": pytest.approx(0.5)}


def test_a_two_valued_number_beside_a_category():
    real = table(flag=[0.5, 1.5] * 40, c=["s", "t"] * 40)
    fake = Table(real.frame.assign(flag=[0.5, 0.5, 1.5, 1.5] * 20), real.schema)
    assert pairs(real, fake).value == pytest.approx(0.5)


def test_a_single_column_has_no_pairs():
    rows = table(x=np.arange(40) / 7)
    assert pairs(rows, rows) is None


def test_constant_synthetic_columns_are_numbers():
    real = table(x=np.arange(40) / 7, y=np.arange(40) % 11 / 7)
    found = pairs(real, Table(real.frame.assign(x=1.0), real.schema))
    assert np.isfinite([found.value, found.low, found.high]).all()


def test_many_columns_are_drawn_from():
    rng = np.random.default_rng(0)
    rows = read(pd.DataFrame(rng.normal(size=(60, 120)), columns=[f"c{i}" for i in range(120)]))
    assert len(marginals(rows, rows).parts) == 100
    assert len(pairs(rows, rows).parts) == 300


def test_the_jackknife_of_a_mean_is_its_standard_error():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(500, 1)), rng.normal(size=(800, 1))
    errors = [jackknife(a, b, lambda left, right: float(left.mean() - right.mean()), seed) for seed in range(40)]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.sqrt(1 / 500 + 1 / 800), rel=0.15)
    assert jackknife(a[:1], b, lambda left, right: 0.0, 0) == 1.0


def test_the_same_law_is_near_nothing_and_another_is_not(mixed):
    real = mixed(800, 0)
    same, other = marginals(real, mixed(800, 1)), marginals(real, mixed(800, 2, shift=1.0))
    assert same.value < 0.05 < 0.1 < other.low
