"""The census of modes on histograms and samples whose figures are known."""

import numpy as np
import pytest

from likely.data.generate import Grid, Ring
from likely.metrics.modes import census, expected_reverse_kl, reverse_kl


def test_the_reverse_kl_of_known_histograms():
    assert reverse_kl(np.full(25, 40)) == pytest.approx(0)
    assert reverse_kl(np.array([7, 0, 0, 0])) == pytest.approx(np.log(4))
    assert reverse_kl(np.array([1, 1, 0, 0])) == pytest.approx(np.log(2))
    assert reverse_kl(np.array([3, 1])) == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert reverse_kl(np.array([3, 1]), np.array([0.75, 0.25])) == pytest.approx(0)
    assert reverse_kl(np.zeros(5)) == np.inf


def test_the_law_s_own_draws_get_what_is_expected_of_them():
    rng = np.random.default_rng(0)
    found = [reverse_kl(rng.multinomial(26_000, np.full(1000, 1e-3))) for _ in range(40)]
    assert np.mean(found) == pytest.approx(expected_reverse_kl(1000, 26_000), rel=0.03)


@pytest.mark.parametrize("law", [Grid(noise=0.05), Ring(radius=1.0, noise=0.01)])
def test_a_mixture_s_own_draws_visit_every_mode_and_are_good(law):
    found = census(law.draw(10_000, np.random.default_rng(0)), law.centres, law.noise)
    assert found.modes == len(law.centres)
    assert found.good_share == pytest.approx(1 - np.exp(-4.5), abs=0.005)
    assert found.reverse_kl < 3 * expected_reverse_kl(len(law.centres), 10_000)
    assert found.counts.sum() == 10_000


def test_lost_modes_and_points_between_modes_are_seen():
    law = Grid()
    kept = law.centres[:5]
    found = census(np.repeat(kept, 20, 0), law.centres, law.noise)
    assert (found.modes, found.good_share) == (5, 1.0)
    assert found.reverse_kl == found.reverse_kl_good == pytest.approx(np.log(5))
    between = census(kept + np.array([0.9, 0.0]), law.centres, law.noise)
    assert (between.modes, between.good_share) == (0, 0.0)
    assert between.reverse_kl == pytest.approx(np.log(5))
    assert between.reverse_kl_good == np.inf
