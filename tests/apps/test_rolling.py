"""Forecasts from many origins, on a record whose best forecast is known."""

import math

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.rolling import placed_origins, rolled
from likely.data import Windows
from likely.errors import CannotAnswer, WrongRows
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)


@pytest.fixture(scope="module")
def record():
    noise, last, moments = np.random.default_rng(0).normal(size=3000), 0.0, []
    for each in noise:
        last = 0.5 * last + each
        moments.append(last)
    return pd.DataFrame({"load": moments, "heat": np.roll(moments, 1) * 10})


@pytest.fixture(scope="module")
def model(record):
    windows = Windows(length=6, stride=1)
    return likely.fit(
        record.head(2000), likely.GaussianMixture(components=1), window=windows, engine=PLAIN, certify=False
    )


def test_the_best_forecast_has_the_score_that_theory_gives_it(record, model):
    told = rolled(model, record[["load", "heat"]], 1, origins=600, draws=60)
    assert len(told.origins) == 600
    assert told.origins.min() == 2400
    measures = told.measures["model"]
    assert measures["CRPS"].parts["load"] == pytest.approx(1 / math.sqrt(math.pi), rel=0.1)  # of N(m, 1)
    assert measures["CRPS"].parts["heat"] < 0.05  # it is told a moment before
    assert measures["RMSE"].parts["load"] == pytest.approx(1.0, rel=0.1)
    for name, level in (("coverage 50%", 0.5), ("coverage 90%", 0.9)):
        assert measures[name].parts["load"] == pytest.approx(level, abs=0.06)
        assert measures[name].ideal == level
    assert measures["skill"].value > 0.3
    assert measures["skill"].low <= measures["skill"].value <= measures["skill"].high
    assert told.measures["seasonal naive"]["skill"].value == 0
    assert "energy score" in measures
    assert "seasonal naive" in str(told)


def test_a_forecast_sees_nothing_of_what_it_is_judged_by(record, model):
    other = record.copy()
    other.iloc[2500:] = 100.0
    one, two = (rolled(model, each, 4, origins=np.array([2500]), draws=5) for each in (record, other))
    np.testing.assert_array_equal(one.drawn["model"], two.drawn["model"])
    np.testing.assert_array_equal(one.drawn["seasonal naive"], two.drawn["seasonal naive"])


def test_origins_are_spread_over_the_end():
    assert placed_origins(1000, 24, 24, None, 0.2).tolist()[:2] == [800, 825]
    assert placed_origins(1000, 24, 24, 5, 0.2)[[0, -1]].tolist() == [800, 976]
    assert len(placed_origins(100_000, 1, 1, None, 0.5)) == 100
    with pytest.raises(WrongRows, match="no room"):
        placed_origins(40, 24, 24, None, 0.2)
    with pytest.raises(WrongRows, match="origins that leave nothing"):
        placed_origins(1000, 24, 24, np.array([990]), 0.2)
    with pytest.raises(WrongRows, match="share between"):
        placed_origins(1000, 24, 24, None, 1.5)


def test_what_cannot_be_judged_is_refused(record, model):
    with pytest.raises(WrongRows, match="gaps"):
        rolled(model, record.mask(record > 2), 2)
    table = likely.fit("iris", "naive-bayes", certify=False)
    with pytest.raises(CannotAnswer, match="forecasts nothing"):
        rolled(table, record, 2)
