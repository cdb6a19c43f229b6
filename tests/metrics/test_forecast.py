"""Against closed forms, brute force and laws that are known."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from likely.errors import WrongRows
from likely.metrics.forecast import crps, crps_of_normal, energy_score, inside, pinball, seasonal_error, seasonal_naive

RNG = np.random.default_rng(0)


def test_a_gaussian_s_crps_is_the_integral_that_defines_it():
    for mean, std, y in [(0.0, 1.0, 0.3), (2.0, 0.5, -1.0), (-1.0, 3.0, 4.0)]:
        below, _ = quad(lambda v, m=mean, s=std: ndtr((v - m) / s) ** 2, -40, y)
        above, _ = quad(lambda v, m=mean, s=std: (1 - ndtr((v - m) / s)) ** 2, y, 40)
        assert crps_of_normal(np.array(mean), np.array(std), np.array(y)) == pytest.approx(below + above, abs=1e-6)


def test_few_draws_estimate_the_crps_without_bias():
    y = np.array([0.0, 0.7, -2.0])
    told = crps(RNG.normal(1.0, 2.0, (3, 200_000, 1)), y).mean(0)
    np.testing.assert_allclose(told, crps_of_normal(1.0, 2.0, y), atol=0.01)


def test_draws_are_scored_as_by_all_their_pairs():
    draws, y = RNG.normal(size=(7, 4, 3)), RNG.normal(size=(4, 3))
    pairs = np.abs(draws[:, None] - draws[None]).sum((0, 1)) / (2 * 7 * 6)
    np.testing.assert_allclose(crps(draws, y), np.abs(draws - y).mean(0) - pairs)
    apart = np.linalg.norm(draws[:, None] - draws[None], axis=-1).sum((0, 1)) / (2 * 7 * 6)
    np.testing.assert_allclose(energy_score(draws, y), np.linalg.norm(draws - y, axis=-1).mean(0) - apart)
    np.testing.assert_allclose(energy_score(draws[..., :1], y[..., :1]), crps(draws, y)[..., 0])
    with pytest.raises(WrongRows, match="at least 2"):
        crps(draws[:1], y)


def test_the_pinball_loss_is_least_at_the_quantile_and_adds_up_to_the_crps():
    levels, y = (np.arange(400) + 0.5) / 400, np.array(0.4)
    quantiles = np.array([math.sqrt(2) * _erfinv(2 * level - 1) for level in levels])
    assert 2 * pinball(quantiles, levels, y).mean() == pytest.approx(crps_of_normal(0.0, 1.0, y), abs=1e-3)
    many = RNG.normal(size=20_000)
    losses = [pinball(np.full((1, 1), q), (0.9,), many).mean() for q in (1.0, 1.2816, 1.6)]
    assert losses[1] == min(losses)


def _erfinv(v):
    from scipy.special import erfinv

    return float(erfinv(v))


def test_intervals_of_a_right_forecast_hold_the_truth_as_often_as_they_say():
    draws = RNG.normal(size=(39, 20_000))
    for level in (0.5, 0.9):
        assert inside(draws, RNG.normal(size=20_000), level).mean() == pytest.approx(level, abs=0.01)


def test_the_naive_forecast_is_the_last_season_with_the_errors_of_earlier_ones():
    season = np.tile([1.0, 5.0, 2.0], 20)[:, None]
    told = seasonal_naive(season, np.array([30, 40]), 5, 3, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(told, np.broadcast_to(season[np.array([30, 40])[:, None] + np.arange(5)], told.shape))
    walk = RNG.normal(size=(4000, 1)).cumsum(0)
    drawn = seasonal_naive(walk, np.array([3000]), 9, 1, 4000, np.random.default_rng(0))[:, 0, :, 0]
    np.testing.assert_allclose(drawn.std(0), np.sqrt(np.arange(1, 10)), rtol=0.12)
    assert np.abs(drawn.mean(0) - walk[2999]).max() < 0.4
    assert seasonal_error(walk, 1) == pytest.approx(math.sqrt(2 / math.pi), rel=0.05)
    assert seasonal_error(season, 3) == 1.0
    with pytest.raises(WrongRows):
        seasonal_error(season, 60)
    with pytest.raises(WrongRows):
        seasonal_naive(season, np.array([5]), 5, 3, 4, np.random.default_rng(0))
