import numpy as np
import pytest

from likely.codecs.parts import Part
from likely.codecs.volatility import USUAL, Volatility
from likely.errors import Corrupt

RNG = np.random.default_rng(0)
PATH = RNG.standard_t(4, (300, 25, 2)) * np.exp(RNG.normal(0, 1, (300, 1, 2)))
TOLD = Volatility.fit(PATH, 8)


def test_the_spread_is_that_of_the_changes_before():
    known = (PATH[:, 3:11] ** 2).sum(1)  # before the fourth moment after the memory
    np.testing.assert_allclose(TOLD.spread(PATH)[:, 3], np.sqrt((USUAL * 8 + known) / (8 * (1 + USUAL))))


def test_moments_come_back_and_calm_and_stormy_ones_are_alike():
    z, _ = TOLD.forward(PATH)
    np.testing.assert_allclose(TOLD.inverse(z, PATH[:, :8]), PATH[:, 8:], rtol=1e-9, atol=1e-12)
    assert z.std((0, 1)) == pytest.approx(1, abs=0.1)
    loud = np.abs(PATH[..., 0]).mean(1) > np.median(np.abs(PATH[..., 0]).mean(1))
    assert PATH[loud, 8:, 0].std() > 2 * PATH[~loud, 8:, 0].std()
    assert z[loud, :, 0].std() < 1.35 * z[~loud, :, 0].std()


def test_what_stood_still_has_a_spread():
    still = np.zeros((1, 12, 2))
    z, log_det = TOLD.forward(still)
    assert np.isfinite(z).all()
    assert np.isfinite(log_det).all()


@pytest.mark.parametrize("wrong", [{"memory": 0}, {"bends": []}, {"bends": [{"is": "Tangent"}] * 2}, {"more": 1}])
def test_hostile_parts_are_refused(wrong):
    again = Volatility.from_parts(Part(TOLD.parts()), 2)
    assert again == TOLD
    with pytest.raises(Corrupt):
        Volatility.from_parts(Part(TOLD.parts() | wrong), 2)
