"""Variances of ancestral steps where the right ones are known, the divergence they learn from, and what they learn."""

from itertools import pairwise

import pytest
import torch
from mixtures import gaussian, start
from torch import nn
from torch.distributions import Normal, kl_divergence

from likely.backbones import MLP
from likely.diffusion import DDPM, Ancestral, Geometric, Learned, descended, generate, ladder_bound, ladder_parts
from likely.diffusion.variance import LearnedVariance, divergence, least, most
from likely.errors import FieldError
from likely.families.diffusion import Diffusion
from likely.rng import Keyed, Stepped
from likely.spaces import label, reals

STD = 0.5
LEVELS = Geometric(low=0.05, high=20.0).grid(12)[:-1]


def right(z, t, s, c=None):
    """The variance of z_s given z_t, of data N(0, STD^2)."""
    known = STD**2 * t**2 / (STD**2 + t**2)
    return (least(t, s) + (1 - (s / t) ** 2) ** 2 * known)[:, None].expand_as(z)


class Says(nn.Module):
    def __init__(self, v):
        super().__init__()
        self.v = v

    def forward(self, x, level, c=None):
        return torch.full_like(x, 2 * self.v - 1)


def test_the_two_ends_are_right_for_known_data_and_for_a_unit_gaussian():
    t, s = torch.tensor([3.0, 0.7], dtype=torch.float64), torch.tensor([1.0, 0.2], dtype=torch.float64)
    spread = (1 + s**2) - (1 + s**2) ** 2 / (1 + t**2)  # of z_s given z_t, where x ~ N(0, 1)
    torch.testing.assert_close(most(t, s), spread)
    torch.testing.assert_close(least(t, s), s**2 - s**4 / t**2)
    z = torch.zeros(2, 3, dtype=torch.float64)
    for v, end in ((0.0, least), (1.0, most)):
        torch.testing.assert_close(LearnedVariance(Says(v))(z, t, s), end(t, s)[:, None].expand(2, 3))
    between = LearnedVariance(Says(0.5))(z, t, s)
    torch.testing.assert_close(between[:, 0].square(), least(t, s) * most(t, s))


def test_the_divergence_is_that_of_two_normal_laws():
    torch.manual_seed(0)
    x, clean, z, variance = torch.randn(4, 2, 3, dtype=torch.float64).unbind()
    variance = variance.exp()
    t, s = torch.tensor([3.0, 0.7], dtype=torch.float64), torch.tensor([1.0, 0.2], dtype=torch.float64)
    pull = ((s / t) ** 2)[:, None]
    true = Normal(x + pull * (z - x), least(t, s).sqrt()[:, None])
    for said, own in ((variance, variance), (None, least(t, s)[:, None].expand(2, 3))):
        kl = kl_divergence(true, Normal(clean + pull * (z - clean), own.sqrt())).sum(1)
        torch.testing.assert_close(divergence(x, clean, t, s, said), kl)


@pytest.mark.parametrize("variance", [None, right], ids=["least", "right"])
def test_the_parts_sum_to_the_ladder_s_bound(variance):
    oracle, x = gaussian(STD), gaussian(STD).draw(50)
    parts = ladder_parts(oracle.denoise, x, levels=LEVELS, variance=variance, rng=Keyed(0))
    whole = ladder_bound(oracle.denoise, x, levels=LEVELS, variance=variance, rng=Keyed(0))
    assert parts.steps.shape == (50, len(LEVELS) - 1)
    torch.testing.assert_close(-(parts.first + parts.steps.sum(1) + parts.last), whole.value)


def test_the_first_and_the_last_part_are_formulas():
    x, (high, low) = gaussian(STD).draw(50), (float(LEVELS[0]), float(LEVELS[-1]))
    parts = ladder_parts(gaussian(STD).denoise, x, levels=LEVELS, rng=Keyed(0))
    wide = torch.tensor((1 + high**2) ** 0.5, dtype=torch.float64)
    torch.testing.assert_close(parts.first, kl_divergence(Normal(x, high), Normal(0.0, wide)).sum(1))
    entropy = Normal(torch.zeros(()), low).entropy().double() * 2
    torch.testing.assert_close(parts.last, entropy.expand(50), atol=1e-5, rtol=0)


def test_each_step_adds_what_theory_says_it_does():
    """For a Gaussian, E |x - D|^2 = STD^2 t^2 / (STD^2 + t^2) a number."""
    x = gaussian(STD).draw(40_000)
    steps = ladder_parts(gaussian(STD).denoise, x, levels=LEVELS, rng=Keyed(0)).steps.mean(0)
    for found, (t, s) in zip(steps, pairwise(LEVELS)):
        left = STD**2 * t**2 / (STD**2 + t**2)
        assert float(found) == pytest.approx(float(2 * left * (s**-2 - t**-2) / 2), rel=0.03)


def test_the_right_variances_lose_nothing_on_the_way():
    """A Gaussian's chain is then exact: its bound is the density but for its ends; both fixed ones lie below."""
    oracle, x = gaussian(STD), gaussian(STD).draw(4000)
    ways = {"least": None, "right": right, "most": lambda z, t, s, c: most(t, s)[:, None].expand_as(z)}
    told = {
        name: float(ladder_bound(oracle.denoise, x, levels=LEVELS, variance=way, rng=Keyed(0)).value.mean())
        for name, way in ways.items()
    }
    assert told["right"] > max(told["least"], told["most"]) + 0.1
    assert told["right"] < float(oracle.log_prob(x).mean()) + 0.02


def test_few_steps_with_the_right_variances_keep_the_spread():
    schedule, oracle = Geometric(low=0.005, high=20.0), gaussian(STD)
    begun = start(schedule, 20_000)
    spreads = [
        float(generate(sampler, oracle.denoise, schedule, begun, calls=8, rng=Keyed(1)).std())
        for sampler in (Ancestral(lambda z, t, s: right(z, t, s)), DDPM())
    ]
    assert spreads[0] == pytest.approx(STD, rel=0.02)
    assert spreads[1] < 0.95 * STD


def test_what_is_learned_comes_near_the_right_variances():
    torch.manual_seed(0)
    family = Diffusion(
        schedule=Geometric(low=0.05, high=20.0), network=MLP(width=16, depth=1),
        variance=Learned(network=MLP(width=32, depth=2), rungs=11),
    )  # fmt: skip
    model = family.build(reals(2))
    model.denoise = lambda x, sigma, c=None: gaussian(STD).denoise(x.double(), sigma.double()).float()
    optimizer = torch.optim.Adam(model.variance.parameters(), 3e-3)
    x = gaussian(STD).draw(4096).float()
    for step in range(400):
        loss = model.step_loss(x[step % 8 * 512 : step % 8 * 512 + 512], rng=Stepped(0, step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for t, s in list(pairwise(LEVELS.float()))[2:]:
            z = gaussian(STD).draw(500).float() + t * torch.randn(500, 2)
            levels = (t.expand(500), s.expand(500))
            ratio = model.variance(z, *levels) / right(z, *levels)
            assert float(ratio.log().abs().mean()) < 0.12


def test_a_diffusion_with_learned_variances_learns_bounds_and_draws():
    torch.manual_seed(0)
    small = MLP(width=16, depth=1)
    family = Diffusion(network=small, variance=Learned(network=small, rungs=9), sampler=DDPM(), steps=10)
    model, x, c = family.build(reals(3), label(2)), torch.randn(16, 3), torch.zeros(16, 1)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        model.zero_grad()
        turn.loss().backward()
        moved = {name.partition(".")[0] for name, p in model.named_parameters() if p.grad is not None}
        assert moved == {turn.player}
    with torch.no_grad():
        assert model.rungs(x, c, steps=9, rng=Keyed(0)).steps.shape == (16, 9)
        drawn = model.sample(5, c[:5], rng=Keyed(0))
        assert drawn.isfinite().all()
        torch.testing.assert_close(model.sample(3, c[:3], rng=Keyed(0)), drawn[:3])


def test_a_ladder_has_steps():
    with pytest.raises(FieldError, match="rungs"):
        Learned(rungs=1)


def test_a_way_said_anew_keeps_the_learned_variances():
    """Other steps must not bring DDPM's own back in silence; without what was learned the draws are others."""
    torch.manual_seed(0)
    small = MLP(width=16, depth=1)
    model = Diffusion(network=small, variance=Learned(network=small, rungs=9), sampler=DDPM(), steps=10).build(reals(3))
    with torch.no_grad():
        again = model.walk(5, way=model.way, rng=Keyed(0)).x
        assert torch.equal(again, model.sample(5, rng=Keyed(0)))
        assert torch.equal(again, model.walked(5, way=model.family, rng=Keyed(0)).x)
        assert not torch.equal(again, descended(model, 5, rng=Keyed(0)).x)
