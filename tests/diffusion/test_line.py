"""The straight line: it carries noise to the data from b = 1 on, for the exact velocity of any pairing."""

import math

import pytest
import torch
from mixtures import Mixture, gaussian, three

from likely.diffusion import (
    DDIM,
    DDPM,
    Adaptive,
    AnnealedLangevin,
    DPMSolver,
    Euler,
    Geometric,
    Heun,
    Langevin,
    Line,
    PredictorCorrector,
    UniPC,
    follows_flow,
    line_for,
    walked,
)
from likely.rng import Keyed

DOUBLE = torch.empty(0, dtype=torch.float64)
FLOWS = [Euler(), Heun(), DDIM(), DPMSolver(), DPMSolver(3), UniPC(), Adaptive(1e-4)]


def clean(mixture):
    """E[x | x_b] of independent pairing, also of noise alone."""

    def look(x_b, share, c=None):
        signal = (1 - share[:, None]).clamp(min=1e-12)
        return mixture.denoise(x_b / signal, share / signal[:, 0])

    return look


def gone(mixture, sampler, calls, rows=400):
    start = Keyed(0).normal((rows, 2), like=DOUBLE)
    return walked(sampler, clean(mixture), line_for(sampler, calls, low=1e-3), start, calls=calls, rng=Keyed(0))


@pytest.mark.parametrize("sampler", FLOWS, ids=repr)
def test_every_solver_of_flows_ends_where_the_flow_does(sampler):
    """Of N(m, s^2): standard noise at b = 1 is carried to m + s noise."""
    x = gone(gaussian(0.5, 0.7), sampler, 300).x
    wanted = 0.7 + 0.5 * Keyed(0).normal((400, 2), like=DOUBLE)
    assert (x - wanted).abs().max() < 0.02


@pytest.mark.parametrize("sampler", FLOWS[:-1], ids=repr)
@pytest.mark.parametrize("calls", [1, 2, 3, 10])
def test_as_many_calls_as_asked(sampler, calls):
    assert gone(three(), sampler, calls, rows=2).calls == calls
    assert gone(three(), Adaptive(), calls, rows=2).calls <= calls


def test_euler_s_legs_are_even():
    levels = line_for(Euler(), 4, low=1e-3).grid(4)
    assert torch.allclose(levels, torch.tensor([1, 0.75, 0.5, 0.25, 0]).double())
    assert line_for(Euler(), 4000, low=1e-3).low == 1e-3
    assert line_for(Adaptive(), 50, low=1e-3).low == 1e-3
    halves = line_for(Heun(), 7, low=1e-3)
    assert torch.allclose(halves.grid(4), torch.tensor([1, 0.75, 0.5, 0.25, 0]).double())


def test_euler_s_step_is_the_plain_one():
    """x - v / 4, four times, with v = (x - D) / b."""
    x = Keyed(0).normal((7, 2), like=DOUBLE)
    found = walked(Euler(), clean(three()), line_for(Euler(), 4, low=1e-3), x, calls=4, rng=Keyed(0)).x
    for b in (1, 0.75, 0.5, 0.25):
        share = torch.full((7,), b, dtype=torch.float64)
        x = x - (x - clean(three())(x, share)) / b / 4
    assert torch.allclose(found, x)


def test_a_comonotone_pairing_is_walked_exactly_in_one_step():
    """Noise joined with m + s noise moves on straight lines that never cross: E[x | x_b] is a formula."""
    mean, std = 0.7, 0.4

    def look(x_b, share, c=None):
        b = share[:, None]
        noise = (x_b - (1 - b) * mean) / (b + (1 - b) * std)
        return mean + std * noise

    start = Keyed(0).normal((50, 2), like=DOUBLE)
    for calls in (1, 5):
        x = walked(Euler(), look, line_for(Euler(), calls, low=1e-3), start, calls=calls, rng=Keyed(0)).x
        assert torch.allclose(x, mean + std * start)


def test_the_mixture_s_law_is_reached():
    x = gone(three(), Heun(), 101, rows=4000).x
    for angle in (0.0, 0.8, 1.6, 2.4):
        along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        level = three().cdf(x, along).sort().values
        assert (level - torch.linspace(0, 1, 4000)).abs().max() * 4000**0.5 < 2.0


def test_the_schedule_s_own_promises():
    line, t = Line(0.1), torch.linspace(0, 1, 5).double().requires_grad_()
    level = line.level(t)
    (slope,) = torch.autograd.grad(level.log().sum(), t)
    assert torch.allclose(slope, line.rate(level.detach()))
    assert torch.allclose(line.descent(t), level.flip(0))
    assert (line.scale(level) == 1).all()


def test_samplers_that_stir_are_known():
    assert all(follows_flow(sampler) for sampler in FLOWS)
    stir = [DDPM(), DDIM(0.5), Euler(0.1), Heun(0.1), Langevin(), AnnealedLangevin(), PredictorCorrector(Euler())]
    assert not any(follows_flow(sampler) for sampler in stir)


def test_the_same_euler_in_shares_and_in_levels():
    """Between the same places both steps are one."""
    x, mixture = Keyed(0).normal((7, 2), like=DOUBLE), three()
    t, s = (torch.tensor(b, dtype=torch.float64) for b in (0.8, 0.3))
    look = clean(mixture)
    along = Euler().step(lambda y, b: look(y, b.expand(len(y))), x, t, s, rng=Keyed(0)).x
    levels = [b / (1 - b) for b in (t, s)]
    above = (
        Euler().step(lambda y, sigma: mixture.denoise(y, sigma.expand(len(y))), x / (1 - t), *levels, rng=Keyed(0)).x
    )
    assert torch.allclose(along / (1 - s), above)
    assert Geometric().scale(t) == 1


def test_noise_of_its_own_row_is_no_denoiser():
    """Under a comonotone pairing E[x | x_sigma] differs from the denoiser of independent noise, as the file says."""
    std, sigma, x_t = 0.4, 1.0, torch.tensor([[1.0, 0.0]]).double()
    paired = std * x_t / (sigma + std)
    plain = Mixture(torch.ones(1).double(), torch.zeros(1, 2).double(), torch.tensor([std]).double()).denoise(
        x_t, torch.tensor([sigma]).double()
    )
    assert (paired - plain).abs().max() > 0.1
