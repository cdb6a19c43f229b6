"""Autoregressions whose autocorrelation and spectrum are known, and what leaves them."""

import numpy as np
import pytest

from likely.data import read
from likely.data.series import series_of
from likely.data.sound import sounds_of
from likely.metrics.signals import autocorrelation, crossed, of_signals, shares, spectrum


def walks(phi, count=60, length=80, seed=0, tie=0.8):
    """Two channels, each an autoregression of order one, their shocks tied."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(count, length, 2))
    shocks[..., 1] = tie * shocks[..., 0] + np.sqrt(1 - tie**2) * shocks[..., 1]
    x = shocks / np.sqrt(1 - phi**2)
    for t in range(1, length):
        x[:, t] = phi * x[:, t - 1] + shocks[:, t]
    return x


def found(a, b):
    return {each.name: each for each in of_signals(series_of(a), series_of(b))}


def test_other_walks_are_near_what_chance_leaves():
    told = found(walks(0.7), walks(0.7, seed=1))
    assert list(told) == ["spectrum", "autocorrelation", "values", "cross-correlation"]
    for each in told.values():
        assert each.value < 3 * each.ideal
        assert each.low <= each.value <= each.high
        assert each.group == "signal"


def test_each_measure_sees_what_it_is_for():
    good = found(walks(0.7), walks(0.7, seed=1))
    rough, apart, wide = walks(0.0, seed=1), walks(0.7, seed=1, tie=0.0), 2 * walks(0.7, seed=1)
    assert found(walks(0.7), rough)["autocorrelation"].value > 2 * good["autocorrelation"].value
    assert found(walks(0.7), rough)["spectrum"].value > 3 * good["spectrum"].value
    assert found(walks(0.7), apart)["cross-correlation"].value > 4 * good["cross-correlation"].value
    assert found(walks(0.7), wide)["values"].value > 3 * good["values"].value


def test_the_curves_of_one_row_against_what_they_say():
    x = walks(0.6, 1, 20_000)[0]
    np.testing.assert_allclose(autocorrelation(x, 3)[:, 0], [0.6, 0.36, 0.216], atol=0.04)
    np.testing.assert_allclose(crossed(x)[0], 0.8, atol=0.03)
    noise = np.random.default_rng(0).normal(size=(50_000, 1))
    np.testing.assert_allclose(spectrum(noise, 64), 0.0, atol=0.5)  # white noise of variance 1: 0 decibels
    row = np.array([[0.0], [1.0], [2.0], [np.nan]])
    np.testing.assert_allclose(shares(row, np.array([[0.5], [5.0]]))[:, 0], [1 / 3, 1.0])


def test_gaps_unequal_lengths_and_rows_that_do_not_move():
    a = walks(0.5, 20, 40)
    a[0, 30:], a[1, 5] = np.nan, np.nan
    a[2], a[3, :, 0] = 1.0, np.nan
    for each in found(a, walks(0.5, 15, 40, seed=2)).values():
        assert np.isfinite([each.value, each.low, each.ideal]).all()


def test_sounds():
    rng = np.random.default_rng(0)
    moments = np.arange(2000) / 4000

    def tones(pitch):
        return sounds_of(
            [0.3 * np.sin(2 * np.pi * pitch * moments[: rng.integers(900, 2000)]) for _ in range(30)], 4000
        )

    low, again, high = tones(200), tones(200), tones(900)
    same, other = (of_signals(low, each) for each in (again, high))
    assert [each.name for each in same] == ["spectrum", "autocorrelation", "values"]
    assert same[0].value < 1 < 10 < other[0].value


def test_a_table_has_no_signals():
    import pandas as pd

    rows = read(pd.DataFrame({"x": [0.1, 0.2, 0.3]}))
    assert of_signals(rows, rows) == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_very_short_series(length):
    rng = np.random.default_rng(0)
    for each in of_signals(series_of(rng.normal(size=(8, length))), series_of(rng.normal(size=(9, length)))):
        assert np.isfinite(each.value)
