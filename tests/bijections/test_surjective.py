"""The kind of a flow is computed from its steps; the surjective flow against its parts."""

import math
from dataclasses import replace

import pytest
import torch

from likely.bijections import ActNorm, Flow, Surjection, SurjectiveFlow
from likely.codecs import Lift
from likely.codecs.dequantised import Argmax, Variational
from likely.contracts import Bound, Density, Latent, Prepared, Trained, Weighted
from likely.families.realnvp import RealNVP
from likely.rng import Keyed, Stepped
from likely.source import promises
from likely.spaces import Category, Image, Vector, label, reals

CHOICES = Vector((Category(3), Category(2)))


class Doubled(Surjection):
    """x >= 0 as u = x or -x, a fair coin each: |u| = x."""

    def __init__(self):
        super().__init__()
        self.space = reals(1)

    def forward(self, x, *, rng):
        sign = 2 * rng.bernoulli(torch.full_like(x, 0.5)) - 1
        return sign * x, torch.full((len(x),), math.log(2.0), dtype=x.dtype)

    def inverse(self, u):
        return u.abs()

    def centre(self, x):
        return x

    def bounds(self, x, known):
        return -x, x, x

    def settled(self, u, known, high):
        return self.inverse(u)


def folded():
    return SurjectiveFlow(Doubled(), Flow(ActNorm(1), reals(1), rate=0.1), reals(1))


def test_a_folded_normal_is_exact_whatever_the_draw():
    """Both halves weigh alike, so that the bound is tight: log 2 N(x)."""
    model, x = folded(), torch.tensor([[0.1], [1.0], [2.5]])
    normal = torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(model.elbo(x, rng=Keyed(0)).value, normal.log_prob(x)[:, 0] + math.log(2))
    weights = model.log_weights(x, draws=5, rng=Keyed(1))
    torch.testing.assert_close(weights, (normal.log_prob(x) + math.log(2)).expand(3, 5))
    drawn = model.sample(20_000, rng=Keyed(2))
    assert (drawn >= 0).all()
    assert drawn.mean().item() == pytest.approx(math.sqrt(2 / math.pi), abs=0.02)


def test_it_promises_learns_and_has_codes():
    model, x = folded(), torch.tensor([[0.1], [1.0], [2.5]])
    assert all(isinstance(model, promise) for promise in (Weighted, Bound, Latent, Trained, Prepared))
    model.prepare(x, rng=Keyed(0))
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    turn.loss().backward()
    assert model.players()["flow"].rate == 0.1
    torch.testing.assert_close(model.decode(model.encode(x)), x)


@pytest.mark.parametrize("step", [None, Variational(width=8), Argmax(width=8)], ids=repr)
@pytest.mark.parametrize("space", [reals(2), CHOICES, Image(1, 4, 4, 4)], ids=["reals", "choices", "image"])
@pytest.mark.parametrize("condition", [None, label(3)], ids=repr)
def test_exact_or_bound_is_computed_from_the_steps(step, space, condition):
    family = RealNVP(layers=2, width=8, dequantisation=step)
    lift = Lift.of(family, space)
    model = family.build(lift.space, condition)
    exact = step is None or space == reals(2)
    assert isinstance(model, Density if exact else Weighted)
    assert isinstance(model, Flow if exact else SurjectiveFlow)
    assert lift.exact == (step is not None or space == reals(2))
    assert not (isinstance(model, Density) and isinstance(model, Bound))


def test_it_learns_under_a_family_given_a_class():
    family = RealNVP(layers=2, width=8, dequantisation=Argmax(width=8))
    torch.manual_seed(0)
    model, x, c = family.build(CHOICES, label(2)), torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([[0.0], [1.0]])
    model.prepare(x, c, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for at in range(400):
        (turn,) = model.turns(x.repeat(16, 1), c.repeat(16, 1), rng=Stepped(0, at))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    assert isinstance(model, SurjectiveFlow)
    with torch.no_grad():
        assert (model.sample(200, c[:1].expand(200, 1), rng=Keyed(0)) == x[0]).all(1).float().mean() > 0.8
        assert (model.sample(200, c[1:].expand(200, 1), rng=Keyed(0)) == x[1]).all(1).float().mean() > 0.8


def test_the_family_tells_what_it_promises_where_every_step_is_a_bijection():
    assert promises("RealNVP")[0] == "Density"
    assert replace(RealNVP(), dequantisation=Argmax()).dequantisation == Argmax()
