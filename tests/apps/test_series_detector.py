"""Looking through a record that nobody has labelled: odd stretches come first, and nothing else is raised."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import likely
from likely.apps.moments import Record
from likely.apps.series_detector import Look, SeriesDetector
from likely.errors import EmptyData, FieldError, WrongRows
from tests.apps.test_moments import wave


@pytest.fixture(scope="module")
def watched():
    return SeriesDetector(length=24).fit(wave(1200, 0, range(700, 724)), seed=1)


def test_windows_as_numbers_by_hand():
    record = Record.read(wave(200, 0)[:, None] * np.array([[1.0, 3.0]]))
    look = Look.at(record, 40)
    level, shape = look.views(record)
    values = ((record.values - record.values.mean(0)) / record.values.std(0))[5:45]
    edges = np.linspace(0, 40, 33).astype(int)
    by_hand = np.array([values[a:b].mean(0) for a, b in pairwise(edges)])
    assert np.allclose(level[5], by_hand.ravel())
    assert np.allclose(shape[5], ((by_hand - values.mean(0)) / values.std(0)).ravel())


def test_an_odd_stretch_is_found(watched):
    odd = (np.arange(1200) >= 700) & (np.arange(1200) < 724)
    told = watched.anomalies()
    assert roc_auc_score(odd, told["score"]) > 0.99
    assert told["p_value"][710] == told["p_value"].min()
    assert 1 / 51 <= told["p_value"].min() < 1 / 35  # of 50 stretches some 40 are far
    assert told["q_value"].between(told["p_value"], 1).all()
    again = SeriesDetector(length=24).fit(wave(1200, 0, range(700, 724)), seed=1)
    assert (again.anomalies()["score"] == told["score"]).all()


def test_another_record_beside_a_usual_one():
    usual = SeriesDetector(length=24).fit(pd.DataFrame({"x": wave(1500, 3)}))
    told = usual.anomalies(pd.DataFrame({"x": wave(400, 4, range(200, 220))}))
    assert 195 <= told["score"].idxmax() < 225
    assert told["q_value"].min() > 0.05  # sixty stretches do not make sure
    with pytest.raises(WrongRows, match="channels"):
        usual.anomalies(pd.DataFrame({"y": wave(400, 4)}))


def test_stretches_of_a_usual_record_are_rarely_raised():
    """Each stretch's least p-value is at most a with a probability of about a, and nothing is raised."""
    lowest = []
    for seed in range(5):
        told = SeriesDetector(length=24, windows=300).fit(wave(1200, 10 + seed)).anomalies()
        lowest.append(told["p_value"].to_numpy().reshape(50, 24).min(1))
        assert (told["q_value"] > 0.05).all()
    p = np.concatenate(lowest)
    assert abs(p.mean() - 0.5) < 0.06
    assert (p <= 0.1).mean() < 0.16


def test_experts_join():
    record = wave(600, 0, range(300, 320))
    seen = SeriesDetector(length=24, parts=2, experts=(likely.FactorAnalysis(),)).fit(record)
    assert len(seen.seers[0][0]) == 2
    assert 295 <= seen.scores().argmax() < 325


def test_gaps_are_not_judged_and_make_nothing_odd():
    record = wave(600, 0)
    record[50] = np.nan
    told = SeriesDetector(length=24).fit(record).anomalies()
    assert told.isna().any(axis=1).to_numpy().nonzero()[0].tolist() == [50]
    record[[300, 310, *range(312, 330)]] = np.nan
    told = SeriesDetector(length=24).fit(record).anomalies()
    assert told["score"][310:325].isna().all()
    assert not told["score"][330:].isna().any()
    assert told["score"][np.r_[270:300, 330:360]].max() < told["score"].quantile(0.97)
    record[:160] = np.nan
    with pytest.raises(EmptyData, match="gaps"):
        SeriesDetector(length=24).fit(record)


def test_refusals():
    with pytest.raises(EmptyData, match="usual"):
        SeriesDetector().fit(np.arange(5.0))
    with pytest.raises(EmptyData, match="shorter"):
        SeriesDetector(length=50).fit(wave(200, 0))
    with pytest.raises(EmptyData, match="channel"):
        SeriesDetector().fit(np.ones(300))
    with pytest.raises(FieldError):
        SeriesDetector(parts=1)
