"""FlowMatching: spaces and conditions, both pairings, its likelihood on mixtures, straighter ways, refusals."""

import json
import math
from dataclasses import replace

import pytest
import torch
from examples import CONDITIONS, SMALL, check_two_classes, descend, rows, two_classes
from torch import nn

from likely.backbones import MLP
from likely.contracts import Bound, Denoises, Estimated, Trained
from likely.diffusion import (
    DDPM,
    Adaptive,
    AnnealedLangevin,
    DPMSolver,
    Euler,
    Geometric,
    Guided,
    Heun,
    Independent,
    Karras,
    Straight,
    Transport,
    UniPC,
    Way,
    descended,
)
from likely.errors import FieldError
from likely.families.flow_matching import FlowMatching, FlowMatchingModel, TransportedModel
from likely.fields import from_json, to_json
from likely.rng import Keyed, Stepped
from likely.spaces import Image, absent, label, reals

PAIRINGS = [Independent(), Transport()]
MEANS = torch.tensor([[0.9, 0.0], [-1.2, 0.6], [-0.45, -0.9]], dtype=torch.float64)
STDS = torch.tensor([0.3, 0.2, 0.4], dtype=torch.float64)
WEIGHTS = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)


def made(space, condition=None, **fields):
    torch.manual_seed(1)
    return FlowMatching(**{"network": SMALL, "steps": 5} | fields).build(space, condition)


class Exact(nn.Module):
    """The velocity of a mixture under independent pairing, from b = 0 to 1; it counts its calls."""

    def __init__(self, means=MEANS, stds=STDS, weights=WEIGHTS):
        super().__init__()
        self.means, self.stds, self.weights, self.calls = means, stds, weights, 0
        self.anything = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, seen, level, c=None):
        self.calls += 1
        b = level[:, None]
        variance = (1 - b) ** 2 * self.stds**2 + b**2  # (B, K)
        off = seen[:, None] - (1 - b)[..., None] * self.means
        log_share = self.weights.log() - off.square().sum(2) / variance / 2 - variance.log() * seen.shape[1] / 2
        clean = self.means + ((1 - b) * self.stds**2 / variance)[..., None] * off
        noise = (b / variance)[..., None] * off
        return (log_share.softmax(1)[..., None] * (noise - clean)).sum(1)


def oracle(*law, **fields):
    model = made(reals(2), **fields).double()
    model.denoiser.network = Exact(*law)
    return model


def draws(n, noise=0.0, seed=5):
    rng = Keyed(seed)
    k = rng.categorical(WEIGHTS.log().expand(n, -1))
    return MEANS[k] + (STDS[k, None] ** 2 + noise**2).sqrt() * rng.normal((n, 2), like=MEANS)


def log_prob(x, noise=0.0):
    variance = STDS**2 + noise**2
    squares = (x[:, None] - MEANS).square().sum(2) / variance
    return (WEIGHTS.log() - squares / 2 - (2 * math.pi * variance).log()).logsumexp(1)


@pytest.mark.parametrize("pairing", PAIRINGS, ids=repr)
@pytest.mark.parametrize("space", [reals(3), Image(1, 6, 6, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition, pairing):
    model, x = made(space, condition, pairing=pairing, probes=2, stages=2), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Estimated)
    assert isinstance(model, Trained)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    loss = turn.loss()
    assert torch.equal(loss, turn.loss())  # late, and again
    loss.backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not untouched
    said = model.log_prob_estimate(x, c, rng=Keyed(0))
    assert said.value.shape == said.stderr.shape == said.error.shape == (6,)
    assert model.velocity(x, torch.full((6,), 0.5), c).shape == x.shape
    assert torch.isfinite(model.sample(6, c, rng=Keyed(0))).all()


def test_the_default_network_of_an_image_is_a_unet_and_trains():
    model = FlowMatching(steps=2, probes=2, stages=2).build(Image(1, 8, 8, None), label(3))
    x, c = torch.rand(4, 1, 8, 8), rows(label(3), 4)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    assert torch.isfinite(model.log_prob_estimate(x, c, rng=Keyed(0)).value).all()


def test_what_is_promised_follows_from_the_pairing():
    independent, transported = made(reals(2)), made(reals(2), pairing=Transport())
    assert isinstance(independent, FlowMatchingModel)
    assert isinstance(independent, Denoises)
    assert isinstance(transported, TransportedModel)
    assert not isinstance(transported, Denoises | Bound)


def test_the_loss_is_the_mean_squared_error_of_the_velocity():
    """At the same levels and noise, by its definition."""
    model, x = made(reals(2)).double(), draws(64)
    rng = Stepped(3, 0)
    t = (torch.arange(64) + rng.uniform((64,), like=x)) / 64
    sigma, noise = model.family.schedule.level(t), rng.normal(x.shape, like=x)
    b = sigma / (1 + sigma)
    velocity = model.velocity((1 - b[:, None]) * x + b[:, None] * noise, b)
    assert torch.allclose(model.loss(x, rng=Stepped(3, 0)), (velocity - (noise - x)).square().mean())


def test_the_exact_velocity_leaves_less_than_any_other():
    x = draws(3000)
    exact = float(oracle().loss(x, rng=Stepped(0, 0)))
    assert exact < float(oracle(MEANS, 1.3 * STDS, WEIGHTS).loss(x, rng=Stepped(0, 0)))


@pytest.mark.parametrize("steps", [1, 2, 9, 10])
@pytest.mark.parametrize("sampler", [Euler(), Heun(), DPMSolver(), UniPC()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_a_sample_calls_its_network_as_often_as_asked(steps, sampler, guidance):
    model = oracle(steps=steps, sampler=sampler, guidance=guidance)
    model.sample(4, torch.zeros(4, 1), rng=Keyed(0))
    assert model.denoiser.network.calls == steps


@pytest.mark.parametrize("sampler", [Euler(), Heun(), DPMSolver(), UniPC(), Adaptive()], ids=repr)
def test_the_exact_velocity_samples_its_mixture(sampler):
    x = oracle(sampler=sampler, steps=150).sample(4000, rng=Keyed(0)).detach()
    assert abs(float(log_prob(x).mean() - log_prob(draws(4000)).mean())) < 0.06
    nearest = torch.cdist(x, MEANS).argmin(1)
    own = torch.cdist(draws(20_000), MEANS).argmin(1)
    gap = torch.bincount(nearest, minlength=3) / 4000 - torch.bincount(own, minlength=3) / 20_000
    assert gap.abs().max() < 0.035


def test_the_likelihood_is_the_mixture_s_within_its_errors():
    """In two cells the trace is taken whole: nothing is left to chance, and the solver says its error."""
    x = draws(200, noise=0.05)
    said = oracle(schedule=Straight(0.05, 1000.0)).log_prob_estimate(x, rng=Keyed(0))
    gap = (said.value - log_prob(x, noise=0.05)).abs()
    assert (said.stderr == 0).all()
    assert (gap <= said.error + 1e-3).all()
    assert gap.mean() < 1e-3


def test_the_default_likelihood_is_close():
    """Down to noise of 0.005, on rows of spread 0.2 and more."""
    x = draws(200)
    said = oracle().log_prob_estimate(x, rng=Keyed(0))
    assert ((said.value - log_prob(x)).abs() < said.error + 0.02).all()


def test_of_many_cells_the_standard_error_is_honest():
    """Three clusters in twelve cells, by 8 directions a row."""
    x, means = draws(150).repeat(1, 6), MEANS.repeat(1, 6)
    x = means[torch.cdist(x, means).argmin(1)] + 0.5 * Keyed(9).normal((150, 12), like=x)
    model = made(reals(12)).double()
    model.denoiser.network = Exact(means, torch.full((3,), 0.5).double(), WEIGHTS)
    said = model.log_prob_estimate(x, rng=Keyed(0))
    squares = (x[:, None] - means).square().sum(2) / 0.25
    exact = (WEIGHTS.log() - squares / 2 - 6 * math.log(2 * math.pi * 0.25)).logsumexp(1)
    gap = said.value - exact
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / 150**0.5 + 2e-3
    assert 0.6 < float(gap.square().mean() / said.stderr.square().mean()) < 1.6


def test_of_independent_pairing_any_sampler_walks_the_denoiser():
    model = oracle()
    x, sigma = draws(50), torch.full((50,), 0.7, dtype=torch.float64)
    b = float(0.7 / 1.7)
    wanted = (1 - b) * x - b * model.velocity((1 - b) * x, torch.full((50,), b, dtype=torch.float64))
    assert torch.allclose(model.denoise(x, sigma), wanted)
    way = Way(Geometric(0.01, 50.0), DDPM(), 150)
    assert (
        abs(float((log_prob(descended(model, 3000, way=way, rng=Keyed(0)).x) - log_prob(draws(3000)).mean()).mean()))
        < 0.1
    )
    assert descended(model, 3, rng=Keyed(0)).calls == 5


def test_a_sample_may_go_another_way_than_the_model_was_trained():
    model = oracle()
    for change in ({"sampler": UniPC(), "steps": 20}, {"sampler": Euler(), "steps": 60}):
        walk = model.walked(2000, way=replace(model.family, **change), rng=Keyed(0))
        assert walk.calls == change["steps"]
        assert abs(float(log_prob(walk.x).mean() - log_prob(draws(4000)).mean())) < 0.1


def learned(pairing, steps=500):
    """A network that has learned the mixture with this pairing."""
    model = made(reals(2), pairing=pairing, network=MLP(width=64, depth=2))
    descend(model, steps, lambda step: (draws(192, seed=step).float(),), faster=2)
    return model.eval()


def strayed(model, steps, rows=500):
    """How far Euler's few steps end from where the model's own flow does."""
    few, many = (
        model.walked(rows, way=replace(model.family, sampler=sampler, steps=count), rng=Keyed(0)).x.detach()
        for sampler, count in ((Euler(), steps), (Heun(), 161))
    )
    return float((few - many).norm(dim=1).mean())


def test_transport_straightens_so_that_fewer_steps_of_euler_s_do():
    plain, straight = (learned(pairing) for pairing in PAIRINGS)
    assert strayed(straight, 4) < 0.6 * strayed(plain, 4)
    assert strayed(straight, 4) < strayed(plain, 8)
    x = straight.sample(2000, rng=Keyed(1)).detach().double()
    assert abs(float(log_prob(x).clamp(min=-8).mean() - log_prob(draws(4000)).mean())) < 0.35
    said = straight.log_prob_estimate(draws(300).float(), rng=Keyed(0))
    assert abs(float(said.value.mean() - log_prob(draws(300)).mean())) < 0.35


def test_given_a_class_transport_keeps_each_class_s_law():
    """Two classes that lie apart: were noise traded between them, what is drawn given a class would miss it."""
    generator = torch.Generator().manual_seed(0)
    model = made(reals(2), label(2), network=MLP(width=64, depth=2), pairing=Transport(), steps=9)
    descend(model, 400, two_classes(generator), faster=2)
    check_two_classes(model, 0.1, 0.3)


def test_guidance_is_between_the_null_condition_and_the_given_one():
    c = rows(label(3))
    given, none = made(reals(2), label(3), guidance=1.0), made(reals(2), label(3), guidance=0.0)
    assert torch.allclose(none.sample(6, c, rng=Keyed(0)), given.sample(6, absent(c), rng=Keyed(0)), atol=1e-5)
    assert not torch.allclose(given.sample(6, c, rng=Keyed(0)), none.sample(6, c, rng=Keyed(0)))


@pytest.mark.parametrize("pairing", PAIRINGS, ids=repr)
def test_guidance_between_levels_is_told_levels(pairing):
    """None of them is above 1000 but the first of all, where nothing but noise is."""
    model, c = made(reals(2), label(3), pairing=pairing, steps=4), rows(label(3))
    own = model.way

    def walked(**interval):
        return model.along(6, c, way=replace(own, guide=lambda d: Guided(d, 3.0, **interval)), rng=Keyed(0)).x

    plain = model.sample(6, c, rng=Keyed(0))
    assert torch.allclose(walked(low=0.0, high=1e-6), plain, atol=1e-5)
    assert not torch.allclose(walked(low=2000.0), plain)  # the first call alone
    assert not torch.allclose(walked(low=2000.0), walked(), atol=1e-4)
    assert torch.allclose(
        walked(), made(reals(2), label(3), pairing=pairing, steps=4, guidance=3.0).sample(6, c, rng=Keyed(0))
    )


def test_rows_do_not_depend_on_their_company():
    model, x, c = made(reals(3), label(4)), rows(reals(3), 8), rows(label(4), 8)
    assert torch.allclose(model.sample(8, c, rng=Keyed(3))[:3], model.sample(3, c[:3], rng=Keyed(3)), atol=1e-5)
    whole, part = (model.log_prob_estimate(x[:n], c[:n], rng=Keyed(3)).value for n in (8, 3))
    assert torch.allclose(whole[:3], part, atol=1e-3)


@pytest.mark.parametrize("pairing", PAIRINGS, ids=repr)
def test_double_precision(pairing):
    model = made(reals(2), pairing=pairing).double()
    x = rows(reals(2)).double()
    assert model.loss(x, rng=Stepped(0, 0)).dtype == torch.float64
    assert model.log_prob_estimate(x, rng=Keyed(0)).value.dtype == torch.float64
    assert model.sample(3, rng=Keyed(0)).dtype == torch.float64


@pytest.mark.parametrize("pairing", [*PAIRINGS, Transport(2.0)], ids=repr)
def test_every_object_has_its_name(pairing):
    family = FlowMatching(pairing=pairing, sampler=Adaptive(), schedule=Karras(high=500.0, centre=0.0))
    assert from_json(json.loads(json.dumps(to_json(family))), "Family") == family


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"steps": 0}, "steps=0"),
        ({"probes": 1}, "probes=1"),
        ({"stages": 3}, "stages=3"),
        ({"drop": 1.0}, "drop"),
        ({"schedule": Geometric()}, "above 20"),
        ({"sampler": DDPM()}, "stirs in noise"),
        ({"sampler": Heun(churn=0.1)}, "stirs in noise"),
        ({"sampler": AnnealedLangevin()}, "stirs in noise"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_unusable_fields_are_refused(fields, told):
    with pytest.raises(FieldError, match=told):
        FlowMatching(**fields)


def test_a_way_said_anew_goes_down_the_same_line():
    """In few calls too: from level to level, with the highest at 1,000, five calls would end nowhere near the rows."""
    model = made(reals(2), label(3))
    c = torch.arange(6)[:, None].float() % 3
    again = model.walk(6, c, way=replace(model.way, steps=5), rng=Keyed(0))
    assert torch.equal(again.x, model.sample(6, c, rng=Keyed(0)))
    assert again.calls == 5
    stirred = replace(model.way, sampler=DDPM())
    assert torch.equal(
        model.walk(6, c, way=stirred, rng=Keyed(0)).x, descended(model, 6, c, way=stirred, rng=Keyed(0)).x
    )
