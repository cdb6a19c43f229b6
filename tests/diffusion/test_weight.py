"""Every loss weight: its formula, and that the likelihood's makes of any schedule the bound's own integral."""

import math

import pytest
import torch

from likely.diffusion import (
    EDM,
    Cosine,
    EDMWeight,
    Geometric,
    Karras,
    LikelihoodWeight,
    Linear,
    MinSNR,
    Noise,
    SimpleWeight,
    Straight,
    UnitWeight,
)
from likely.errors import FieldError

SIGMA = torch.logspace(-2, 1, 40, dtype=torch.float64)


def test_unit_is_the_error_of_the_clean_data():
    assert torch.equal(UnitWeight().weight(SIGMA, Karras()), torch.ones_like(SIGMA))


def test_simple_is_the_error_of_the_noise_that_a_noise_network_lowers():
    assert torch.allclose(SimpleWeight().weight(SIGMA, Karras()), Noise().coefficients(SIGMA).out ** -2)


@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_edm_s_is_the_error_that_its_network_lowers(spread):
    ours = EDMWeight(spread).weight(SIGMA, Karras())
    assert torch.allclose(ours, EDM(spread).coefficients(SIGMA).out ** -2)
    assert torch.allclose(ours, (SIGMA**2 + spread**2) / (SIGMA * spread) ** 2)


def test_min_snr_is_the_smaller_of_the_ratio_and_gamma():
    ours = MinSNR(gamma=4.0).weight(SIGMA, Karras())
    assert torch.allclose(ours[SIGMA > 0.5], SIGMA[SIGMA > 0.5] ** -2)
    assert (ours[SIGMA < 0.5] == 4.0).all()


@pytest.mark.parametrize(
    "schedule",
    [Linear(), Cosine(), Geometric(), Straight(), Karras(), Karras(low=0.02, centre=0.0)],
    ids=repr,
)
def test_the_likelihood_s_is_the_bound_whatever_levels_are_drawn(schedule):
    """Of the exact denoiser of N(0, v): E |x - D|^2 = v sigma^2 / (v + sigma^2), and v / (v + sigma^2) d log sigma."""
    v, t = 0.25, (torch.arange(1_000_000, dtype=torch.float64) + 0.5) / 1_000_000
    sigma = schedule.level(t)
    drawn = (LikelihoodWeight().weight(sigma, schedule) * v * sigma**2 / (v + sigma**2)).mean()
    low, high = (math.log(end) - math.log(v + end**2) / 2 for end in (schedule.low, schedule.high))
    assert math.isclose(drawn, high - low, rel_tol=1e-3)


@pytest.mark.parametrize("make", [lambda: MinSNR(gamma=0), lambda: EDMWeight(spread=-1)])
def test_weights_of_nothing_are_refused(make):
    with pytest.raises(FieldError, match="positive"):
        make()
