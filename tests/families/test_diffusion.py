"""Diffusion: every space and condition, its loss, its bound on oracles, its samples after a short training."""

import json
import math
from dataclasses import replace

import pytest
import torch
from examples import CONDITIONS, SMALL, check_two_classes, descend, rows, two_classes
from torch import nn

from likely.backbones import MLP
from likely.contracts import Bound, Denoises, Trained
from likely.diffusion import (
    DDIM,
    DDPM,
    EDM,
    Adaptive,
    AnnealedLangevin,
    Clean,
    Cosine,
    DPMSolver,
    EDMWeight,
    Euler,
    Flow,
    Geometric,
    Heun,
    Karras,
    Langevin,
    LikelihoodWeight,
    Linear,
    MinSNR,
    Noise,
    PredictorCorrector,
    Score,
    SimpleWeight,
    Straight,
    UniPC,
    UnitWeight,
    Velocity,
)
from likely.errors import FieldError
from likely.families.diffusion import Diffusion, DiffusionModel
from likely.fields import from_json, to_json
from likely.rng import Keyed, Stepped
from likely.spaces import Image, absent, label, reals


def made(space, condition=None, **fields) -> DiffusionModel:
    torch.manual_seed(1)
    return Diffusion(**{"network": SMALL, "steps": 5, "draws": 2} | fields).build(space, condition)


class Exact(nn.Module):
    """The raw network that knows N(mean, std^2 I), as EDM would have it; it counts its calls."""

    def __init__(self, std=1.0, mean=0.0):
        super().__init__()
        self.std, self.mean, self.calls = std, mean, 0
        self.anything = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, seen, level, c=None):
        self.calls += 1
        sigma = torch.exp(4 * level)
        skip, out, into, _ = (k[:, None] for k in EDM().coefficients(sigma))
        x_t, variance = seen / into, self.std**2
        clean = self.mean + variance / (variance + sigma[:, None] ** 2) * (x_t - self.mean)
        return (clean - skip * x_t) / out


def oracle(std=1.0, mean=0.0, **fields) -> DiffusionModel:
    model = made(reals(2), **fields).double()
    model.denoiser.network = Exact(std, mean)
    return model


@pytest.mark.parametrize("space", [reals(3), Image(1, 6, 6, None), Image(3, 5, 7, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    model, x = made(space, condition), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Bound)
    assert isinstance(model, Denoises)
    assert isinstance(model, Trained)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    loss = turn.loss()
    assert torch.equal(loss, turn.loss())  # late, and again
    loss.backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not untouched
    elbo = model.elbo(x, c, rng=Keyed(0))
    assert elbo.fit.shape == elbo.rate.shape == (6,)
    assert model.denoise(x, torch.full((6,), 0.5), c).shape == x.shape
    assert model.sample(6, c, rng=Keyed(0)).shape == x.shape


def test_the_default_network_of_an_image_is_a_unet_and_trains():
    model = Diffusion(steps=2).build(Image(1, 8, 8, None), label(3))
    (turn,) = model.turns(torch.rand(4, 1, 8, 8), rows(label(3), 4), rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


SAMPLERS = [
    DDPM(), DDIM(0.5), Euler(), Heun(0.1), DPMSolver(3), UniPC(), Adaptive(), Langevin(), AnnealedLangevin(),
    PredictorCorrector(),
]  # fmt: skip


SCHEDULES = [Linear(), Cosine(), Geometric(), Straight(), Karras()]
PARAMETRISATIONS = [Noise(), Clean(), Velocity(), Score(), Flow(), EDM(0.7)]
MADE = [
    *({"parametrisation": parametrisation, "schedule": s} for parametrisation in PARAMETRISATIONS for s in SCHEDULES),
    *({"sampler": sampler, "schedule": s} for sampler in SAMPLERS for s in (Linear(), Straight())),
]


@pytest.mark.parametrize("fields", MADE, ids=lambda f: "-".join(type(part).__name__ for part in f.values()))
def test_everything_composes(fields):
    model = made(reals(2), label(3), guidance=2.0, **fields)
    (turn,) = model.turns(rows(reals(2)), rows(label(3)), rng=Stepped(0, 0))
    assert torch.isfinite(turn.loss())
    assert torch.isfinite(model.sample(6, rows(label(3)), rng=Keyed(0))).all()
    assert torch.isfinite(model.elbo(rows(reals(2)), rows(label(3)), rng=Keyed(0)).value).all()


@pytest.mark.parametrize("steps", [1, 2, 9, 10])
@pytest.mark.parametrize("sampler", [DDPM(), Heun(), UniPC(), PredictorCorrector()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_a_sample_calls_its_network_as_often_as_asked(steps, sampler, guidance):
    model = oracle(steps=steps, sampler=sampler, guidance=guidance)
    model.sample(4, torch.zeros(4, 1), rng=Keyed(0))
    assert model.denoiser.network.calls == steps


@pytest.mark.parametrize("sampler", [DDPM(), DDIM(), Euler(), Heun(), DPMSolver(), UniPC()], ids=repr)
def test_the_exact_denoiser_samples_its_gaussian(sampler):
    drawn = oracle(std=0.6, mean=0.5, sampler=sampler, steps=120).sample(4000, rng=Keyed(0))
    assert (drawn.mean(0) - 0.5).abs().max() < 0.05
    assert (drawn.std(0) / 0.6 - 1).abs().max() < 0.06


@pytest.mark.parametrize(("std", "mean"), [(1.0, 0.0), (0.4, 0.6)])
def test_the_bound_is_tight_and_below_for_the_exact_denoiser_of_a_gaussian(std, mean):
    x = mean + std * Keyed(1).normal((4000, 2), like=torch.zeros(1).double())
    exact = (-0.5 * ((x - mean) / std) ** 2 - math.log(std) - 0.5 * math.log(2 * math.pi)).sum(1)
    gap = exact - oracle(std, mean, draws=16).elbo(x, rng=Keyed(0)).value.detach()
    assert abs(gap.mean()) < 1e-3 + 4 * gap.std() / len(gap) ** 0.5


def test_the_bound_of_a_wrong_denoiser_is_below():
    x = Keyed(1).normal((2000, 2), like=torch.zeros(1).double())
    exact = (-0.5 * x**2 - 0.5 * math.log(2 * math.pi)).sum(1)
    gaps = [float((exact - oracle(std).elbo(x, rng=Keyed(0)).value).mean()) for std in (0.9, 0.5, 2.0)]
    assert min(gaps) > 0
    assert gaps[0] < min(gaps[1:])


def test_the_loss_is_the_mean_squared_error_of_the_networks_own_target():
    """The exact network leaves the unexplained variance: for data N(0, 1) and EDM, all of it."""
    model = oracle()
    x = Keyed(1).normal((20_000, 2), like=torch.zeros(1).double())
    assert abs(float(model.loss(x, rng=Stepped(0, 0))) - 1.0) < 0.02


WEIGHTS = [UnitWeight(), SimpleWeight(), MinSNR(), EDMWeight(), LikelihoodWeight()]


@pytest.mark.parametrize("weight", WEIGHTS, ids=lambda w: type(w).__name__)
def test_a_weight_says_what_an_error_counts(weight):
    """The exact denoiser of N(0, 1) leaves sigma^2 / (1 + sigma^2) of a cell at each level."""
    model = oracle(weight=weight, schedule=Geometric(0.05, 20.0))
    x = Keyed(1).normal((20_000, 2), like=torch.zeros(1).double())
    sigma = Geometric(0.05, 20.0).level((torch.arange(20_000).double() + 0.5) / 20_000)
    wanted = (weight.weight(sigma, model.family.schedule) * sigma**2 / (1 + sigma**2)).mean()
    assert abs(float(model.loss(x, rng=Stepped(0, 0)) / wanted) - 1) < 0.05


def test_without_a_weight_the_loss_is_that_of_edm_s_own():
    x = Keyed(1).normal((50, 2), like=torch.zeros(1).double())
    own, edm = (oracle(weight=weight).loss(x, rng=Stepped(0, 0)) for weight in (None, EDMWeight()))
    assert torch.allclose(own, edm)


def test_the_likelihood_weight_lowers_the_bound_s_own_integral():
    """Of the exact denoiser of N(0, 1): the integral of 1 / (1 + sigma^2) d log sigma, a cell."""
    low, high = 0.05, 20.0
    wanted = math.log(high / low) - math.log((1 + high**2) / (1 + low**2)) / 2
    x = Keyed(1).normal((20_000, 2), like=torch.zeros(1).double())
    for schedule in (Karras(low=low, high=high), Cosine(low, high), Straight(low, high)):
        loss = oracle(weight=LikelihoodWeight(), schedule=schedule).loss(x, rng=Stepped(0, 0))
        assert abs(float(loss) / wanted - 1) < 0.05


def test_the_flow_s_likelihood_of_a_gaussian():
    model = oracle(0.6, 0.5, schedule=Geometric(0.005, 200.0))
    x = 0.5 + 0.6 * Keyed(1).normal((200, 2), like=torch.zeros(1).double())
    exact = (-0.5 * ((x - 0.5) / 0.6) ** 2 - math.log(0.6) - 0.5 * math.log(2 * math.pi)).sum(1)
    said = model.likelihood(x, steps=64, probes=None, rng=Keyed(0))
    assert ((said.value - exact).abs() < said.error + 0.01).all()
    assert model.likelihood(x[:3], rng=Keyed(0)).stderr.shape == (3,)


def test_a_sample_may_go_another_way_than_the_model_was_trained():
    model = oracle(std=0.6, mean=0.5)
    for change in ({"sampler": UniPC(), "steps": 20}, {"descent": Straight(), "steps": 80}, {"schedule": Cosine()}):
        walk = model.walked(3000, way=replace(model.family, **change), rng=Keyed(0))
        assert walk.calls == change.get("steps", 5)
        assert abs(float(walk.x.mean()) - 0.5) < 0.06


def test_levels_that_were_not_learned_are_not_visited():
    with pytest.raises(FieldError, match=r"from 0.01.* to 15"):
        Diffusion(descent=Linear())
    model = made(reals(2))
    with pytest.raises(FieldError, match=r"levels of noise from 0.0001 to 20"):
        model.walked(3, way=replace(model.family, schedule=Cosine(low=0.0001)), rng=Keyed(0))
    assert Diffusion(schedule=Linear(), descent=Cosine(low=0.02)).descent == Cosine(low=0.02)


def test_a_family_saved_before_there_were_weights_is_read():
    said = {
        "is": "Diffusion", "steps": 35, "guidance": 1.0, "drop": 0.1, "draws": 16, "network": None, "rate": 2e-3,
        "schedule": {"is": "Karras", "low": 0.002, "high": 20.0, "rho": 7.0, "centre": -1.2, "width": 1.2},
        "parametrisation": {"is": "EDM", "spread": 1.0}, "sampler": {"is": "Heun", "churn": 0.0, "noise": 1.0},
    }  # fmt: skip
    assert from_json(said, "Family") == Diffusion()


@pytest.mark.parametrize("field", ["schedule", "parametrisation", "weight", "sampler"])
def test_every_object_has_its_name(field):
    objects = {"schedule": [Linear(), Straight()], "parametrisation": [Score(), Flow()], "weight": WEIGHTS}
    for described in objects.get(field, SAMPLERS):
        family = Diffusion(**{field: described})
        assert from_json(json.loads(json.dumps(to_json(family))), "Family") == family


def test_the_condition_is_hidden_in_a_share_of_the_rows():
    c = torch.arange(10_000).view(-1, 1).float()
    hidden = made(reals(2), label(3), drop=0.3)._hidden(c, Stepped(0, 0))
    assert abs(float(hidden.isnan().float().mean()) - 0.3) < 0.02
    assert torch.equal(hidden[~hidden.isnan()], c[~hidden.isnan()])
    assert torch.equal(made(reals(2), label(3), drop=0.0)._hidden(c, Stepped(0, 0)), c)


def test_guidance_is_between_the_null_condition_and_the_given_one():
    c = rows(label(3))
    given, none = made(reals(2), label(3), guidance=1.0), made(reals(2), label(3), guidance=0.0)
    assert torch.allclose(none.sample(6, c, rng=Keyed(0)), given.sample(6, absent(c), rng=Keyed(0)), atol=1e-5)
    assert not torch.allclose(given.sample(6, c, rng=Keyed(0)), none.sample(6, c, rng=Keyed(0)))


def test_rows_do_not_depend_on_their_company():
    model, x, c = made(reals(3), label(4)), rows(reals(3), 8), rows(label(4), 8)
    assert torch.allclose(model.sample(8, c, rng=Keyed(3))[:3], model.sample(3, c[:3], rng=Keyed(3)), atol=1e-5)
    whole, part = model.elbo(x, c, rng=Keyed(3)).value, model.elbo(x[:3], c[:3], rng=Keyed(3)).value
    assert torch.allclose(whole[:3], part, atol=1e-3)


def test_double_precision():
    model = made(reals(2)).double()
    x = rows(reals(2)).double()
    assert model.loss(x, rng=Stepped(0, 0)).dtype == torch.float64
    assert model.elbo(x, rng=Keyed(0)).value.dtype == torch.float64
    assert model.sample(3, rng=Keyed(0)).dtype == torch.float64


def test_a_short_training_learns_two_clusters_given_their_name():
    generator = torch.Generator().manual_seed(0)
    model = made(reals(2), label(2), network=MLP(width=64, depth=2), steps=25)
    descend(model, 500, two_classes(generator))
    check_two_classes(model, 0.1, 0.25)


@pytest.mark.parametrize("make", [lambda: Diffusion(steps=0), lambda: Diffusion(drop=1.0), lambda: Diffusion(draws=0)])
def test_unusable_fields_are_refused(make):
    with pytest.raises(FieldError, match=r"at least|share"):
        make()
