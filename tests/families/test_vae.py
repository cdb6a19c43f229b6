"""The VAE: its bound against numerical integration, its noise row by row, and every kind of space and condition."""

import json
import math

import pytest
import torch

import likely
from likely.backbones import MLP
from likely.contracts import Evidence, Latent, Trained, Weighted, log_mean_exp
from likely.distributions import Gaussian
from likely.errors import FieldError
from likely.families.factor_analysis import FactorAnalysis
from likely.families.vae import VAE, VAEModel, _heavy
from likely.fields import from_json, to_json
from likely.fields import made as made_by_line
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, absent, label, present, reals
from likely.training import Engine
from likely.variational import FlowPosterior, Hierarchical, MixturePrior, VampPrior
from likely.variational.posterior import mean_log_std

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
SPACES = [reals(3), TABLE, Image(1, 6, 6, 2), Image(3, 5, 5, 16), Image(1, 4, 6, None), Tokens(5, 4), Series(2, 7)]
MORE = [Series(2, 7, None, True), Series(1, 6, 4), Wave(8000, 70, 8), Wave(8, 6, None)]
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


FORMS = {
    "mixture": {"prior": MixturePrior(components=3)},
    "vamp": {"prior": VampPrior(components=3)},
    "two levels": {"prior": Hierarchical(latent=1, network=MLP(width=8, depth=1))},
    "flow": {"posterior": FlowPosterior(width=8, context=4)},
    "flow, mixture": {"prior": MixturePrior(components=3), "posterior": FlowPosterior(width=8, context=4)},
    "flow, two levels": {"prior": Hierarchical(latent=1), "posterior": FlowPosterior(width=8, context=4)},
}  # fmt: skip
form = pytest.mark.parametrize("fields", FORMS.values(), ids=FORMS.keys())


@pytest.mark.parametrize("space", [*SPACES, *MORE], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    check_every_answer(space, condition)


@form
@pytest.mark.parametrize("space", [reals(3), TABLE, Image(1, 6, 6, 2), Tokens(5, 4)], ids=repr)
@pytest.mark.parametrize("condition", [None, TABLE], ids=repr)
def test_every_form(fields, space, condition):
    check_every_answer(space, condition, **fields)
    check_every_answer(space, condition, draws=3, **fields)


def check_every_answer(space, condition, **fields):
    model, x = made(space, condition, **fields), rows(space)
    c = None if condition is None else rows(condition)
    model.prepare(x, c, rng=Keyed(7))
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
    used = model.used(x, c, rng=Keyed(0))
    assert used.rate.shape == used.mean.shape == used.noise.shape
    assert used.rate.isfinite().all()


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_float64(space):
    model = made(space).double()
    x = rows(space)
    x = x.double() if x.is_floating_point() else x
    assert model.elbo(x, rng=Keyed(0)).value.dtype == torch.float64
    assert model.log_weights(x, draws=2, rng=Keyed(0)).dtype == torch.float64
    drawn = model.sample(3, rng=Keyed(0))
    assert drawn.dtype == x.dtype


def true_log_p(model, x, side=2001):
    """log of the integral of p(x | z) p(z) over the code, by a fine sum; p(z) itself is one over any upper code."""
    latent, step = model.family.latent, 18 / (side - 1)
    line = torch.linspace(-9, 9, side, dtype=torch.float64)
    grid = torch.cartesian_prod(*[line] * latent).view(-1, latent)
    told = model.objective.likelihood.decoder(grid)
    log_joint = torch.stack([model.law.log_prob(row.expand(len(grid), *row.shape), told) for row in x])
    return torch.logsumexp(log_joint + log_prior(model.objective, grid), 1) + latent * math.log(step)


def log_prior(objective, z):
    """The density, of which the weights of a prior of two levels are unbiased estimates."""
    if not objective.prior.noise:
        return objective.prior(z[None], z[None][..., :0], objective.prior.known(objective.posterior))[0]
    upper = torch.linspace(-9, 9, 1001, dtype=torch.float64)[:, None]
    mean, raw = objective.prior.down(upper).chunk(2, 1)
    std = (7 * torch.tanh(raw / 7)).exp()
    given = torch.distributions.Normal(mean, std).log_prob(z[:, None]).sum(2)
    log_p = torch.distributions.Normal(0.0, 1.0).log_prob(upper[:, 0])
    return torch.logsumexp(given + log_p, 1) + math.log(18 / 1000)


@pytest.mark.parametrize("space", [reals(3), TABLE, Image(1, 3, 3, 2), Image(1, 3, 3, 8)], ids=repr)
def test_bounds_against_the_integral(space):
    check_bounds(space, latent=1)


@form
def test_bounds_of_every_form_against_the_integral(fields):
    check_bounds(reals(3), latent=1, **fields)


def descended(model, x, steps, rate=0.01):
    """Steps of Adam on all rows, ever smaller."""
    adam = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(steps, 1))
    for step in range(steps):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        adam.zero_grad()
        turn.loss().backward()
        adam.step()
        schedule.step()


@pytest.mark.parametrize("fields", [FORMS["flow"], FORMS["flow, mixture"]], ids=["flow", "flow, mixture"])
def test_bounds_of_bent_posteriors_of_two_numbers(fields):
    check_bounds(reals(3), latent=2, side=181, steps=100, **fields)


def check_bounds(space, *, side=2001, steps=0, **fields):
    """A few steps bring posteriors that would be far from the truth so near that a mean weight can be known."""
    torch.manual_seed(2)
    model = VAE(network=MLP(width=16, depth=1), **fields).build(space).double().eval()
    x = rows(space, 4).double()
    descended(model, x, steps)
    with torch.no_grad():
        truth = true_log_p(model, x, side)
        many = x.repeat_interleave(4000, 0)
        draws = model.elbo(many, rng=Keyed(0)).value.unflatten(0, (4, -1))
        error = draws.std(1) / 4000**0.5
        assert (draws.mean(1) < truth + 4 * error).all()
        weights = model.log_weights(x, draws=40_000, rng=Keyed(1))
    spread = (weights - truth[:, None]).exp()
    stderr = spread.std(1) / 200
    assert ((spread.mean(1) - 1).abs() < 4.5 * stderr + 1e-6).all()  # the mean weight is p(x): unbiased
    assert (stderr < 0.05).all()  # and known well enough to say so


# A linear decoder with one noise is probabilistic PCA -----------------------------------------------------------------

LINEAR = {"law": Gaussian(shared=True), "network": MLP(depth=0), "free": 0.0}


def linear_log_p(model, x):
    """log N(x; b, W W' + s^2 I)."""
    decoder = model.objective.likelihood.decoder
    out, log_std = decoder.decoder.layers.out, 7 * torch.tanh(decoder.told / 7)
    covariance = out.weight @ out.weight.T + (2 * log_std).exp() * torch.eye(len(out.bias), dtype=x.dtype)
    return torch.distributions.MultivariateNormal(out.bias, covariance).log_prob(x)


def test_the_bound_the_weighted_bounds_and_the_truth_are_in_order():
    torch.manual_seed(0)
    model, x = VAE(latent=2, **LINEAR).build(reals(4)).double(), torch.randn(300, 4, dtype=torch.float64)
    x = x + 2 * x[:, :1]
    descended(model, x, 100)
    model.requires_grad_(False)
    truth = linear_log_p(model, x)
    elbo = torch.stack([model.elbo(x, rng=Keyed(seed)).value for seed in range(200)]).mean()
    weights = model.log_weights(x, draws=4096, rng=Keyed(1))
    bounds = [log_mean_exp(weights.unflatten(1, (-1, k))).mean() for k in (1, 4, 16, 64, 4096)]
    assert abs(elbo - bounds[0]) < 0.03  # the mean of log w
    assert bounds == sorted(bounds)
    assert bounds[-1] < truth.mean() + 1e-3
    assert abs(bounds[-1] - truth.mean()) < 0.01
    relative = (weights - truth[:, None]).exp()
    assert ((relative.mean(1) - 1).abs() < 5 * relative.std(1) / 64 + 1e-9).all()


def test_trained_to_convergence_it_is_probabilistic_pca():
    torch.manual_seed(0)
    x = (torch.randn(1000, 2) * torch.tensor([2.0, 1.0])) @ torch.randn(2, 6) + 0.5 * torch.randn(1000, 6)
    x = x.double()
    exact = FactorAnalysis(factors=2, isotropic=True, floor=0.0).build(reals(6))
    while True:
        exact.observe(x)
        if not exact.finish():
            break
    model = VAE(latent=2, **LINEAR).build(reals(6)).double()
    descended(model, x, 1500, rate=0.05)
    with torch.no_grad():
        truth, own = exact.log_prob(x).mean(), linear_log_p(model, x).mean()
        elbo = torch.stack([model.elbo(x, rng=Keyed(seed)).value.mean() for seed in range(100)]).mean()
    assert own <= truth + 1e-6  # nothing is likelier than the exact fit
    assert abs(own - truth) < 0.01
    assert abs(elbo - truth) < 0.01


def test_each_latent_says_what_it_spends():
    """Of the exact posterior of a linear model that uses one of two latents."""
    torch.manual_seed(0)
    x = torch.randn(2000, 1, dtype=torch.float64) * 2
    model = VAE(latent=2, **LINEAR).build(reals(1)).double().requires_grad_(False)
    read, out = model.objective.posterior.encoder.input.linear, model.objective.likelihood.decoder.decoder.layers.out
    w, s2 = 3**0.5, 1.0  # x = w z_1 + noise: the posterior of z_1 is N(w x / (w^2 + 1), 1 / (w^2 + 1))
    out.weight.copy_(torch.tensor([[w, 0.0]]))
    read.weight.zero_()
    read.bias.zero_()
    read.weight[0, 0] = w / (w**2 + s2)
    read.bias[2] = 7 * math.atanh(-0.5 * math.log(w**2 + s2) / 7)
    used = model.used(x, rng=Keyed(0))
    assert used.active.tolist() == [True, False]
    assert used.rate.mean(0).tolist() == pytest.approx([0.5 * math.log(1 + w**2 / s2), 0.0], abs=0.03)


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
    mean, log_std = mean_log_std(model.objective.posterior(x))
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


@form
def test_the_loss_of_every_form_is_minus_the_bound(fields):
    x = rows(reals(3), 50)
    plain, tight = made(reals(3), free=0.0, **fields), made(reals(3), draws=8, **fields)
    elbo = plain.elbo(x, rng=Stepped(0, 0))
    torch.testing.assert_close(loss(plain, x), -elbo.value.mean())
    torch.testing.assert_close(loss(made(reals(3), free=100.0, **fields), x), 200 - elbo.fit.mean())
    weights = tight.log_weights(x, draws=8, rng=Stepped(0, 0))
    torch.testing.assert_close(loss(tight, x), -log_mean_exp(weights).mean())


def test_what_is_free_to_the_posterior_still_moves_the_prior():
    model, x = made(reals(3), free=100.0, prior=MixturePrior(components=3)), rows(reals(3), 50)
    loss(model, x).backward()
    charged = made(reals(3), free=0.0, prior=MixturePrior(components=3))
    loss(charged, x).backward()
    for free, paid in zip(model.objective.prior.parameters(), charged.objective.prior.parameters(), strict=True):
        torch.testing.assert_close(free.grad, paid.grad)
    (free, paid) = (each.objective.posterior.encoder.layers.out.bias.grad for each in (model, charged))
    assert not torch.allclose(free, paid)


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


def linear(**fields):
    """x = W z + b + 0.5 noise: every conditional is normal. The encoder says little, far from the posterior."""
    model = made(reals(4), network=MLP(depth=0), law=Gaussian(scale=0.5), **fields).double().eval()
    with torch.no_grad():
        for weight in model.objective.posterior.parameters():
            weight.mul_(0.3)
    probe = torch.cat([torch.zeros(1, 2), torch.eye(2)]).double()
    with torch.no_grad():
        b, *columns = model.objective.likelihood.decoder(probe)
    return model, torch.stack(columns, 1) - b[:, None], b


def test_unknown_cells_follow_their_exact_law():
    model, w, b = linear()
    known = torch.tensor([True, False, True, False])
    x = torch.tensor([[0.6, 0.0, -0.9, 0.0]], dtype=torch.float64)
    covariance = w @ w.t() + 0.25 * torch.eye(4, dtype=torch.float64)
    gain = covariance[~known][:, known] @ torch.linalg.inv(covariance[known][:, known])
    mean = b[~known] + gain @ (x[0, known] - b[known])
    spread = covariance[~known][:, ~known] - gain @ covariance[known][:, ~known]
    with torch.no_grad():
        told = model.fill(x.expand(5000, -1), Evidence(known.expand(5000, -1)), particles=256, rng=Keyed(0))
    assert torch.equal(told.x[:, known], x.expand(5000, -1)[:, known])
    seen = told.x[:, ~known]
    assert ((seen.mean(0) - mean).abs() < 4.5 * (spread.diagonal() / 5000).sqrt()).all()
    assert (seen.t().cov() - spread).abs().max() < 0.1 * spread.diagonal().max()
    assert 1 / 256 < told.share.min() < told.share.max() < 1


def test_the_bound_of_a_row_with_holes_rises_to_the_probability_of_what_is_there():
    """MIWAE (Mattei & Frellsen, 2019): a bound on log p(observed cells), tighter with more draws."""
    model, w, b = linear()
    known = torch.tensor([True, False, True, True])
    noise = Keyed(1).normal((300, 6), like=b)
    x = (noise[:, :2] @ w.t() + b + 0.5 * noise[:, 2:]).masked_fill(~known, torch.nan)
    covariance = (w @ w.t() + 0.25 * torch.eye(4, dtype=torch.float64))[known][:, known]
    truth = torch.distributions.MultivariateNormal(b[known], covariance).log_prob(x[:, known]).mean()
    with torch.no_grad():
        weights = model.log_weights(x, draws=1024, rng=Keyed(2))
    bounds = [log_mean_exp(weights.unflatten(1, (-1, k))).mean() for k in (1, 4, 32, 1024)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < truth + 0.02
    assert truth - bounds[-1] < 0.05 < truth - bounds[0]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_every_space_is_filled_and_no_loss_is_nan_where_cells_are_missing(space):
    x, model = rows(space), made(space)
    known = (Keyed(4).uniform(x.shape, like=torch.empty(0)) < 0.6) & present(x)
    holes = torch.where(known, x, absent(x))
    (turn,) = model.turns(holes, rng=Stepped(0, 0))
    loss = turn.loss()
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    with torch.no_grad():
        told = model.fill(x, Evidence(known), particles=4, rng=Keyed(5))
    assert told.x.dtype == x.dtype
    assert torch.equal(told.x[known], x[known])
    assert present(told.x).all()


@pytest.mark.parametrize("fields", [{"prior": Hierarchical(latent=2)}, {"posterior": FlowPosterior()}], ids=str)
def test_cells_are_filled_under_any_prior_and_posterior(fields):
    model, x = made(TABLE, **fields).eval(), rows(TABLE, 9)
    known = Keyed(4).uniform(x.shape, like=x) < 0.5
    with torch.no_grad():
        told = model.fill(x, Evidence(known), particles=8, rng=Keyed(5))
        alone = model.fill(x[3:5], Evidence(known[3:5]), particles=8, rng=Keyed(5, rows=3))
    torch.testing.assert_close(told.x[3:5], alone.x, rtol=1e-4, atol=1e-4, equal_nan=True)
    assert present(told.x[~known]).all()


@form
def test_every_form_goes_through_json(fields):
    family = VAE(**fields)
    assert from_json(json.loads(json.dumps(to_json(family))), "Family") == family


def test_objects_are_said_in_one_line():
    said = made_by_line(
        "Family", "vae,prior=hierarchical,prior.latent=3,prior.network.width=64,posterior=flow-posterior"
    )
    assert said == VAE(prior=Hierarchical(latent=3, network=MLP(width=64)), posterior=FlowPosterior())


@form
def test_every_form_is_fitted_saved_and_loaded(fields, tmp_path):
    """With what a prior was shown before it learned."""
    family = VAE(latent=2, network=MLP(width=8, depth=1), **fields)
    engine = Engine(threads=1, probe=False)
    fitted = likely.fit("iris", family, condition="species", budget=4, folder=tmp_path / "run", engine=engine)
    again = likely.load(tmp_path / "run")
    assert again.card.family == family
    assert torch.equal(again.score("iris", draws=4).nats, fitted.score("iris", draws=4).nats)
    assert again.sample(3, given={"species": "setosa"}).equals(fitted.sample(3, given={"species": "setosa"}))
