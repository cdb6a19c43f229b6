"""PlanarFlow: the density against autograd and integration, the way back by roots, rows and images."""

import math

import pytest
import torch

from likely import fields
from likely.errors import FieldError
from likely.families.planar_flow import PlanarFlow
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals


def made(space, condition=None, layers=6):
    torch.manual_seed(0)
    model = PlanarFlow(layers=layers, width=8).flow(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def learned(model, x, steps):
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for step in range(steps):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("space", [reals(1), reals(5), Image(1, 3, 2, None)], ids=repr)
def test_the_density_is_the_change_of_variables(space):
    model, size = made(space).double(), math.prod(space.shape)
    x = torch.rand(3, *space.shape, dtype=torch.float64) * 2 - 1
    for i, log_p in enumerate(model.log_prob(x)):
        jacobian = torch.autograd.functional.jacobian(model.encode, x[i : i + 1]).view(size, size)
        z = model.encode(x[i : i + 1])
        normal = -0.5 * (z**2).sum() - 0.5 * size * math.log(2 * math.pi)
        assert log_p.item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-8)


@pytest.mark.parametrize("columns", [1, 2])
def test_the_density_integrates_to_one(columns):
    model = made(reals(columns)).double()
    at = torch.linspace(-15, 15, 601, dtype=torch.float64)
    grid = torch.cartesian_prod(*[at] * columns).view(-1, columns)
    with torch.no_grad():
        mass = model.log_prob(grid).exp().sum() * (at[1] - at[0]) ** columns
    assert mass.item() == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("columns", [2, 30])
def test_a_learned_flow_undoes_heavy_tails(columns):
    torch.manual_seed(2)
    x = torch.distributions.StudentT(1.5).sample((400, columns))
    model = learned(made(reals(columns), layers=16), x, 60)
    with torch.no_grad():
        back = model.decode(model.encode(x))
    assert ((back - x).abs() / (1 + x.abs())).max() < 1e-4


def test_learns_a_ring_better_than_a_normal():
    torch.manual_seed(3)
    angle = torch.rand(400) * 2 * math.pi
    x = torch.stack((angle.cos(), angle.sin()), 1) + 0.1 * torch.randn(400, 2)
    model = learned(made(reals(2), layers=24), x, 300)
    normal = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov())
    assert model.log_prob(x).mean() > normal.log_prob(x).mean() + 0.2


def test_a_class_moves_the_law():
    model, x = made(reals(3), label(3)), torch.randn(6, 3)
    c = torch.arange(6).remainder(3).float()[:, None]
    model.prepare(x, c, rng=Keyed(0))
    assert not torch.allclose(model.log_prob(x, c), model.log_prob(x, c.roll(1, 0)))
    torch.testing.assert_close(model.decode(model.encode(x, c), c), x, atol=1e-4, rtol=1e-4)


def test_wrong_fields_and_spaces_are_told():
    for wrong in ("layers=0", "width=0", "margin=0.5", "rate=0", "rate=inf"):
        with pytest.raises(FieldError):
            fields.made("Family", f"planarflow,{wrong}")
    with pytest.raises(FieldError, match="Tokens"):
        PlanarFlow().build(Tokens(4, 3))
