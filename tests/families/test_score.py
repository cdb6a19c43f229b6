"""Score: spaces and conditions, every loss, samplers and bound on oracles, samples after a short training."""

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
    DDPM,
    AnnealedLangevin,
    Denoising,
    Geometric,
    Heun,
    Langevin,
    PredictorCorrector,
    Sliced,
    Straight,
    Traced,
)
from likely.errors import FieldError
from likely.families.score import Score, ScoreModel
from likely.fields import from_json, to_json
from likely.rng import Keyed, Stepped
from likely.spaces import Image, absent, label, reals

MATCHINGS = [Denoising(), Sliced(), Traced()]


def made(space, condition=None, **fields) -> ScoreModel:
    torch.manual_seed(1)
    return Score(**{"network": SMALL, "steps": 5, "draws": 2} | fields).build(space, condition)


class Exact(nn.Module):
    """The raw network that knows N(mean, std^2 I): sigma times its score."""

    def __init__(self, std, mean):
        super().__init__()
        self.std, self.mean, self.calls = std, mean, 0
        self.anything = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, seen, level, c=None):
        self.calls += 1
        sigma = torch.exp(4 * level)[:, None]
        return sigma * (self.mean - seen * (1 + sigma**2).sqrt()) / (self.std**2 + sigma**2)


def oracle(std=0.6, mean=0.5, **fields) -> ScoreModel:
    model = made(reals(2), **fields).double()
    model.denoiser.network = Exact(std, mean)
    return model


@pytest.mark.parametrize("matching", MATCHINGS, ids=repr)
@pytest.mark.parametrize("space", [reals(3), Image(1, 6, 6, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition, matching):
    model, x = made(space, condition, matching=matching), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Bound)
    assert isinstance(model, Denoises)
    assert isinstance(model, Trained)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    loss = turn.loss()
    assert torch.equal(loss, turn.loss())  # late, and again
    loss.backward()
    bad = [name for name, p in model.named_parameters() if p.grad is not None and not torch.isfinite(p.grad).all()]
    assert not bad
    if matching == Denoising():
        assert all(p.grad is not None for p in model.parameters())
    elbo = model.elbo(x, c, rng=Keyed(0))
    assert elbo.fit.shape == elbo.rate.shape == (6,)
    assert model.score(x, torch.full((6,), 0.5), c).shape == x.shape
    assert torch.isfinite(model.sample(6, c, rng=Keyed(0))).all()


@pytest.mark.parametrize("matching", [Denoising(), Sliced()], ids=repr)
def test_the_default_network_of_an_image_is_a_unet_and_trains(matching):
    model = Score(steps=2, matching=matching).build(Image(1, 8, 8, None), label(3))
    (turn,) = model.turns(torch.rand(4, 1, 8, 8), rows(label(3), 4), rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())


def test_score_and_denoiser_are_tweedie_s():
    model, x, sigma = oracle(), torch.randn(9, 2).double(), torch.linspace(0.1, 3, 9).double()
    wanted = (0.5 - x) / (0.36 + sigma[:, None] ** 2)
    assert torch.allclose(model.score(x, sigma), wanted)
    assert torch.allclose(model.denoise(x, sigma), x + sigma[:, None] ** 2 * wanted)


@pytest.mark.parametrize("sampler", [Score().sampler, PredictorCorrector(), DDPM(), Heun()], ids=repr)
def test_the_exact_score_samples_its_gaussian(sampler):
    drawn = oracle(sampler=sampler, steps=400).sample(3000, rng=Keyed(0))
    assert (drawn.mean(0) - 0.5).abs().max() < 0.06
    assert (drawn.std(0) / 0.6 - 1).abs().max() < 0.08


@pytest.mark.parametrize("steps", [1, 2, 9, 10])
@pytest.mark.parametrize("sampler", [AnnealedLangevin(), PredictorCorrector(), Langevin()], ids=repr)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_a_sample_calls_its_network_as_often_as_asked(steps, sampler, guidance):
    model = oracle(steps=steps, sampler=sampler, guidance=guidance)
    model.sample(4, torch.zeros(4, 1), rng=Keyed(0))
    assert model.denoiser.network.calls == steps


def test_the_bound_is_tight_and_below_for_the_exact_score_of_a_gaussian():
    x = 0.5 + 0.6 * Keyed(1).normal((4000, 2), like=torch.zeros(1).double())
    exact = (-0.5 * ((x - 0.5) / 0.6) ** 2 - math.log(0.6) - 0.5 * math.log(2 * math.pi)).sum(1)
    gap = exact - oracle(draws=16).elbo(x, rng=Keyed(0)).value.detach()
    assert abs(gap.mean()) < 2e-3 + 4 * gap.std() / len(gap) ** 0.5
    wrong = exact - oracle(std=1.2, draws=16).elbo(x, rng=Keyed(0)).value.detach()
    assert wrong.mean() > 0.1


def test_the_flow_s_likelihood_of_a_gaussian():
    x = 0.5 + 0.6 * Keyed(1).normal((100, 2), like=torch.zeros(1).double())
    exact = (-0.5 * ((x - 0.5) / 0.6) ** 2 - math.log(0.6) - 0.5 * math.log(2 * math.pi)).sum(1)
    said = oracle(schedule=Geometric(0.01, 200.0)).likelihood(x, steps=64, probes=None, rng=Keyed(0))
    assert ((said.value - exact).abs() < said.error + 0.03).all()


def test_a_sample_may_go_another_way_than_the_model_was_trained():
    model = oracle()
    for change in ({"sampler": Heun(), "steps": 41}, {"descent": Straight(0.02, 20.0), "steps": 120}):
        walk = model.walked(3000, way=replace(model.family, **change), rng=Keyed(0))
        assert walk.calls == change["steps"]
        assert abs(float(walk.x.mean()) - 0.5) < 0.06


@pytest.mark.parametrize("matching", [Denoising(), Sliced()], ids=repr)
def test_a_short_training_learns_two_clusters_given_their_name(matching):
    generator = torch.Generator().manual_seed(0)
    schedule, network = Geometric(0.03, 10.0), MLP(width=64, depth=2)
    model = made(reals(2), label(2), network=network, steps=150, schedule=schedule, matching=matching)
    descend(model, 500, two_classes(generator))
    check_two_classes(model, 0.12, 0.35)


def test_guidance_is_between_the_null_condition_and_the_given_one():
    c = rows(label(3))
    given, none = made(reals(2), label(3), guidance=1.0), made(reals(2), label(3), guidance=0.0)
    assert torch.allclose(none.sample(6, c, rng=Keyed(0)), given.sample(6, absent(c), rng=Keyed(0)), atol=1e-4)
    assert not torch.allclose(given.sample(6, c, rng=Keyed(0)), none.sample(6, c, rng=Keyed(0)))


def test_rows_do_not_depend_on_their_company():
    model, x, c = made(reals(3), label(4)), rows(reals(3), 8), rows(label(4), 8)
    assert torch.allclose(model.sample(8, c, rng=Keyed(3))[:3], model.sample(3, c[:3], rng=Keyed(3)), atol=1e-5)
    whole, part = model.elbo(x, c, rng=Keyed(3)).value, model.elbo(x[:3], c[:3], rng=Keyed(3)).value
    assert torch.allclose(whole[:3], part, atol=1e-3)


@pytest.mark.parametrize("matching", MATCHINGS, ids=repr)
def test_double_precision(matching):
    model = made(reals(2), matching=matching).double()
    x = rows(reals(2)).double()
    assert model.loss(x, rng=Stepped(0, 0)).dtype == torch.float64
    assert model.elbo(x, rng=Keyed(0)).value.dtype == torch.float64
    assert model.sample(3, rng=Keyed(0)).dtype == torch.float64


@pytest.mark.parametrize("matching", [*MATCHINGS, Sliced(3)], ids=repr)
def test_every_object_has_its_name(matching):
    family = Score(matching=matching, sampler=PredictorCorrector())
    assert from_json(json.loads(json.dumps(to_json(family))), "Family") == family


@pytest.mark.parametrize(
    "make",
    [
        lambda: Score(steps=0),
        lambda: Score(drop=1.0),
        lambda: Score(draws=0),
        lambda: Score(descent=Geometric(0.001, 20.0)),
        lambda: Score(matching=Traced()).build(Image(1, 28, 28, None)),
    ],
)
def test_unusable_fields_are_refused(make):
    with pytest.raises(FieldError, match=r"at least|share|levels|at most"):
        make()
