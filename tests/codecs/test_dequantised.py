"""Learned dequantisation: exact change of variables, bounds below brute force, tighter with draws and with learning."""

import math

import pytest
import torch
import torch.nn.functional as F

from likely.bijections import ActNorm, Flow, Surjection, SurjectiveFlow
from likely.codecs.dequantised import Argmax, Told, Variational
from likely.contracts import log_mean_exp
from likely.distributions.logistic import log_logistic
from likely.errors import FieldError
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Vector, reals

TINY = Vector((Category(2), Category(3)))
MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3), Category(2, missing=True)))
STEPS = [Variational(layers=2, width=8), Argmax(layers=2, width=8), Variational(layers=0, width=8)]


def cells(space, count=12):
    torch.manual_seed(1)
    if isinstance(space, Image):
        return torch.randint(0, space.levels or 2, (count, *space.shape)).float()
    columns = []
    for column in space.columns:
        match column:
            case Category(k=k):
                cell = torch.randint(0, k, (count,)).float()
            case Count():
                cell = torch.randint(0, 9, (count,)).float()
            case _:
                cell = (
                    torch.where(torch.rand(count) < 0.3, 0.0, torch.randn(count))
                    if column.atoms
                    else torch.randn(count)
                )
        columns.append(torch.where(torch.rand(count) < 0.2, torch.nan, cell) if column.missing else cell)
    return torch.stack(columns, 1)


def stepped(step, space, size=0.3):
    torch.manual_seed(0)
    made = step.over(space)
    assert made is not None
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(size * torch.randn_like(parameter))
    return made.double()


def modelled(step, space=TINY):
    """A flow of the step and one ActNorm, both off where they start."""
    made = stepped(step, space)
    flow = ActNorm(made.space.shape[0])
    with torch.no_grad():
        flow.shift.add_(0.3 * torch.randn_like(flow.shift))
        flow.log_scale.add_(0.3 * torch.randn_like(flow.log_scale))
    return SurjectiveFlow(made, Flow(flow, made.space), space).double()


def grid():
    return torch.cartesian_prod(torch.arange(2.0), torch.arange(3.0)).double()


def truth(model, points=1 << 19, *, cubes=False):
    """P(x) of every x by brute force: the share of the flow's own draws that stand for it (and lie in its cube)."""
    with torch.no_grad():
        drawn = model.flow.sample(points, rng=Keyed(9))
    stands = model.step.inverse(drawn)
    centre = torch.cat((F.one_hot(stands[:, 0].long(), 2), F.one_hot(stands[:, 1].long(), 3)), 1)
    counted = ((drawn - centre).abs() < 0.5).all(1) if cubes else torch.ones(points, dtype=torch.bool)
    shares = torch.stack([((stands == x).all(1) & counted).double().mean() for x in grid()])
    return shares, (shares * (1 - shares) / points).sqrt()


@pytest.mark.parametrize("step", STEPS, ids=repr)
@pytest.mark.parametrize(
    "space", [MIXED, TINY, Image(1, 4, 2, 5), Image(2, 3, 3, 2)], ids=["mixed", "tiny", "even", "odd"]
)
def test_a_draw_stands_for_its_row(step, space):
    made, x = stepped(step, space, 1.0), cells(space).double()
    for seed in range(20):
        u, ladj = made(x, rng=Keyed(seed))
        assert u.shape == (12, *made.space.shape)
        assert u.isfinite().all()
        assert ladj.isfinite().all()
        torch.testing.assert_close(made.inverse(u), x, equal_nan=True)
    torch.testing.assert_close(made.inverse(made.centre(x)), x, equal_nan=True)


@pytest.mark.parametrize("step", STEPS, ids=repr)
@pytest.mark.parametrize("space", [TINY, Image(1, 2, 2, 5), Image(1, 3, 3, 2)], ids=["tiny", "even", "odd"])
def test_the_noise_has_the_density_it_says(step, space):
    """-log q(u | x) by autograd's Jacobian of the noise that makes u."""
    made, x = stepped(step, space, 0.1), cells(space, 3).double()
    for i in range(3):
        noise = Keyed(i).uniform((1, *made.shape), like=x).logit()
        _, ladj = made(x[i : i + 1], rng=Keyed(i))
        jacobian = torch.autograd.functional.jacobian(lambda e, row=x[i : i + 1]: made.spread(row, e)[0], noise)
        log_q = log_logistic(noise, 0.0, 0.0).sum() - jacobian.view(noise.numel(), -1).slogdet()[1]
        assert ladj.item() == pytest.approx(-log_q.item(), abs=1e-8)


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_the_bound_is_below_the_truth_and_tightens(step):
    """To P(x) itself where a choice takes its whole region; to the mass of its cube, which is less, otherwise."""
    model = modelled(step)
    p, error = truth(model, cubes=isinstance(step, Variational))
    assert (p <= truth(model)[0]).all()
    with torch.no_grad():
        weights = model.log_weights(grid(), draws=4096, rng=Keyed(2)).double()
    one = weights.mean(1)
    few = log_mean_exp(weights.unflatten(1, (512, 8))).mean(1)
    many = log_mean_exp(weights)
    spread = (weights.exp().std(1) / 64) + error
    assert (one < few).all()
    assert (few < p.log() + 4 * error / p).all()
    assert ((many.exp() - p).abs() < 5 * spread + 1e-4).all()
    assert many.exp().sum().item() == pytest.approx(p.sum().item(), abs=5 * spread.norm().item())
    assert (many - few).mean() < (many - one).mean()


@pytest.mark.parametrize("step", STEPS[:2], ids=repr)
def test_learning_the_noise_raises_the_bound(step):
    model, x = modelled(step), grid()

    def bound():
        with torch.no_grad():
            return model.log_weights(x, draws=256, rng=Keyed(5)).mean().item()

    before = bound()
    optimizer = torch.optim.Adam(model.step.parameters(), 1e-2)
    for at in range(150):
        (turn,) = model.turns(x, rng=Stepped(0, at))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    p, _ = truth(model, 1 << 16)
    gap = (p.log().mean() - before).item()
    assert bound() > before + 0.2 * gap


def test_plain_reals_need_no_step():
    assert Variational().over(reals(3)) is None
    assert Argmax().over(Image(1, 2, 2, None)) is None
    assert isinstance(Argmax().over(TINY), Surjection)


def test_uniform_noise_is_where_the_learning_starts():
    """With couplings at zero the bound's terms are those of uniform dequantisation."""
    made = Variational(layers=2, width=8).over(TINY)
    assert made is not None
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if ".last." in name:
                parameter.zero_()
        u, ladj = made(cells(TINY), rng=Keyed(0))
    torch.testing.assert_close(ladj, torch.zeros(12), atol=1e-4, rtol=0)
    assert (u.abs() < 1.5).all()


def test_told_noise_comes_back_in_order():
    v = torch.rand(3, 5)
    told = Told(v)
    assert torch.equal(told.uniform((3, 2), like=v), v[:, :2])
    normal = told.fork(0).normal((3, 3), like=v)
    torch.testing.assert_close(normal, math.sqrt(2) * torch.erfinv(2 * v[:, 2:] - 1))


def test_wrong_fields_are_told():
    for wrong in (-1, 0):
        with pytest.raises(FieldError):
            Variational(width=wrong)
    with pytest.raises(FieldError):
        Argmax(layers=-1)
