"""Guidance: the formula, its two plain cases, one call a step, and samples that it moves as it should."""

import pytest
import torch
from mixtures import three

from likely.diffusion import DDPM, Guided, Heun, Karras, generate
from likely.rng import Keyed
from likely.spaces import absent

SIGMA = torch.tensor([0.1, 0.5, 2.0, 10.0], dtype=torch.float64)
X_T = three().draw(4) + SIGMA[:, None]
C = torch.tensor([[0.0], [1.0], [2.0], [1.0]], dtype=torch.float64)


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.5])
def test_it_is_the_formula(scale):
    given, null = (three().denoise(X_T, SIGMA, c) for c in (C, absent(C)))
    assert torch.allclose(Guided(three().denoise, scale)(X_T, SIGMA, C), null + scale * (given - null))


def test_without_a_condition_it_is_the_denoiser():
    assert torch.equal(Guided(three().denoise, 3.0)(X_T, SIGMA, None), three().denoise(X_T, SIGMA))


def test_one_call_a_step():
    calls = []
    guided = Guided(lambda x, s, c: calls.append(len(x)) or three().denoise(x, s, c), 2.0)
    generate(Heun(), guided, Karras(), X_T * 20, C, calls=7, rng=Keyed(0))
    assert calls == [8] * 7


@pytest.mark.parametrize("sampler", [DDPM(), Heun()], ids=repr)
def test_every_sampler_takes_it_and_a_scale_of_one_draws_the_condition(sampler):
    mixture, c = three(), torch.full((3000, 1), 1.0, dtype=torch.float64)
    start = 20 * Keyed(0).normal((3000, 2), like=mixture.mean)
    ends = {
        scale: generate(sampler, Guided(mixture.denoise, scale), Karras(), start, c, calls=120, rng=Keyed(1))
        for scale in (0.0, 1.0, 2.0)
    }
    assert (ends[1.0].mean(0) - mixture.mean[1]).abs().max() < 0.03
    assert abs(ends[1.0].std(0).mean() / 0.2 - 1) < 0.05
    assert (ends[0.0].mean(0)).abs().max() < 0.06  # the whole mixture
    outside = [((ends[w] - mixture.mean[1]).norm(dim=1) > 0.8).double().mean() for w in (0.0, 1.0, 2.0)]
    assert outside[0] > 0.6
    assert outside[1] < 0.01
    assert (ends[2.0] @ torch.tensor([-1.2, 0.6]).double()).mean() > (
        ends[1.0] @ torch.tensor([-1.2, 0.6]).double()
    ).mean()
