"""RealNVP: its density against autograd and against integration, both ways, over rows and images of every size."""

import math
from dataclasses import replace

import pytest
import torch

from likely import fields
from likely.bijections import Affine, Histogram, Spline, SurjectiveFlow
from likely.codecs.dequantised import Argmax, Variational
from likely.contracts import Density, Latent, Lifted, Prepared, Trained
from likely.errors import FieldError
from likely.families.realnvp import RealNVP
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Real, Tokens, Vector, label, reals
from likely.testing import LAWS, SPACES, Case, verdict

IMAGES: list[tuple[int, int, int]] = [
    (1, 8, 8),
    (3, 4, 6),
    (1, 7, 7),
    (1, 2, 2),
    (1, 1, 1),
    (2, 1, 1),
    (1, 6, 5),
    (1, 28, 28),
]
CONDITIONS = [None, label(3), Vector((Real(missing=True), Category(2))), Image(1, 4, 4, 4), Tokens(5, 3)]


def made(space, condition=None, **changes):
    torch.manual_seed(0)
    model = replace(RealNVP(layers=3, width=16), **changes).flow(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def rows(space, count=6):
    torch.manual_seed(1)
    match space:
        case Vector():
            return torch.stack([torch.randint(0, 2, (count,)).float() for _ in space.columns], 1)
        case Image(levels=None):
            return torch.rand(count, *space.shape) * 2 - 1
        case Image():
            return torch.randint(0, space.levels or 2, (count, *space.shape)).float()
        case _:
            return torch.randint(0, space.vocabulary, (count, *space.shape))


def learned(model, x, steps, rate=3e-3, c=None):
    model.prepare(x, c, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for step in range(steps):
        (turn,) = model.turns(x, c, rng=Stepped(0, step))
        loss = turn.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("coupling", [Spline(bins=4), Affine()], ids=repr)
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_the_density_of_rows_is_the_change_of_variables(coupling, columns):
    model = made(reals(columns), coupling=coupling).double()
    x = torch.randn(4, columns, dtype=torch.float64)
    for i, log_p in enumerate(model.log_prob(x)):
        jacobian = torch.autograd.functional.jacobian(lambda row: model.encode(row), x[i : i + 1]).view(
            columns, columns
        )
        z = model.encode(x[i : i + 1])
        normal = -0.5 * (z**2).sum() - 0.5 * columns * math.log(2 * math.pi)
        assert log_p.item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-8)


@pytest.mark.parametrize("shape", IMAGES[:-1], ids=str)
@pytest.mark.parametrize("pixels", [Histogram(bins=4), Spline(bins=4), Affine()], ids=repr)
def test_the_density_of_images_is_the_change_of_variables(shape, pixels):
    model = made(Image(*shape, levels=None), pixels=pixels, layers=2).double()
    x, size = rows(Image(*shape, levels=None), 1).double(), math.prod(shape)
    jacobian = torch.autograd.functional.jacobian(lambda row: model.encode(row), x).view(size, size)
    z = model.encode(x)
    normal = -0.5 * (z**2).sum() - 0.5 * size * math.log(2 * math.pi)
    assert model.log_prob(x).item() == pytest.approx((normal + jacobian.slogdet()[1]).item(), abs=1e-7)


@pytest.mark.parametrize("space", [reals(1), reals(7), *(Image(*shape, levels=None) for shape in IMAGES)], ids=repr)
def test_codes_decode_to_their_rows(space):
    model, x = made(space), rows(space)
    model.prepare(x, rng=Keyed(0))
    z = model.encode(x)
    assert z.shape == (6, *model.codes.shape)
    torch.testing.assert_close(model.decode(z), x, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("space", [reals(1), reals(3), Image(1, 4, 4, None), Image(1, 3, 3, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    model, x = made(space, condition), rows(space)
    c = None if condition is None else rows(condition)
    assert all(isinstance(model, promise) for promise in (Density, Latent, Trained, Prepared))
    model.prepare(x, c, rng=Keyed(0))
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert model.sample(6, c, rng=Keyed(0)).shape == x.shape
    if c is not None:
        assert not torch.allclose(model.log_prob(x, c), model.log_prob(x, c.roll(1, 0)))


@pytest.mark.parametrize("columns", [1, 2])
def test_the_density_integrates_to_one(columns):
    model = made(reals(columns)).double()
    at = torch.linspace(-12, 12, 481, dtype=torch.float64)
    grid = torch.cartesian_prod(*[at] * columns).view(-1, columns)
    with torch.no_grad():
        mass = model.log_prob(grid).exp().sum() * (at[1] - at[0]) ** columns
    assert mass.item() == pytest.approx(1, abs=2e-3)


def test_samples_follow_the_density():
    """E over samples of q / p is 1, q a narrow normal."""
    model = learned(made(reals(2)), torch.randn(256, 2) * torch.tensor([1.0, 0.5]) + 1, 30)
    with torch.no_grad():
        x = model.sample(4000, rng=Keyed(3)).double()
        q = torch.distributions.Normal(torch.tensor([1.0, 1.0]).double(), 0.3)
        weights = (q.log_prob(x).sum(1) - model.log_prob(x.float())).exp()
    assert weights.mean().item() == pytest.approx(1, abs=4 * (weights.std() / len(x) ** 0.5).item())


def test_rows_are_scored_alike_in_any_company_and_by_the_thousand():
    model = made(reals(3))
    x = torch.randn(2500, 3)
    with torch.no_grad():
        scores = model.log_prob(x)
        torch.testing.assert_close(scores[2000:2001], model.log_prob(x[2000:2001]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(scores, model.log_prob(x).detach(), atol=1e-5, rtol=1e-5)


def test_learns_two_clusters_better_than_a_normal():
    torch.manual_seed(3)
    x = torch.randn(256, 2) * 0.1 + torch.randint(0, 2, (256, 1)) * 2 - 1
    model = learned(made(reals(2)), x, 60)
    normal = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov())
    assert model.log_prob(x).mean() > normal.log_prob(x).mean() + 0.5


def test_a_far_row_is_finite_and_unlikely():
    model = learned(made(reals(3)), torch.randn(128, 3), 5)
    scores = model.log_prob(torch.tensor([[1e6, 0, 0], [0, -1e6, 1e6], [0, 0, 0]]))
    assert scores.isfinite().all()
    assert scores[2] > scores[:2].max()


def test_preparation_standardises_what_the_layers_see():
    model = made(reals(2))
    x = torch.randn(500, 2) * 30 + 100
    before = model.log_prob(x).mean()
    model.prepare(x, rng=Keyed(0))
    assert model.log_prob(x).mean() > before
    assert model.encode(x).std() < 3


def test_wrong_fields_and_spaces_are_told():
    for wrong in ("layers=0", "width=0", "depth=0", "turns=0", "margin=0.5", "rate=0", "rate=inf"):
        with pytest.raises(FieldError):
            fields.made("Family", f"realnvp,{wrong}")
    with pytest.raises(FieldError, match="Tokens"):
        RealNVP().build(Tokens(4, 3))
    assert RealNVP.lifted is Lifted.DEQUANTISED


@pytest.mark.parametrize("space", ["mixed", "choices", "bits", "image"])
@pytest.mark.parametrize("step", [Variational(width=8), Argmax(width=8)], ids=repr)
def test_every_law_holds_under_learned_noise(space, step):
    case = Case(RealNVP(layers=2, width=16, depth=1, dequantisation=step), SPACES[space])
    assert isinstance(case.model, SurjectiveFlow)
    verdicts = [verdict(case, law, space, "nothing") for law in LAWS]
    assert not [f"{v.law}: {v.reason}" for v in verdicts if v.outcome == "failed"]
    assert sum(v.outcome == "passed" for v in verdicts) >= 10


@pytest.mark.parametrize("columns", [2, 100])
def test_a_learned_flow_undoes_heavy_tails(columns):
    """float32, round trip below 1e-4 of each row's size, Student tails of 1.5 degrees of freedom."""
    torch.manual_seed(2)
    x = torch.distributions.StudentT(1.5).sample((400, columns))
    model = learned(made(reals(columns), width=32), x, 30)
    with torch.no_grad():
        back = model.decode(model.encode(x))
    assert ((back - x).abs().amax(1) / (1 + x.abs().amax(1))).max() < 1e-4


@pytest.mark.parametrize("turns", [1, 2])
def test_an_image_s_halves_are_moved_by_a_histogram(turns):
    space = Image(1, 12, 12, None)
    model, x = made(space, pixels=Histogram(bins=8), turns=turns), rows(space, 64)
    learned(model, x, 5)
    torch.testing.assert_close(model.decode(model.encode(x)), x, atol=1e-4, rtol=0)
