"""Multiple imputation: draws, points and pooling."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.errors import CannotAnswer, FieldError
from likely.imputing import densest


def people(n=240):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], n, p=[0.7, 0.3])
    since = pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D")
    return pd.DataFrame({"dose": rng.normal(np.where(sex == "f", 5, 0), 1).round(1), "sex": pd.Categorical(sex),
                         "visits": rng.poisson(3, n), "since": since}, index=range(100, 100 + n))  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return likely.fit(people(), likely.NaiveBayes(), condition="sex", certify=False)


@pytest.fixture(scope="module")
def holes():
    rows = people().head(8).drop(columns="since")
    rows.loc[[101, 103], "dose"] = np.nan
    rows["sex"] = rows["sex"].mask(rows.index == 105)
    return rows


@pytest.fixture(scope="module")
def drawn(fitted, holes):
    return fitted.imputations(holes, 30)


def test_draws_are_completions_and_the_first_is_that_of_complete(fitted, holes, drawn):
    assert len(drawn) == 30
    assert drawn.way == "exact"
    pd.testing.assert_frame_equal(drawn[0], fitted.complete(holes).rows)
    known = holes.notna()
    for draw in drawn:
        assert draw.index.equals(holes.index)
        assert draw.dtypes.equals(people().dtypes)
        assert not draw.isna().any(axis=None)
        assert draw[["dose", "visits"]].where(known).equals(holes[["dose", "visits"]].where(known))
    assert len({draw.loc[101, "dose"] for draw in drawn}) > 10
    pd.testing.assert_frame_equal(fitted.imputations(holes.head(3), 2)[1], drawn[1].head(3))


def test_points_sum_draws_up(drawn, holes):
    doses = np.array([draw.loc[101, "dose"] for draw in drawn])
    assert drawn.mean().loc[101, "dose"] == pytest.approx(doses.mean().round(1))
    assert drawn.median().loc[101, "dose"] == pytest.approx(np.median(doses), abs=0.051)
    assert abs(drawn.mode().loc[101, "dose"] - doses.mean()) < 2
    assert drawn.mean().loc[105, "sex"] in ("f", "m")
    for point in (drawn.mean(), drawn.point("median"), drawn.point("mode")):
        assert point.dtypes.equals(people().dtypes)
        assert point.index.equals(holes.index)
        known = holes[["dose", "visits"]].notna()
        assert point[["dose", "visits"]].where(known).equals(holes[["dose", "visits"]].where(known))
    with pytest.raises(FieldError, match="'meen'"):
        drawn.point("meen")


def test_the_long_frame_numbers_its_draws(drawn):
    whole = drawn.long()
    assert list(whole.columns) == ["imputation", *people().columns]
    assert whole["imputation"].value_counts().tolist() == [8] * 30


def test_an_analysis_is_pooled(fitted):
    rows = people()
    rows["dose"] = rows["dose"].mask(np.arange(len(rows)) % 3 == 0)
    several = fitted.imputations(rows, 20)
    told = several.pooled(lambda each: (each["dose"].mean(), each["dose"].var() / len(each)), freedom=len(rows) - 1)
    low, high = told.interval()
    assert low < people()["dose"].mean() < high
    assert 0.01 < told.missing_information < 0.5


def test_ranges_hold_in_every_draw():
    fitted = likely.fit(people(), likely.MADE(width=8), budget=20, certify=False)
    several = fitted.imputations(people().head(4).drop(columns="dose"), 5, given={"dose": likely.between(0, 2)})
    assert all(draw["dose"].between(0, 2).all() for draw in several)
    assert 0 < several.acceptance < 1


def test_the_densest_place():
    assert densest(np.array([1.0, 5.0, 5.0, 9.0])) == 5.0
    assert densest(np.array([0.0, 10.0, 10.1, 10.15, 40.0])) == pytest.approx(10.125)
    assert abs(densest(np.random.default_rng(0).normal(3, 1, 999)) - 3) < 0.7


def test_what_is_no_table_is_not_imputed_several_times():
    pictures = likely.fit("digits", likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match="several"):
        pictures.imputations(likely.read("digits").take([0]))
