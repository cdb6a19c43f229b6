from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from likely.apps.forecast import Forecast
from likely.data import series_of
from likely.report.forecast import MOST, picture

RNG = np.random.default_rng(0)
SPACE = "{http://www.w3.org/2000/svg}"


def told(width=2, steps=5, history=30, **more):
    given = series_of(RNG.normal(size=(1, history, width)).cumsum(1))
    values = given.values[:, None, -1:] + RNG.normal(size=(1, 40, steps, width)).cumsum(2)
    return Forecast(values, given.channels, None, np.array([history]), given, "exact", **more)


def test_a_drawing_has_a_plot_a_channel_with_its_bands_and_lines():
    times = pd.Series(["2020-01-01", "2020-01-02"])
    drawn = ElementTree.fromstring(picture(told(times=times)))
    kinds = [path.get("class") for path in drawn.iter(f"{SPACE}path")]
    assert kinds == ["band", "band", "given", "drawn"] * 2
    words = " ".join(each.text for each in drawn.iter(f"{SPACE}text"))
    assert "channel_1" in words
    assert "40 draws" in words
    assert "from 2020-01-01 to 2020-01-02" in words


def test_another_forecast_is_dashed_beside():
    one = told()
    drawn = picture(one, one)
    assert drawn.count('class="other"') == 2
    assert "without the change" in drawn


@pytest.mark.parametrize("history", [1, 2, 400])
def test_any_record_can_be_drawn(history):
    assert ElementTree.fromstring(picture(told(width=MOST + 3, steps=1, history=history))).tag == f"{SPACE}svg"
    assert "3 channels not drawn" in picture(told(width=MOST + 3))


def test_levels_that_never_change_and_names_that_are_markup():
    given = series_of(np.ones((1, 5, 1)) * 0.5, channels=("<b>&",))
    flat = Forecast(np.full((1, 3, 2, 1), 0.5), given.channels, None, np.array([5]), given, "exact")
    assert "nan" not in picture(flat)
    ElementTree.fromstring(picture(flat))
