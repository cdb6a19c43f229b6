"""The bound against exact densities: tight where the denoiser is exact, below where it is not."""

from itertools import pairwise

import pytest
import torch
from mixtures import gaussian, three

from likely.diffusion import Geometric, continuous_bound, ladder_bound
from likely.rng import Keyed

ENDS = {"low": 0.005, "high": 80.0}


@pytest.mark.parametrize("mixture", [gaussian(1.0), gaussian(0.4, 0.7), three()], ids=["unit", "narrow", "mixture"])
def test_it_is_tight_for_the_exact_denoiser(mixture):
    x = mixture.draw(3000)
    elbo = continuous_bound(mixture.denoise, x, draws=64, rng=Keyed(0), **ENDS)
    gap = mixture.log_prob(x) - elbo.value
    assert abs(gap.mean()) < 4 * gap.std() / len(x) ** 0.5 + 1e-3
    assert gap.std() < 1.0


def test_on_the_unit_gaussian_nothing_is_left_to_chance():
    x = gaussian(1.0).draw(100)
    gap = gaussian(1.0).log_prob(x) - continuous_bound(gaussian(1.0).denoise, x, draws=1, rng=Keyed(0), **ENDS).value
    assert (gap.abs() < 2e-4).all()


def test_it_falls_short_by_what_a_wrong_denoiser_errs():
    mixture = three()
    x, true = mixture.draw(3000), mixture.log_prob(mixture.draw(3000)).mean()
    values = [
        continuous_bound(
            lambda x_t, s, c, w=w: w * mixture.denoise(x_t, s), x, draws=32, rng=Keyed(0), **ENDS
        ).value.mean()
        for w in (1.0, 0.95, 0.8)
    ]
    assert true + 0.05 > values[0] > values[1] + 0.1 > values[2] + 0.2


def test_a_ladder_rises_to_the_continuous_bound():
    mixture = three()
    x = mixture.draw(2000)
    limit = continuous_bound(mixture.denoise, x, draws=128, rng=Keyed(0), **ENDS).value.mean()
    rungs = []
    for steps in (10, 80, 320):
        levels = Geometric(**ENDS).grid(steps)[:-1]
        rungs.append(float(ladder_bound(mixture.denoise, x, levels=levels, rng=Keyed(1)).value.mean()))
    assert rungs[0] < rungs[1] < rungs[2] < limit + 0.02
    assert 3 < (limit - rungs[1]) / (limit - rungs[2]) < 5  # what is left falls as one over the steps


def test_a_ladder_is_the_exact_bound_of_its_own_gaussian_chain():
    """For a Gaussian every marginal of ancestral sampling is a formula: the bound stays below the chain's density."""
    oracle, levels = gaussian(0.6, width=1), Geometric(low=0.05, high=80.0).grid(40)[:-1]
    variance = 1 + levels[0] ** 2
    for t, s in pairwise(levels):
        pull = 0.36 / (0.36 + t**2)
        keep = pull + (s / t) ** 2 * (1 - pull)
        variance = keep**2 * variance + s**2 * (1 - (s / t) ** 2)
    variance = variance + levels[-1] ** 2  # p(x | z_low)
    x = oracle.draw(20_000)
    chain = -0.5 * (x[:, 0] ** 2 / variance + (2 * torch.pi * variance).log())
    elbo = ladder_bound(oracle.denoise, x, levels=levels, rng=Keyed(0)).value
    slack = (chain - elbo).mean()
    assert 0 < slack < 1.0
    assert chain.mean() < oracle.log_prob(x).mean()


def test_rows_do_not_depend_on_their_company():
    mixture = three()
    x = mixture.draw(12)
    whole = continuous_bound(mixture.denoise, x, draws=4, rng=Keyed(0), **ENDS).value
    part = continuous_bound(mixture.denoise, x[:5], draws=4, rng=Keyed(0), **ENDS).value
    assert torch.allclose(whole[:5], part)
