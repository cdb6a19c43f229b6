"""MAF: its entropy on a normal, its density against autograd and integration, both ways, rows and pictures."""

import math
from dataclasses import replace

import pytest
import torch

from likely.bijections import Affine, Spline
from likely.contracts import Density, Latent, Lifted, Prepared, Trained
from likely.errors import FieldError
from likely.families.maf import MAF
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Real, Tokens, Vector, label, reals

CONDITIONS = [None, label(3), Vector((Real(missing=True), Category(2))), Image(1, 4, 4, 4), Tokens(5, 3)]


SMALL = MAF(layers=3, width=16)


def made(space, condition=None, moved=0.05, **fields):
    torch.manual_seed(0)
    model = replace(SMALL, **fields).build(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(moved * torch.randn_like(parameter))
    return model


def given(condition, count=6):
    torch.manual_seed(1)
    match condition:
        case Vector():
            return torch.stack([torch.randint(0, 2, (count,)).float() for _ in condition.columns], 1)
        case Image():
            return torch.randint(0, 4, (count, *condition.shape)).float()
        case Tokens():
            return torch.randint(0, condition.vocabulary, (count, *condition.shape))


def learned(model, x, steps, rate):
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        loss = turn.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


def test_one_affine_layer_reaches_the_entropy_of_a_normal():
    """A normal is a chain of linear regressions, which is what one affine layer can say."""
    torch.manual_seed(0)
    mixing = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.5, 0.0], [-0.7, 0.8, 0.3]])
    x = torch.randn(4000, 3) @ mixing.T + 2
    fresh = torch.randn(20_000, 3) @ mixing.T + 2
    normal = torch.distributions.MultivariateNormal(torch.full((3,), 2.0), scale_tril=mixing)
    model = learned(made(reals(3), layers=1, mixed=False, width=32), x, 400, 1e-2)
    with torch.no_grad():
        surplus = normal.log_prob(fresh) - model.log_prob(fresh)
    assert 0 < surplus.mean().item() < 0.02
    assert normal.entropy().item() == pytest.approx(-model.log_prob(fresh).mean().item(), abs=0.05)


@pytest.mark.parametrize("form", [Affine(), Spline(bins=4)], ids=repr)
@pytest.mark.parametrize("space", [reals(1), reals(4), Image(1, 2, 3, None)], ids=repr)
def test_the_density_is_the_change_of_variables(form, space):
    model = made(space, form=form).double()
    x, size = torch.rand(3, *space.shape, dtype=torch.float64) * 2 - 1, math.prod(space.shape)
    for i, log_p in enumerate(model.log_prob(x)):
        jacobian = torch.autograd.functional.jacobian(model.encode, x[i : i + 1]).view(size, size)
        normal = -0.5 * (model.encode(x[i : i + 1]) ** 2).sum() - 0.5 * size * math.log(2 * math.pi)
        assert log_p.item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-8)


@pytest.mark.parametrize("form", [Affine(), Spline(bins=4)], ids=repr)
@pytest.mark.parametrize("columns", [1, 2])
def test_the_density_integrates_to_one(form, columns):
    model = made(reals(columns), form=form).double()
    at = torch.linspace(-12, 12, 481, dtype=torch.float64)
    grid = torch.cartesian_prod(*[at] * columns).view(-1, columns)
    with torch.no_grad():
        mass = model.log_prob(grid).exp().sum() * (at[1] - at[0]) ** columns
    assert mass.item() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("space", [reals(1), reals(3), Image(1, 4, 4, None), Image(2, 1, 1, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    model, x, c = made(space, condition), torch.rand(6, *space.shape) * 2 - 1, given(condition)
    assert all(isinstance(model, promise) for promise in (Density, Latent, Trained, Prepared))
    model.prepare(x, c, rng=Keyed(0))
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert model.sample(6, c, rng=Keyed(0)).shape == x.shape
    with torch.no_grad():
        torch.testing.assert_close(model.decode(model.encode(x, c), c), x, atol=1e-4, rtol=1e-4)
        if c is not None:
            assert not torch.allclose(model.log_prob(x, c), model.log_prob(x, c.roll(1, 0)))


def test_a_draw_comes_with_its_density():
    model = made(reals(4)).double()
    with torch.no_grad():
        x, log_p = model.draw(50, rng=Keyed(0))
        torch.testing.assert_close(log_p, model.log_prob(x))
        torch.testing.assert_close(x, model.sample(50, rng=Keyed(0)))


def test_pictures_of_784_pixels_go_both_ways():
    model = made(Image(1, 28, 28, None), moved=0.0, layers=2)
    x = torch.rand(8, 1, 28, 28) * 2 - 1
    model.prepare(x, rng=Keyed(0))
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    turn.loss().backward()
    with torch.no_grad():
        torch.testing.assert_close(model.decode(model.encode(x)), x, atol=1e-4, rtol=1e-4)


def test_a_far_row_is_finite_and_unlikely():
    model = learned(made(reals(3)), torch.randn(128, 3), 5, 1e-3)
    scores = model.log_prob(torch.tensor([[1e6, 0, 0], [0, -1e6, 1e6], [0, 0, 0]]))
    assert scores.isfinite().all()
    assert scores[2] > scores[:2].max()


def test_wrong_fields_and_spaces_are_told():
    for wrong in ({"layers": 0}, {"width": 0}, {"depth": 0}, {"margin": 0.5}, {"rate": 0.0}, {"rate": math.inf}):
        with pytest.raises(FieldError, match="MAF has"):
            replace(SMALL, **wrong)
    with pytest.raises(FieldError, match="Tokens"):
        MAF().build(Tokens(4, 3))
    assert MAF.lifted is Lifted.DEQUANTISED
