import numpy as np
import pytest
import torch

import likely
from likely.apps.forecast import forecast
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
