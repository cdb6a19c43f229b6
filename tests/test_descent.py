"""Samples that come down from noise in another way: steps, sampler, guidance, a guide; and what is refused."""

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

import likely
from likely import drawing
from likely.backbones import MLP
from likely.descent import Descent
from likely.diffusion import (
    DDIM,
    DDPM,
    Autoguided,
    Cosine,
    DPMSolver,
    Embedded,
    Euler,
    Geometric,
    Guided,
    Karras,
    Transport,
    descended,
)
from likely.errors import CannotAnswer, ConditionError, FieldError, WrongRows
from likely.families.clip import CLIP
from likely.families.diffusion import Diffusion
from likely.families.flow_matching import FlowMatching
from likely.families.noisy_classifier import NoisyClassifier
from likely.families.score import Score
from likely.fields import made
from likely.rng import Keyed
from likely.source import families_that

SMALL = MLP(width=32, depth=2)


def fitted(family, data="digits", budget=40, **settings):
    return likely.fit(data, family, budget=budget, certify=False, **settings)


@pytest.fixture(scope="module")
def plain():
    return fitted(Diffusion(network=SMALL, steps=8))


@pytest.fixture(scope="module")
def told():
    return fitted(Diffusion(network=SMALL, steps=8), condition="label")


@pytest.fixture(scope="module")
def judge():
    return fitted(NoisyClassifier(width=64, rate=3e-3), budget=150, condition="label")


@pytest.fixture(scope="module")
def clip():
    return fitted(CLIP(width=64, rate=3e-3), budget=150, condition="label")


def same(one, other):
    return bool((one.pixels == other.pixels).mean() > 0.999)


def test_steps_sampler_and_levels_are_those_that_are_said(plain):
    levels = Cosine(0.01, 10.0)
    found = plain.sample(5, descent=Descent(steps=3, sampler=DDIM(), levels=levels), seed=4)
    way = replace(plain.model.way, steps=3, sampler=DDIM(), schedule=levels)
    with torch.no_grad():
        by_hand = plain.lift.down(descended(plain.model, 5, way=way, rng=Keyed(4)).x)
    assert same(found, plain.codec.decode(by_hand))
    assert not same(found, plain.sample(5, seed=4))


def test_a_descent_that_says_nothing_is_the_model_s_own(plain):
    assert same(plain.sample(6, descent=Descent()), plain.sample(6))


def test_classifier_free_guidance_is_the_model_s_own_way_with_another_scale(told):
    found = told.sample(4, {"label": 3}, descent=Descent(guidance=3.0, interval=(0.1, 5.0), rescale=0.5), seed=1)
    way = replace(told.model.way, guide=lambda d: Guided(d, 3.0, 0.1, 5.0, 0.5))
    with torch.no_grad():
        by_hand = told.lift.down(descended(told.model, 4, torch.full((4, 1), 3.0), way=way, rng=Keyed(1)).x)
    assert same(found, told.codec.decode(by_hand))
    assert found.about.frame["label"].tolist() == [3] * 4


@pytest.mark.parametrize("by", ["judge", "clip"])
def test_a_guide_leads_a_model_that_was_told_nothing(plain, by, request):
    guide, classes = request.getfixturevalue(by), [0, 1, 7, 7, 3]
    found = plain.sample(1, {"label": classes}, descent=Descent(guide=guide, strength=2.0), seed=2)
    c = torch.tensor(classes).float()[:, None]
    way = replace(plain.model.way, guide=lambda d: Embedded(d, guide.model.agreement, 2.0))
    with torch.no_grad():
        by_hand = plain.lift.down(descended(plain.model, 5, c, way=way, rng=Keyed(2)).x)
    assert same(found, plain.codec.decode(by_hand))
    assert found.about.frame["label"].tolist() == classes


def agreement(guide, images):
    """How well the guide finds that pictures are what they are said to be."""
    x, _, c = guide.cells(images)
    with torch.no_grad():
        return float(guide.model.agreement(guide.lift.up(x, rng=Keyed(0))[0], torch.full((len(x),), 0.05), c).mean())


def test_the_stronger_the_nearer_to_what_is_given_and_at_0_not_led_at_all(plain, judge):
    drawn = [plain.sample(40, {"label": 4}, descent=Descent(guide=judge, strength=s)) for s in (0.0, 1.0, 4.0)]
    assert same(drawn[0], plain.sample(40))
    found = [agreement(judge, images) for images in drawn]
    assert found[0] < found[1] < found[2]


def test_batches_keep_each_row_with_what_it_is_given(plain, judge, monkeypatch):
    classes = [0, 1, 7, 7, 3, 2, 9]
    whole = plain.sample(1, {"label": classes}, descent=Descent(guide=judge, strength=3.0))
    monkeypatch.setattr(drawing, "BATCH", 3)
    assert same(whole, plain.sample(1, {"label": classes}, descent=Descent(guide=judge, strength=3.0)))


def test_a_model_with_a_condition_of_its_own_is_led_as_well(told, judge):
    led = told.sample(5, {"label": 2}, descent=Descent(guide=judge, strength=3.0, guidance=2.0))
    assert not same(led, told.sample(5, {"label": 2}, descent=Descent(guidance=2.0)))
    assert led.about.frame["label"].tolist() == [2] * 5
    assert agreement(judge, led) > agreement(judge, told.sample(5, {"label": 2}, descent=Descent(guidance=2.0)))


def test_tables_are_led_too():
    frame = likely.read("iris").frame
    model = fitted(Diffusion(network=SMALL, steps=8), frame.drop(columns="species"))
    guide = fitted(NoisyClassifier(width=16), frame, condition="species")
    rows = model.sample(6, {"species": "setosa"}, descent=Descent(guide=guide))
    assert rows.shape[0] == 6
    assert np.isfinite(rows.drop(columns="species", errors="ignore").to_numpy(float)).all()
    whole = fitted(Diffusion(network=SMALL, steps=8), frame)
    with pytest.raises(WrongRows, match=r"(?s)species.*Expected"):
        whole.sample(6, {"species": "setosa"}, descent=Descent(guide=guide))


def test_what_does_not_fit_is_refused_by_name(plain, judge):
    with pytest.raises(CannotAnswer, match=r"NaiveBayes has no way down from noise.*LatentDiffusion"):
        likely.fit("iris", likely.NaiveBayes()).sample(descent=Descent(steps=3))
    with pytest.raises(ConditionError, match=r"(?s)leads by 'label'.*--given label="):
        plain.sample(1, descent=Descent(guide=judge))
    with pytest.raises(ConditionError, match="was given none"):
        plain.sample(1, descent=Descent(guidance=2.0))
    with pytest.raises(FieldError, match="levels of noise"):
        plain.sample(1, descent=Descent(levels=Karras(0.001, 100.0)))
    with pytest.raises(likely.errors.LikelyError, match="12"):
        plain.sample(1, {"label": 12}, descent=Descent(guide=judge))


def test_a_guide_of_other_rows_or_other_levels_is_refused(plain):
    given = {"label": 3}
    rows = likely.read("digits")
    cut = replace(rows, pixels=np.ascontiguousarray(rows.pixels[:, :4]))
    small = fitted(NoisyClassifier(width=8), cut, budget=5, condition="label")
    with pytest.raises(WrongRows, match=r"\(1, 4, 8\).*\(1, 8, 8\)"):
        plain.sample(1, given, descent=Descent(guide=small))
    narrow = fitted(NoisyClassifier(width=8, schedule=Geometric(0.1, 5.0)), budget=5, condition="label")
    with pytest.raises(FieldError, match="guide was not shown"):
        plain.sample(1, given, descent=Descent(guide=narrow))
    plain.sample(1, given, descent=Descent(guide=narrow, levels=Karras(0.1, 5.0)))


@pytest.mark.parametrize(
    "fields", [{"steps": 0}, {"interval": (0.1, 1.0)}, {"rescale": 0.5}, {"strength": 2.0}], ids=lambda f: str(f)
)
def test_what_makes_no_sense_by_itself_is_refused(fields):
    with pytest.raises(FieldError):
        Descent(**fields)


def test_a_sampler_that_is_said_is_the_one_that_walks(plain):
    one, other = (plain.sample(4, descent=Descent(sampler=s)) for s in (DPMSolver(), DDIM()))
    assert not same(one, other)


@pytest.mark.parametrize("family", families_that("Walks", "Descends", "Climbs"))
def test_every_model_that_walks_is_walked(family):
    model = fitted(made("Family", family), "moons", budget=3)
    rows = model.sample(3, descent=Descent(steps=3, sampler=DDIM()))
    assert np.isfinite(rows.to_numpy(float)).all()
    assert not rows.equals(model.sample(3, descent=Descent(steps=5, sampler=DDIM())))


def test_a_velocity_of_transported_noise_goes_in_other_steps_and_no_other_way():
    model = fitted(FlowMatching(network=SMALL, steps=9, pairing=Transport()), "moons", budget=3)
    own = model.sample(4)
    assert own.equals(model.sample(4, descent=Descent(steps=9)))
    assert not own.equals(model.sample(4, descent=Descent(steps=2)))
    assert not own.equals(model.sample(4, descent=Descent(sampler=Euler())))
    with pytest.raises(FieldError, match="stirs in noise"):
        model.sample(4, descent=Descent(sampler=DDPM()))
    with pytest.raises(FieldError, match="its own line"):
        model.sample(4, descent=Descent(levels=Geometric(0.02, 500.0)))
    with pytest.raises(CannotAnswer, match="no denoiser"):
        model.sample(4, descent=Descent(guide=model))


def test_a_column_that_is_not_its_condition_is_not_silently_left_unled():
    model = fitted(Diffusion(network=SMALL, steps=4), "moons", budget=3)
    name = model.codec.names[0]
    with pytest.raises(CannotAnswer):
        model.sample(2, {name: 0.5}, descent=Descent(steps=3))


@pytest.mark.slow
def test_digits_come_out_as_they_are_asked_for_and_the_surer_the_stronger():
    """By another judge: a linear classifier of real pixels (0.97 right on them), of 200 drawings."""
    network = MLP(width=256, depth=3, residual=True, normalised=True)
    model = fitted(Diffusion(network=network, steps=20, sampler=DPMSolver()), budget=900)
    guide = fitted(NoisyClassifier(), budget=400, condition="label")
    digits, asked = likely.read("digits"), np.arange(200) % 10
    known = LogisticRegression(max_iter=500).fit(flat(digits), digits.about.frame["label"])
    right = {}
    for strength in (0.0, 1.0, 2.0, 4.0):
        drawn = model.sample(1, {"label": asked.tolist()}, descent=Descent(guide=guide, strength=strength))
        right[strength] = float((known.predict(flat(drawn)) == asked).mean())
    assert right[0.0] < 0.25
    assert right[1.0] > 0.65
    assert right[2.0] > 0.88
    assert right[4.0] > 0.95


def flat(images):
    return images.pixels.reshape(len(images), -1) / 16.0


# Away from a weaker denoiser


class Gaussian(nn.Module):
    """The denoiser of N(0, std^2 I), in a network's place."""

    def __init__(self, std):
        super().__init__()
        self.std, self.precision = std, nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x_t, sigma, c=None):
        return self.std**2 / (self.std**2 + sigma[:, None] ** 2) * x_t


@cache
def begun(family):
    return fitted(family(network=SMALL, draws=1), likely.read("moons").frame.iloc[:60, :2], budget=1)


def of_gaussian(std, family=Diffusion):
    model = replace(begun(family), model=copy.deepcopy(begun(family).model))
    model.model.denoiser = Gaussian(std)
    return model


def numbers(model, frame):
    """What the model sees of rows."""
    return model.lift.up(model.cells(frame)[0].double(), rng=Keyed(0))[0]


@pytest.mark.parametrize("scale", [None, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("weaker", [Diffusion, Score])
def test_away_from_a_weaker_gaussian_a_sample_ends_as_narrow_as_its_closed_form(scale, weaker):
    """The flow is linear: from the same noise every number is that of the strong one, (strong / weak)^(scale - 1)."""
    strong, weak = of_gaussian(0.4), of_gaussian(0.7, weaker)
    levels, scaled = Geometric(0.01, 20.0), 2.0 if scale is None else scale
    alone, led = (
        numbers(strong, strong.sample(50, descent=Descent(steps=400, levels=levels, **guide), seed=3))
        for guide in ({}, {"guide": weak, "strength": scale})
    )
    share = [((std**2 + 0.01**2) / (std**2 + 20.0**2)) ** 0.5 for std in (0.4, 0.7)]
    wanted = alone * (share[0] / share[1]) ** (scaled - 1)
    assert torch.allclose(led, wanted, rtol=0.02, atol=2e-3)


def test_conditions_pass_to_both_and_the_model_s_own_guidance_stays_inside(told):
    weak = fitted(Diffusion(network=MLP(width=8, depth=1)), budget=5, condition="label")
    found = told.sample(4, {"label": 3}, descent=Descent(guide=weak, strength=1.7, guidance=3.0), seed=1)
    guide = lambda d: Autoguided(Guided(d, 3.0), weak.model.denoise, 1.7)  # noqa: E731
    with torch.no_grad():
        c, way = torch.full((4, 1), 3.0), replace(told.model.way, guide=guide)
        by_hand = told.lift.down(descended(told.model, 4, c, way=way, rng=Keyed(1)).x)
    assert same(found, told.codec.decode(by_hand))
    assert found.about.frame["label"].tolist() == [3] * 4


def test_a_weaker_denoiser_that_was_given_nothing_is_told_nothing(told, plain):
    found = told.sample(4, {"label": 3}, descent=Descent(guide=plain), seed=1)
    guide = lambda d: Autoguided(d, lambda x, s, _: plain.model.denoise(x, s), 2.0)  # noqa: E731
    with torch.no_grad():
        c, way = torch.full((4, 1), 3.0), replace(told.model.way, guide=guide)
        by_hand = told.lift.down(descended(told.model, 4, c, way=way, rng=Keyed(1)).x)
    assert same(found, told.codec.decode(by_hand))


def test_a_weaker_denoiser_of_other_rows_levels_or_conditions_is_refused(plain, told):
    with pytest.raises(ConditionError, match=r"(?s)given 'label', and the model nothing.*smaller --budget"):
        plain.sample(1, descent=Descent(guide=told))
    with pytest.raises(WrongRows, match=r"(?s)--family Diffusion, on the data of Diffusion"):
        plain.sample(1, descent=Descent(guide=of_gaussian(0.5)))
    narrow = fitted(Diffusion(network=SMALL, schedule=Karras(0.1, 5.0)), budget=2)
    with pytest.raises(FieldError, match="guide was not shown"):
        plain.sample(1, descent=Descent(guide=narrow))
    with pytest.raises(CannotAnswer, match=r"(?s)NaiveBayes has no guidance to give.*Diffusion.*NoisyClassifier"):
        plain.sample(1, descent=Descent(guide=fitted(likely.NaiveBayes())))


def test_hidden_cells_are_revealed_in_as_many_looks_as_are_asked_for():
    family = likely.MaskedDiffusion(network=SMALL)
    slow = fitted(family, "iris")
    quick = replace(slow, model=copy.deepcopy(slow.model))
    quick.model.family = replace(family, steps=2)
    assert slow.sample(50, descent=Descent(steps=2)).equals(quick.sample(50))
    assert quick.sample(50, descent=Descent(steps=9)).equals(slow.sample(50))  # at least as many as cells: one by one
    assert not slow.sample(50).equals(quick.sample(50))
    with pytest.raises(CannotAnswer, match="no samplers"):
        slow.sample(3, descent=Descent(steps=2, sampler=DDIM()))
