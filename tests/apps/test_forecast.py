import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.apps.forecast import forecast, foreseen
from likely.data import series_of, sounds_of
from likely.errors import CannotAnswer, WrongRows
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)
SMALL = "wavenet,width=8,skips=12,components=2"


def fitted(rows, **asked):
    return likely.fit(rows, SMALL, budget=20, engine=PLAIN, certify=False, **asked)


@pytest.fixture(scope="module")
def waves():
    noise = np.random.default_rng(0)
    return np.stack([np.sin(np.arange(10) + noise.uniform(0, 6)) for _ in range(60)])


def test_series_go_on_from_beginnings_of_any_length(waves):
    rows = series_of(waves, labels=["a", "b", "c"] * 20)
    model = fitted(rows, condition="label")
    begun = series_of([waves[0][:4], waves[1][:7], waves[2][:4]], labels=["a", "b", "c"])
    drawn = forecast(model, begun, seed=3)
    assert drawn.values.shape == (3, 10, 1)
    assert np.isfinite(drawn.values).all()
    for row, length in enumerate((4, 7, 4)):
        assert np.array_equal(drawn.values[row, :length], begun.values[row, :length])
    assert drawn.about.frame["label"].tolist() == ["a", "b", "c"]
    alone = forecast(model, begun.take([0]), seed=3)
    np.testing.assert_allclose(alone.values[0], drawn.values[0], atol=1e-5)
    with pytest.raises(WrongRows, match="fewer than 10"):
        forecast(model, rows)


def test_sounds_go_on_too(waves):
    model = fitted(sounds_of(0.9 * waves, 8000))
    begun = sounds_of(0.9 * waves[:2, :5], 8000)
    drawn = forecast(model, begun)
    assert drawn.lengths.max() <= 10
    for sound, start in zip(drawn.samples, begun.samples, strict=True):
        assert np.array_equal(sound[:5], start)
    with pytest.raises(WrongRows):
        forecast(model, series_of(waves[:, :4]))


def test_only_what_goes_through_time_goes_on(waves):
    model = likely.fit(series_of(waves), "naive-bayes", certify=False)
    with pytest.raises(CannotAnswer, match="has no continuations"):
        forecast(model, series_of(waves[:, :4]))
    assert torch.is_grad_enabled()


def test_several_futures_are_those_of_forecast_where_a_row_has_room(waves):
    rows = series_of(waves, labels=["a", "b", "c"] * 20)
    model = fitted(rows, condition="label")
    begun = series_of([waves[0][:4], waves[1][:7], waves[2][:4]], labels=["a", "b", "c"])
    told = foreseen(model, begun, 3, draws=2, seed=3)
    assert told.values.shape == (3, 2, 3, 1)
    whole = forecast(model, begun, seed=3).values
    for row, length in enumerate((4, 7, 4)):
        np.testing.assert_allclose(told.values[row, 0], whole[row, length : length + 3], atol=1e-5)
    assert not np.allclose(told.values[:, 0], told.values[:, 1])
    alone = foreseen(model, begun.take([0]), 3, draws=2, seed=3)
    np.testing.assert_allclose(alone.values[0], told.values[0], atol=1e-5)
    frame = told.rows()
    assert frame["moment"].tolist() == [4, 5, 6, 4, 5, 6, 7, 8, 9, 7, 8, 9, 4, 5, 6, 4, 5, 6]
    assert frame["draw"].tolist() == [1, 1, 1, 2, 2, 2] * 3
    with pytest.raises(WrongRows, match="7 moments and 4 steps"):
        foreseen(model, begun, 4)
    with pytest.raises(WrongRows, match="at least 1"):
        foreseen(model, begun, 0)


def test_quantiles_of_levels_are_levels():
    keys = np.random.default_rng(0).integers(0, 3, (60, 6, 2))
    model = fitted(series_of(keys))
    frame = pd.DataFrame({"channel_1": keys[:5, :, 0].ravel(), "channel_2": keys[:5, :, 1].ravel()})
    told = foreseen(model, frame, 9, draws=20)
    assert set(np.unique(told.values)) <= {0, 1, 2}
    quantiles = told.quantiles((0.1, 0.5))
    assert quantiles[["channel_1", "channel_2"]].dtypes.map(str).eq("int64").all()
    assert len(quantiles) == 18
    assert quantiles["moment"].max() == 38
    with pytest.raises(CannotAnswer, match="a model of sounds"):
        foreseen(fitted(sounds_of(np.ones((20, 4)) * 0.1, 8000)), frame, 2)
