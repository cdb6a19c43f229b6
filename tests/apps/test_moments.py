"""A record's moments: read, periods found, windows put back on moments, and scored by a model of windows."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely.apps.moments import (
    Record,
    is_record,
    moment_scores,
    odd_moments,
    over_moments,
    strangest,
    usual_period,
)
from likely.data import Windows, read
from likely.errors import CannotAnswer, EmptyData, WrongRows


def wave(moments, seed, odd=()):
    """A period of 24 with noise; odd moments are turned upside down."""
    chance = np.random.default_rng(seed)
    values = np.sin(np.arange(moments) * 2 * np.pi / 24) + 0.1 * chance.normal(size=moments)
    values[list(odd)] *= -1
    return values


def test_windows_on_moments_by_hand():
    told, chance = [], np.random.default_rng(0)
    windows = chance.normal(size=7)
    for t in range(9):
        told.append(np.mean([windows[w] for w in range(7) if w <= t < w + 3]))
    assert np.allclose(over_moments(windows, 3, 9), told)
    some = np.where(np.arange(7) < 4, np.nan, windows)
    assert np.allclose(over_moments(some, 3, 9)[4:6], [windows[4], windows[4:6].mean()])
    assert np.isnan(over_moments(some, 3, 9)[:4]).all()
    late = over_moments(windows, 3, 10, first=1)
    assert np.allclose(late[1:], told)
    assert late[0] == late[1]


def test_periods():
    assert usual_period(wave(600, 0)[:, None]) in (24, 48, 72, 96, 120, 144)
    one = wave(600, 0) * (1 + 0.5 * np.cos(np.arange(600) / 50))
    assert usual_period(np.stack([one, one], 1)) == usual_period(one[:, None])
    assert usual_period(np.arange(50.0)[:, None]) is None


def test_records():
    times = pd.date_range("2020-01-01", periods=100, freq="h")
    frame = pd.DataFrame({"timestamp": times, "value": np.arange(100.0)})
    frame.loc[[3, 4], "value"] = np.nan
    record = Record.read(frame)
    assert record.values[:, 0].tolist() == list(range(100))
    assert (~record.known).nonzero()[0].tolist() == [3, 4]
    told = record.framed({"score": np.ones(100)})
    assert list(told.columns) == ["timestamp", "score"]
    assert told["score"].isna().sum() == 2
    assert is_record(read(frame))
    assert not is_record(read("iris"))
    assert not is_record(read(frame.iloc[::-1]))
    with pytest.raises(WrongRows, match="not after"):
        Record.read(frame.iloc[[0, 2, 1, *range(3, 100)]])
    with pytest.raises(EmptyData, match="missing"):
        Record.read(frame.assign(value=np.where(np.arange(100) % 3, np.nan, frame["value"])))
    with pytest.raises(WrongRows, match="record"):
        Record.read("digits")
    with pytest.raises(WrongRows, match="array"):
        Record.read(np.zeros((2, 2, 2)))


def test_a_model_of_windows_scores_moments():
    usual, odd = pd.DataFrame({"x": wave(1200, 0)}), pd.DataFrame({"x": wave(600, 1, range(300, 312))})
    fitted = likely.fit(usual, likely.FactorAnalysis(factors=2), window=Windows(length=24, stride=1), certify=False)
    score = moment_scores(fitted, Record.read(odd))
    assert 290 <= score.argmax() <= 320
    windows = read(odd, window=Windows(length=24, stride=1))
    assert np.allclose(over_moments(-fitted.score(windows).nats.numpy(), 24, 600), score)
    told = odd_moments(fitted, odd, pd.DataFrame({"x": wave(1000, 2)}))
    assert (told["p_value"].iloc[300:312] == 1 / 42).all()  # 41 stretches of 24 moments are compared with
    assert told["p_value"].iloc[:250].mean() > 0.3
    assert told["q_value"].iloc[300] == pytest.approx(
        25 / 42 / (told["p_value"].iloc[:600] == 1 / 42).to_numpy().reshape(25, 24).any(1).sum()
    )
    assert list(odd_moments(fitted, odd).columns) == ["score"]
    with pytest.raises(WrongRows, match="24"):
        odd_moments(fitted, odd.head(10))
    with pytest.raises(CannotAnswer, match="windows"):
        odd_moments(likely.fit("iris", likely.NaiveBayes(), certify=False), odd)


def test_the_strangest_are_apart():
    score = np.array([0.0, 5, 4, 0, 3, np.nan, 2])
    assert strangest(score, 3, 2) == [1, 4, 6]
    assert strangest(score, 9, 100) == [1]
