"""Mean curves: what chance leaves, and gaps."""

import numpy as np
import pytest

from likely.metrics.profile import profile_distance


def test_equal_laws_get_the_ideal_and_others_their_distance():
    rng = np.random.default_rng(0)
    found = [profile_distance("p", rng.normal(size=(80, 12)), rng.normal(size=(60, 12)), "") for _ in range(60)]
    assert np.mean([each.value for each in found]) == pytest.approx(np.mean([each.ideal for each in found]), rel=0.1)
    far = profile_distance("p", rng.normal(size=(80, 12)), 2 + rng.normal(size=(60, 12)), "")
    assert far.low < 2 < far.high
    same = rng.normal(size=(30, 5))
    assert profile_distance("p", same, same, "").value == 0


def test_gaps_are_at_the_mean_and_curves_that_say_nothing_are_told():
    a = np.array([[1.0, np.nan, 0.0], [1.0, np.nan, np.nan], [1.0, np.nan, 2.0]])
    assert profile_distance("p", a, a + 1, "").value == 1.0
    nothing = profile_distance("p", np.full((3, 2), np.nan), a[:, :2], "")
    assert nothing.value == 1.0 or "no row" in nothing.note
