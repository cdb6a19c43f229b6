"""Particles along a way of laws: a normaliser that is known, rows at their own pace, families that die out."""

import torch

from likely.particles.metropolis import Tilted
from likely.particles.tempered import tempered
from likely.rng import Keyed


def ran(sharp, particles=32, seed=0, first=0):
    """p ~ N(z; 0, 1) e^{-sharp (z - 1)^2 / 2}, which is normal: mean sharp / (1 + sharp), precision 1 + sharp."""
    each = sharp.repeat_interleave(particles)
    height = lambda z: -0.5 * each * (z[:, 0] - 1).square()  # noqa: E731
    way = Tilted(height, torch.zeros(len(each), 1).double(), step=torch.full((len(each),), 0.5).double())
    found = tempered(way, len(sharp), particles, rng=Keyed(seed, rows=first), device=torch.device("cpu"))
    return found.rows.z[:, 0], found


def test_the_normaliser_and_the_law_are_those_of_the_end():
    sharp = torch.tensor([0.0, 3.0, 1000.0]).double().repeat(600)
    z, found = ran(sharp)
    expected = -0.5 * torch.log1p(sharp) - 0.5 * sharp / (1 + sharp)
    standard = (z - sharp / (1 + sharp)) * (1 + sharp).sqrt()
    for k in range(3):
        ratio = (found.log_evidence - expected)[k::3].exp()
        assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 600**0.5 + 0.02, (k, ratio.mean())
        assert abs(float(standard[k::3].mean())) < 0.18
        assert abs(float(standard[k::3].std()) - 1) < 0.12
    assert (found.share[0::3] == 1).all()
    assert found.share[1::3].mean() > found.share[2::3].mean() >= 1 / 32


def test_a_row_goes_at_its_own_pace():
    sharp = torch.tensor([0.0, 30.0, 1e5, 2.0]).double()
    whole, _ = ran(sharp)
    alone, _ = ran(sharp[3:], first=3)
    torch.testing.assert_close(alone, whole[3:])
