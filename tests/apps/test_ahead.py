"""What follows by completion, against the Gaussian that the model is."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.apps.ahead import kept
from likely.apps.forecast import forecast, foreseen
from likely.data import Relative, Windows, series_of
from likely.errors import CannotAnswer, WrongRows
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)


def fitted(rows, family, windows, **asked):
    return likely.fit(rows, family, window=windows, engine=PLAIN, certify=False, **asked)


@pytest.fixture(scope="module")
def record():
    noise, moments = np.random.default_rng(0).normal(size=(600, 2)), [np.zeros(2)]
    for each in noise:  # heat follows load a moment later
        moments.append(np.array([0.8, 0.0]) * moments[-1] + np.array([0.0, 0.9 * moments[-1][0]]) + [1.0, 0.3] * each)
    return pd.DataFrame(np.stack(moments), columns=["load", "heat"])


@pytest.fixture(scope="module")
def model(record):
    return fitted(record, likely.GaussianMixture(components=1), Windows(length=8, stride=1))


def conditional(model, record, steps, fixed=None):
    """Mean and covariance of the moments ahead, in closed form, as cells."""
    law = model.model.law.components
    mean, cov = law.mean[0].reshape(2, 8), law.covariance[0].reshape(2, 8, 2, 8)
    past = torch.from_numpy((record.to_numpy()[-(8 - steps) :] - model.codec.shift) / model.codec.scale).T
    known = torch.zeros(2, 8, dtype=bool)
    known[:, : 8 - steps] = True
    x = torch.zeros(2, 8, dtype=torch.float64)
    x[:, : 8 - steps] = past
    if fixed is not None:
        known[0], x[0, 8 - steps :] = True, torch.from_numpy((fixed - model.codec.shift[0]) / model.codec.scale[0])
    a, b = known.flatten().nonzero()[:, 0], (~known).flatten().nonzero()[:, 0]
    cov, mean, x = cov.reshape(16, 16), mean.flatten(), x.flatten()
    gain = torch.linalg.solve(cov[a][:, a], cov[a][:, b]).T
    return (mean[b] + gain @ (x[a] - mean[a])).numpy(), (cov[b][:, b] - gain @ cov[a][:, b]).numpy()


def test_a_gaussian_of_windows_goes_on_as_its_conditional_law_says(record, model):
    told = foreseen(model, record, 3, draws=4000)
    assert told.way == "exact"
    mean, cov = conditional(model, record, 3)
    cells = (told.values[0] - model.codec.shift) / model.codec.scale
    flat = cells.transpose(0, 2, 1).reshape(4000, 6)
    np.testing.assert_allclose(flat.mean(0), mean, atol=5 * np.sqrt(np.diag(cov) / 4000).max())
    np.testing.assert_allclose(np.cov(flat.T), cov, atol=0.06)


def test_a_known_column_is_given_and_stays(record, model):
    future = np.array([3.0, -1.25, 0.5])
    told = foreseen(model, record, 3, draws=4000, known=pd.DataFrame({"load": future}))
    np.testing.assert_array_equal(told.values[0, :, :, 0], np.tile(future, (4000, 1)))
    mean, cov = conditional(model, record, 3, future)
    heat = (told.values[0, :, :, 1] - model.codec.shift[1]) / model.codec.scale[1]
    np.testing.assert_allclose(heat.mean(0), mean, atol=5 * np.sqrt(np.diag(cov) / 4000).max())
    np.testing.assert_allclose(np.cov(heat.T), cov, atol=0.06)


def test_draws_depend_on_their_series_and_number_alone(record, model):
    begun = series_of(np.stack([record.to_numpy()[at : at + 4] for at in (0, 50, 90)]), channels=("load", "heat"))
    three = foreseen(model, begun, 4, draws=2, seed=5)
    one = foreseen(model, begun.take([0]), 4, draws=5, seed=5)
    np.testing.assert_allclose(one.values[0, :2], three.values[0], atol=1e-5)
    with pytest.raises(WrongRows, match="5 steps"):
        foreseen(model, begun, 5)


def test_beyond_a_window_s_end_the_next_begins(record, model):
    told = foreseen(model, record, 30, draws=50, seed=1)
    assert told.values.shape == (1, 50, 30, 2)
    assert np.isfinite(told.values).all()
    assert np.std(told.values[0, :, 25, 0]) == pytest.approx(record["load"].std(), rel=0.4)
    assert [kept(100, 8, 30), kept(3, 8, 30), kept(100, 8, 2)] == [4, 3, 6]


@pytest.mark.parametrize("relative", [Relative.CHANGES, Relative.GROWTH])
def test_a_walk_is_forecast_from_where_it_stands(relative):
    steps = np.random.default_rng(0).normal(0.0, 0.01, 800)
    walk = pd.DataFrame({"price": np.exp(steps.cumsum()).round(5)})
    model = fitted(walk, likely.GaussianMixture(components=1), Windows(length=12, stride=1, relative=relative))
    high = walk.tail(30) * 100  # far from all levels that were learned
    told = foreseen(model, high.reset_index(drop=True), 6, draws=2000)
    last = float(high["price"].iloc[-1])
    spread = np.log(told.values[0, :, :, 0] / last) if relative is Relative.GROWTH else told.values[0, :, :, 0] - last
    wide = steps.std() if relative is Relative.GROWTH else np.diff(walk["price"]).std()
    np.testing.assert_allclose(spread.std(0), wide * np.sqrt(np.arange(1, 7)), rtol=0.25)
    known = foreseen(model, high, 3, draws=3, known=pd.DataFrame({"price": [last + 1, last + 2, last + 3]}))
    np.testing.assert_array_equal(known.values[0, :, :, 0], np.tile([last + 1, last + 2, last + 3], (3, 1)))
    with pytest.raises(WrongRows, match="gaps"):
        foreseen(model, high, 3, known=pd.DataFrame({"price": [last, np.nan, last]}))


def test_after_a_storm_more_is_thought_possible_than_after_a_calm():
    rng = np.random.default_rng(0)
    wide = np.repeat(rng.choice([0.004, 0.02], 30), 100)
    walk = pd.DataFrame({"price": np.exp((wide * rng.normal(size=3000)).cumsum())})
    windows = Windows(length=12, stride=1, relative=Relative.GROWTH, volatility=20)
    model = fitted(walk, likely.GaussianMixture(components=1), windows)
    spreads = []
    for size in (0.004, 0.02):
        end = 100 * (1 + int(np.flatnonzero(wide[::100] == size)[-1]))
        past = walk.head(end).reset_index(drop=True)
        told = foreseen(model, past, 6, draws=2000)
        spreads.append(np.log(told.values[0, :, 0, 0] / past["price"].iloc[-1]).std())
    assert 0.003 < spreads[0] < 0.4 * spreads[1] < 0.01
    last = float(past["price"].iloc[-1])
    known = foreseen(model, past, 3, draws=3, known=pd.DataFrame({"price": [last, last + 1, last]}))
    np.testing.assert_array_equal(known.values[0, :, :, 0], np.tile([last, last + 1, last], (3, 1)))
    with pytest.raises(WrongRows, match="at least 21"):
        foreseen(model, past.head(12), 3)


def test_a_model_that_fills_in_says_its_way_and_share(record):
    model = fitted(record, "vae,latent=2", Windows(length=8, stride=4), budget=20)
    told = foreseen(model, record, 3, draws=3)
    assert told.way == "asymptotic"
    assert 0 < told.share <= 1
    assert np.isfinite(told.values).all()


def test_what_cannot_go_on_so_is_refused(record, model):
    with pytest.raises(CannotAnswer, match="sharpened"):
        foreseen(model, record, 3, sharpness=likely.Sharpness(0.5))
    with pytest.raises(WrongRows, match="names no channel"):
        foreseen(model, record, 3, known=pd.DataFrame({"loud": [1.0, 2.0, 3.0]}))
    with pytest.raises(WrongRows, match="2 known moments for 3 steps"):
        foreseen(model, record, 3, known=pd.DataFrame({"load": [1.0, 2.0]}))
    with pytest.raises(WrongRows, match="no number"):
        foreseen(model, record, 3, known=pd.DataFrame({"load": ["a", "b", "c"]}))


@pytest.mark.parametrize("relative", [Relative.NOT, Relative.CHANGES])
def test_levels_go_on_as_levels(relative):
    sold = [20.0]
    for noise in np.random.default_rng(0).normal(0, 3, 600):
        sold.append(20 + 0.9 * (sold[-1] - 20) + noise)
    counts = pd.DataFrame({"sold": np.clip(np.round(sold), 0, 60).astype(int)})
    model = fitted(counts, likely.GaussianMixture(components=1), Windows(length=8, stride=1, relative=relative))
    told = foreseen(model, counts, 3, draws=300)
    assert (told.values == told.values.round()).all()
    if relative is Relative.CHANGES:
        assert told.way == "exact"
        return
    assert (told.way, model.lift.plain) == ("asymptotic", False)  # the noise under known levels is drawn
    assert 0 < told.share <= 1
    for high in (30, 10):  # what follows begins where it stands
        begun = foreseen(model, pd.DataFrame({"sold": np.full(8, high)}), 1, draws=300)
        assert begun.values.mean() == pytest.approx(20 + 0.9 * (high - 20), abs=1.5)
    gone = counts["sold"].astype(float).mask(counts.index == len(counts) - 2)
    with pytest.raises(WrongRows, match="gap"):
        foreseen(model, pd.DataFrame({"sold": gone}), 3)


def test_a_model_that_draws_through_time_fills_in_where_a_column_is_known(record):
    waves = fitted(record, "wavenet,width=8,skips=8,components=2", Windows(length=8), budget=5)
    assert foreseen(waves, record, 3).way == "exact"
    changes = fitted(record, waves.card.family, Windows(length=8, relative=Relative.CHANGES), budget=5)
    assert np.isfinite(foreseen(changes, record, 12).values).all()
    with pytest.raises(CannotAnswer, match="no whole rows"):
        forecast(changes, series_of(record.to_numpy()[None, :4]))
    told = foreseen(waves, record, 3, known=pd.DataFrame({"load": [1.0, 2.0, 3.0]}))
    assert told.way == "asymptotic"
    np.testing.assert_array_equal(told.values[0, 0, :, 0], [1.0, 2.0, 3.0])
    assert np.isfinite(told.values).all()
