import numpy as np

from likely.data import series_of, sounds_of
from likely.report.figure import picture_of


def test_series_are_lines_broken_at_gaps():
    rows = series_of([np.array([0.5, 1.0, np.nan, 2.0, 1.5]), np.array([1.0, 0.5])], labels=["up", "down"])
    drawn = picture_of(rows, rows)
    assert drawn.count("<path") == 3
    assert "up, 5 moments" in drawn
    assert "down, 2 moments" in drawn


def test_many_channels_are_a_map():
    rows = series_of(np.random.default_rng(0).integers(0, 2, (2, 6, 20)))
    assert picture_of(rows, rows).count("<image") == 2


def test_sounds_are_waves_above_spectrograms():
    rows = sounds_of([np.sin(np.arange(900) / 4), np.zeros(0)], 8000)
    drawn = picture_of(rows, rows)
    assert (drawn.count("<path"), drawn.count("<image")) == (1, 1)
    assert "0.11 s" in drawn
