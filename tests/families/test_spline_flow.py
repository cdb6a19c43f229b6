"""SplineFlow: both wirings, their densities against autograd and integration, rows and images, heavy tails."""

import math
from dataclasses import replace

import pytest
import torch

from likely.bijections import Coupled, Sequential
from likely.contracts import Density, Latent, Prepared, Trained
from likely.errors import FieldError
from likely.families.iaf import IAF
from likely.families.maf import MAF
from likely.families.spline_flow import SplineFlow
from likely.fields import made as described
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals

WIRINGS = [Coupled(), Sequential()]


SMALL = SplineFlow(layers=3, width=16, bins=4)


def made(space, condition=None, moved=0.05, **fields):
    torch.manual_seed(0)
    model = replace(SMALL, **fields).build(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(moved * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("wiring", WIRINGS, ids=repr)
@pytest.mark.parametrize("space", [reals(1), reals(4), Image(1, 2, 3, None)], ids=repr)
def test_the_density_is_the_change_of_variables(wiring, space):
    model = made(space, wiring=wiring).double()
    x, size = torch.rand(3, *space.shape, dtype=torch.float64) * 2 - 1, math.prod(space.shape)
    for i, log_p in enumerate(model.log_prob(x)):
        jacobian = torch.autograd.functional.jacobian(model.encode, x[i : i + 1]).view(size, size)
        normal = -0.5 * (model.encode(x[i : i + 1]) ** 2).sum() - 0.5 * size * math.log(2 * math.pi)
        assert log_p.item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-7)


@pytest.mark.parametrize("wiring", WIRINGS, ids=repr)
@pytest.mark.parametrize("columns", [1, 2])
def test_the_density_integrates_to_one(wiring, columns):
    model = made(reals(columns), wiring=wiring).double()
    at = torch.linspace(-12, 12, 481, dtype=torch.float64)
    grid = torch.cartesian_prod(*[at] * columns).view(-1, columns)
    with torch.no_grad():
        mass = model.log_prob(grid).exp().sum() * (at[1] - at[0]) ** columns
    assert mass.item() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("wiring", WIRINGS, ids=repr)
@pytest.mark.parametrize("space", [reals(1), reals(3), Image(1, 4, 4, None), Image(1, 5, 5, None)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(3), Image(1, 4, 4, 4)], ids=repr)
def test_both_ways_and_learning(wiring, space, condition):
    model, x = made(space, condition, wiring=wiring), torch.rand(6, *space.shape) * 2 - 1
    c = None if condition is None else (torch.arange(6.0) % 3).view(6, *[1] * len(condition.shape))
    if c is not None and isinstance(condition, Image):
        c = c.expand(6, *condition.shape)
    assert all(isinstance(model, promise) for promise in (Density, Latent, Trained, Prepared))
    model.prepare(x, c, rng=Keyed(0))
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    with torch.no_grad():
        torch.testing.assert_close(model.decode(model.encode(x, c), c), x, atol=1e-4, rtol=1e-4)
        drawn, log_p = model.draw(6, c, rng=Keyed(0))
        torch.testing.assert_close(model.log_prob(drawn, c), log_p, atol=1e-3, rtol=1e-3)


def heavy(rows, columns):
    """Cauchy columns that depend on their neighbours and on a common one."""
    torch.manual_seed(7)
    law = torch.distributions.StudentT(1.0)
    x = law.sample((rows, columns))
    x[:, 1:] += 0.5 * x[:, :-1]
    x[:, ::2] += law.sample((rows, 1))
    return x


def furthest(model, x):
    """The largest error of a row that went both ways in float32, relative to its cells' size."""
    with torch.no_grad():
        return ((model.decode(model.encode(x)) - x).abs() / (1 + x.abs())).max()


def taught(model, x, steps):
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for step in range(steps):
        rows = torch.randint(len(x), (256,))
        (turn,) = model.turns(x[rows], rng=Stepped(0, step))
        loss = turn.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("wiring", WIRINGS, ids=repr)
def test_heavy_tails_come_back_after_training(wiring):
    x = heavy(3000, 10)
    model = taught(made(reals(10), wiring=wiring, moved=0.0, layers=4), x, 40)
    fresh = heavy(6000, 10)[3000:]
    assert fresh.abs().max() > 1e3
    assert model.log_prob(fresh).isfinite().all()
    assert furthest(model, fresh) < 1e-4
    assert furthest(model, model.sample(1000, rng=Keyed(1)).detach()) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("columns", [30, 100])
@pytest.mark.parametrize("family", [SplineFlow(), SplineFlow(wiring=Sequential()), MAF(), IAF()], ids=repr)
def test_heavy_tails_come_back_to_100_dimensions(family, columns):
    """At the families' own sizes, after some training, in float32."""
    torch.manual_seed(0)
    x = heavy(20_000, columns)
    model = taught(family.build(reals(columns)), x, 30 if isinstance(family, IAF) else 150)
    fresh = heavy(22_000, columns)[20_000:]
    assert model.log_prob(fresh).isfinite().all()
    assert furthest(model, fresh) < 1e-4
    assert furthest(model, model.sample(1000, rng=Keyed(1)).detach()) < 1e-4


def test_the_wiring_is_said_by_name():
    assert described("Family", "splineflow,wiring=sequential").wiring == Sequential()
    assert described("Family", "splineflow").wiring == Coupled()


def test_wrong_fields_and_spaces_are_told():
    for wrong in ({"layers": 0}, {"width": 0}, {"depth": 0}, {"margin": 0.5}, {"rate": 0.0}):
        with pytest.raises(FieldError, match="SplineFlow has"):
            replace(SMALL, **wrong)
    for wrong in ({"bins": 1}, {"tail": 0.0}):
        with pytest.raises(FieldError, match="spline"):
            replace(SMALL, **wrong)
    with pytest.raises(FieldError, match="Tokens"):
        SplineFlow().build(Tokens(4, 3))
