"""The drawing of a record's odd moments: a plot a channel, one of the score, gaps left open, long records thinned."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from likely.apps.moments import Record
from likely.report.moments import BINS, picture

SPACE = "{http://www.w3.org/2000/svg}"


def record(moments, channels=2, gap=()):
    values = np.random.default_rng(0).normal(size=(moments, channels))
    known = ~np.isin(np.arange(moments), gap)
    times = pd.Series(pd.date_range("2020-01-01", periods=moments, freq="h"), name="time")
    return Record(values, known, tuple(f"c{place}" for place in range(channels)), times)


def test_a_plot_a_channel_and_one_of_the_score():
    held = record(50, gap=(20,))
    drawn = ElementTree.fromstring(picture(held, np.where(held.known, 1.0, np.nan), [3]))
    kinds = [path.get("class") for path in drawn.iter(f"{SPACE}path")]
    assert kinds == ["given", "given", "mark"] * 2 + ["drawn", "drawn", "mark"]  # two strokes each, and the marks
    words = " ".join(each.text for each in drawn.iter(f"{SPACE}text"))
    assert "from 2020-01-01" in words
    assert "the 1 oddest" in words


@pytest.mark.parametrize("moments", [80, 100_000])
def test_its_size_is_bounded(moments):
    score = np.arange(float(moments))
    drawn = picture(record(moments, channels=9), score, [moments - 1])
    assert len(drawn) < 40 * 9 * 2 * BINS
    assert "1 channel not drawn" in drawn
    ElementTree.fromstring(drawn)
