"""IAF: the mirror image of MAF; draws with their densities, the density of other rows, learning from rows."""

import math
from dataclasses import replace

import pytest
import torch

from likely.bijections import Affine, Chain, Flow, Spline
from likely.errors import FieldError
from likely.families.iaf import IAF
from likely.families.maf import MAF
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals

SMALL = IAF(layers=3, width=16)


def made(space, condition=None, moved=0.05, **fields):
    torch.manual_seed(0)
    model = replace(SMALL, **fields).build(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(moved * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("form", [Affine(), Spline(bins=4)], ids=repr)
def test_one_layer_is_the_inverse_of_maf(form):
    """With the same weights, and no tails to draw in: what encodes in one decodes in the other."""
    flows = []
    for family in (MAF(layers=1, form=form), IAF(layers=1, form=form)):
        torch.manual_seed(0)
        model = family.build(reals(5)).double()
        assert isinstance(model.flow, Chain)
        flows.append(Flow(Chain(list(model.flow)[1:]), reals(5)))
    forward, back = flows
    x = torch.randn(20, 5, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(back.decode(x), forward.encode(x))
        torch.testing.assert_close(back.encode(x), forward.decode(x))
        torch.testing.assert_close(back.flow.inverse(x)[1], forward.flow(x)[1])


@pytest.mark.parametrize("form", [Affine(), Spline(bins=4)], ids=repr)
@pytest.mark.parametrize("space", [reals(1), reals(4), Image(1, 2, 3, None)], ids=repr)
def test_the_density_of_rows_is_that_of_draws(form, space):
    model = made(space, form=form).double()
    with torch.no_grad():
        x, log_p = model.draw(20, rng=Keyed(0))
        torch.testing.assert_close(model.log_prob(x), log_p)


@pytest.mark.parametrize("columns", [1, 2])
def test_the_density_integrates_to_one(columns):
    model = made(reals(columns)).double()
    at = torch.linspace(-12, 12, 301, dtype=torch.float64)
    grid = torch.cartesian_prod(*[at] * columns).view(-1, columns)
    with torch.no_grad():
        mass = model.log_prob(grid).exp().sum() * (at[1] - at[0]) ** columns
    assert mass.item() == pytest.approx(1, abs=2e-3)


def test_the_density_is_the_change_of_variables():
    model = made(reals(3)).double()
    x = torch.randn(3, 3, dtype=torch.float64)
    for i, log_p in enumerate(model.log_prob(x)):
        z = model.encode(x[i : i + 1])
        jacobian = torch.autograd.functional.jacobian(model.decode, z.detach()).view(3, 3)
        normal = -0.5 * (z**2).sum() - 1.5 * math.log(2 * math.pi)
        assert log_p.item() == pytest.approx((normal - jacobian.slogdet()[1]).item(), abs=1e-8)


def test_learns_from_rows():
    torch.manual_seed(3)
    x = torch.randn(256, 2) * 0.1 + torch.randint(0, 2, (256, 1)) * 2 - 1
    model = made(reals(2), form=Spline())
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(80):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        loss = turn.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    normal = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov())
    assert model.log_prob(x).mean() > normal.log_prob(x).mean() + 0.5


@pytest.mark.parametrize("space", [reals(3), Image(1, 4, 4, None)], ids=repr)
def test_a_condition_is_heard(space):
    model, c = made(space, label(3)), torch.arange(3.0)[:, None]
    x = torch.zeros(3, *space.shape)
    model.prepare(torch.rand(3, *space.shape), c, rng=Keyed(0))
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert model.log_prob(x, c).unique().numel() == 3
    assert model.sample(3, c, rng=Keyed(0)).shape == x.shape


def test_pictures_of_784_pixels_go_both_ways():
    model = made(Image(1, 28, 28, None), moved=0.0, layers=2)
    x = torch.rand(4, 1, 28, 28) * 2 - 1
    with torch.no_grad():
        model.prepare(x, rng=Keyed(0))
        torch.testing.assert_close(model.decode(model.encode(x)), x, atol=1e-4, rtol=1e-4)


def test_wrong_fields_and_spaces_are_told():
    for wrong in ({"layers": 0}, {"width": 0}, {"depth": 0}, {"margin": 0.5}, {"rate": 0.0}):
        with pytest.raises(FieldError, match="IAF has"):
            replace(SMALL, **wrong)
    with pytest.raises(FieldError, match="Tokens"):
        IAF().build(Tokens(4, 3))
