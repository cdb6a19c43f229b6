"""The VAE: its bound against numerical integration, its noise row by row, and every kind of space and condition."""

import math

import pytest
import torch

from likely.backbones import MLP
from likely.contracts import Latent, Trained, Weighted, log_mean_exp
from likely.distributions import Gaussian
from likely.errors import FieldError
from likely.families.vae import VAE, VAEModel, _heavy
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, label, reals

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
SPACES = [reals(3), TABLE, Image(1, 6, 6, 2), Image(3, 5, 5, 16), Image(1, 4, 6, None), Tokens(5, 4), Series(2, 7)]
CONDITIONS = [None, label(4), TABLE, Image(1, 6, 6, 2), Tokens(5, 4)]


def rows(space, count=6):
    torch.manual_seed(0)
    match space:
        case Vector():
            columns = [torch.randint(0, 3, (count,)).float() for _ in space.columns]
            drawn = torch.stack(columns, 1)
            return drawn.where(torch.tensor([not c.missing for c in space.columns]) | (drawn < 2), torch.nan)
        case Image(levels=int(levels)):
            return torch.randint(0, levels, (count, *space.shape)).float()
        case Tokens():
            return torch.randint(0, space.vocabulary, (count, *space.shape))
        case _:
            return torch.rand(count, *space.shape)


def made(space=TABLE, condition=None, **fields) -> VAEModel:
    torch.manual_seed(1)
    return VAE(latent=2, **fields).build(space, condition)


@pytest.mark.parametrize("space", SPACES, ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    model, x = made(space, condition), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Weighted)
    assert isinstance(model, Latent)
    assert isinstance(model, Trained)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not untouched
    assert model.elbo(x, c, rng=Keyed(0)).value.shape == (6,)
    assert model.log_weights(x, c, draws=3, rng=Keyed(0)).shape == (6, 3)
    drawn, decoded = model.sample(6, c, rng=Keyed(0)), model.decode(model.encode(x, c), c)
    assert drawn.shape == decoded.shape == x.shape
    assert drawn.dtype == x.dtype


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_float64(space):
    model = made(space).double()
    x = rows(space)
    x = x.double() if x.is_floating_point() else x
    assert model.elbo(x, rng=Keyed(0)).value.dtype == torch.float64
    assert model.log_weights(x, draws=2, rng=Keyed(0)).dtype == torch.float64
    drawn = model.sample(3, rng=Keyed(0))
    assert drawn.dtype == x.dtype


def true_log_p(model, x):
    """log of the integral of p(x | z) N(z; 0, 1) over one latent, by a fine sum."""
    grid = torch.linspace(-9, 9, 20_001, dtype=torch.float64)[:, None]
    told = model.objective.likelihood.decoder(grid)
    log_joint = torch.stack([model.law.log_prob(row.expand(len(grid), *row.shape), told) for row in x])
    log_prior = -0.5 * grid[:, 0] ** 2 - 0.5 * math.log(2 * math.pi)
    return torch.logsumexp(log_joint + log_prior, 1) + math.log(18 / 20_000)


@pytest.mark.parametrize("space", [reals(3), TABLE, Image(1, 3, 3, 2), Image(1, 3, 3, 8)], ids=repr)
def test_bounds_against_the_integral(space):
    torch.manual_seed(2)
    model = VAE(latent=1, network=MLP(width=16, depth=1)).build(space).double().eval()
    x = rows(space, 4).double()
    with torch.no_grad():
        truth = true_log_p(model, x)
        many = x.repeat_interleave(4000, 0)
        draws = model.elbo(many, rng=Keyed(0)).value.unflatten(0, (4, -1))
        error = draws.std(1) / 4000**0.5
        assert (draws.mean(1) < truth + 4 * error).all()
        weights = model.log_weights(x, draws=40_000, rng=Keyed(1))
    spread = (weights - truth[:, None]).exp()
    stderr = spread.std(1) / 200
    assert ((spread.mean(1) - 1).abs() < 4.5 * stderr + 1e-6).all()  # the mean weight is p(x): unbiased
    assert (stderr < 0.05).all()  # and known well enough to say so


def test_the_bound_rises_with_draws():
    model, x = made(reals(3)).double(), rows(reals(3), 200).double()
    with torch.no_grad():
        elbo = model.elbo(x, rng=Keyed(0)).value.mean()
        weights = model.log_weights(x, draws=512, rng=Keyed(0))
    bounds = [log_mean_exp(weights.unflatten(1, (-1, k))).mean() for k in (1, 8, 64, 512)]
    assert bounds == sorted(bounds)
    assert abs(bounds[0] - elbo) < 0.2


def test_one_draw_is_the_elbo():
    """With the same noise, fit - (log q - log N) and fit - KL differ only in the analytic term."""
    model, x = made(reals(3)).double(), rows(reals(3)).double()
    elbo = model.elbo(x, rng=Keyed(5))
    mean, log_std = model.objective.posterior(x)
    eps = Keyed(5).normal((6, 2), like=mean)
    z = mean + log_std.exp() * eps
    q = torch.distributions.Normal(mean, log_std.exp())
    expected = elbo.fit + torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1) - q.log_prob(z).sum(1)
    got = model.log_weights(x, draws=1, rng=Keyed(5))[:, 0]
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros(()), torch.ones(()))).sum(1)
    torch.testing.assert_close(elbo.rate, kl, rtol=1e-6, atol=1e-9)


def test_a_row_does_not_see_its_companions():
    model, x, c = made(TABLE, label(4)).eval(), rows(TABLE, 7), rows(label(4), 7)
    with torch.no_grad():
        whole = model.log_weights(x, c, draws=5, rng=Keyed(3))
        alone = model.log_weights(x[4:5], c[4:5], draws=5, rng=Keyed(3, rows=4))
        drawn = model.sample(7, c, rng=Keyed(3))
        one = model.sample(1, c[4:5], rng=Keyed(3, rows=4))
    torch.testing.assert_close(whole[4:5], alone, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(drawn[4:5], one, rtol=1e-5, atol=1e-5, equal_nan=True)


def test_blocks_of_draws_change_nothing(monkeypatch):
    """Rows are cut in blocks without touching their noise."""
    model, x = made(Image(1, 6, 6, 2)).eval(), rows(Image(1, 6, 6, 2), 9)
    with torch.no_grad():
        whole = model.log_weights(x, draws=700, rng=Keyed(3))
        few = torch.cat([model.log_weights(x[at : at + 2], draws=700, rng=Keyed(3, rows=at)) for at in range(0, 9, 2)])
    torch.testing.assert_close(whole, few, rtol=1e-4, atol=1e-4)


def loss(model, x):
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    return turn.loss()


def test_the_loss_is_minus_the_bound():
    x = rows(reals(3), 50)
    plain, tight, strict = made(reals(3), free=0.0), made(reals(3), draws=8), made(reals(3), beta=4.0, free=0.0)
    elbo = plain.elbo(x, rng=Stepped(0, 0))
    torch.testing.assert_close(loss(plain, x), -elbo.value.mean())
    torch.testing.assert_close(loss(strict, x), (4 * elbo.rate - elbo.fit).mean())
    torch.testing.assert_close(loss(made(reals(3), free=100.0), x), 200 - elbo.fit.mean())
    weights = tight.log_weights(x, draws=8, rng=Stepped(0, 0))
    torch.testing.assert_close(loss(tight, x), -log_mean_exp(weights).mean())
    assert loss(tight, x) < loss(plain, x)


def test_it_learns_a_circle():
    """Points on a noisy circle: the fitted bound comes near the entropy, far above a single normal's."""
    torch.manual_seed(0)
    angle = torch.rand(2000) * 2 * math.pi
    x = torch.stack([angle.cos(), angle.sin()], 1) + 0.1 * torch.randn(2000, 2)
    model = VAE(latent=2, network=MLP(width=64, depth=2), rate=5e-3).build(reals(2))
    adam = torch.optim.Adam(model.parameters(), 5e-3)
    for step in range(600):
        (turn,) = model.turns(x[torch.randint(0, 2000, (256,))], rng=Stepped(0, step))
        adam.zero_grad()
        turn.loss().backward()
        adam.step()
    with torch.no_grad():
        bound = log_mean_exp(model.log_weights(x[:500], draws=200, rng=Keyed(0))).mean()
        drawn = model.sample(2000, rng=Keyed(1))
    normal = -(1 + math.log(2 * math.pi * 0.51))
    assert bound > normal + 0.8  # without free nats it stays at the single normal
    assert abs(drawn.norm(dim=1).mean() - 1) < 0.1


def test_a_law_is_a_field():
    model = made(reals(3), law=Gaussian(scale=0.5))
    assert model.law.outputs == (3,)
    with pytest.raises(FieldError, match="real cells"):
        made(TABLE, law=Gaussian())


@pytest.mark.parametrize("fields", [{"latent": 0}, {"draws": 0}, {"beta": -1.0}, {"rate": 0.0}, {"beta": math.nan}])
def test_bad_fields(fields):
    with pytest.raises(FieldError):
        VAE(**fields)


def test_hopeless_draws_get_no_gradient():
    """Draws below 1e-13 of the best weight count for exactly nothing: denormal gradients would be very slow."""
    weights = torch.tensor([[0.0, -1.0, -40.0, -200.0]], requires_grad=True)
    bound = log_mean_exp(_heavy(weights))
    torch.testing.assert_close(bound, log_mean_exp(weights))
    (gradient,) = torch.autograd.grad(bound.sum(), weights)
    assert (gradient[0, :2] > 0.1).all()
    assert (gradient[0, 2:] == 0).all()
