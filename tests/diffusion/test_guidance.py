"""Guidance: each formula beside a closed form, what guidance above 1 ends in, and bugs that must be found."""

import math

import pytest
import torch
from mixtures import gaussian, three

from likely.diffusion import (
    DDPM,
    Autoguided,
    Classified,
    Embedded,
    Geometric,
    Guided,
    Heun,
    Karras,
    generate,
    seen_clean,
)
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import absent

SIGMA = torch.tensor([0.1, 0.5, 2.0, 10.0], dtype=torch.float64)
X_T = three().draw(4) + SIGMA[:, None]
C = torch.tensor([[0.0], [1.0], [2.0], [1.0]], dtype=torch.float64)
WAY = Geometric(low=1e-3, high=2000.0)
SCALES = [-1.0, 0.0, 0.5, 1.0, 2.5]
NAMED = [Classified, Embedded]


def apart(found, wanted):
    return float((found - wanted).abs().max())


# Classifier-free ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.5])
def test_it_is_the_formula(scale):
    given, null = (three().denoise(X_T, SIGMA, c) for c in (C, absent(C)))
    assert torch.allclose(Guided(three().denoise, scale)(X_T, SIGMA, C), null + scale * (given - null))


def test_without_a_condition_it_is_the_denoiser():
    assert torch.equal(Guided(three().denoise, 3.0)(X_T, SIGMA, None), three().denoise(X_T, SIGMA))


def test_one_call_a_step():
    calls = []
    guided = Guided(lambda x, s, c: calls.append(len(x)) or three().denoise(x, s, c), 2.0)
    generate(Heun(), guided, Karras(), X_T * 20, C, calls=7, rng=Keyed(0))
    assert calls == [8] * 7


def test_levels_outside_the_interval_are_left_alone_and_cost_one_look():
    calls = []

    def counted(x, s, c):
        calls.append(len(x))
        return three().denoise(x, s, c)

    led, plain = Guided(three().denoise, 3.0)(X_T, SIGMA, C), three().denoise(X_T, SIGMA, C)
    found = Guided(counted, 3.0, low=0.1, high=2.0)(X_T, SIGMA, C)
    assert torch.allclose(found[1:3], led[1:3])
    assert torch.allclose(found[[0, 3]], plain[[0, 3]])
    Guided(counted, 3.0, low=20.0)(X_T, SIGMA, C)
    assert calls == [8, 4]


def test_rescaled_rows_are_spread_as_without_guidance():
    wide = torch.cat([X_T, -X_T, X_T**2], 1)

    def denoiser(x, s, c):
        return x * (1 + c.nan_to_num(0.5)) + 0.3

    led, given = Guided(denoiser, 4.0)(wide, SIGMA, C), denoiser(wide, SIGMA, C)
    whole, half = (Guided(denoiser, 4.0, rescale=share)(wide, SIGMA, C) for share in (1.0, 0.5))
    assert torch.allclose(whole.std(1), given.std(1))
    assert torch.allclose(half, (whole + led) / 2)
    assert torch.allclose(whole / whole.norm(dim=1, keepdim=True), led / led.norm(dim=1, keepdim=True))
    lone = Guided(denoiser, 4.0, rescale=1.0)(wide[:, :1], SIGMA, C)  # one cell has no spread to keep
    assert torch.allclose(lone, Guided(denoiser, 4.0)(wide[:, :1], SIGMA, C))


@pytest.mark.parametrize("sampler", [DDPM(), Heun()], ids=repr)
def test_every_sampler_takes_it_and_a_scale_of_one_draws_the_condition(sampler):
    mixture, c = three(), torch.full((3000, 1), 1.0, dtype=torch.float64)
    start = 20 * Keyed(0).normal((3000, 2), like=mixture.mean)
    ends = {
        scale: generate(sampler, Guided(mixture.denoise, scale), Karras(), start, c, calls=120, rng=Keyed(1))
        for scale in (0.0, 1.0, 2.0)
    }
    assert (ends[1.0].mean(0) - mixture.mean[1]).abs().max() < 0.03
    assert abs(ends[1.0].std(0).mean() / 0.2 - 1) < 0.05
    assert (ends[0.0].mean(0)).abs().max() < 0.06  # the whole mixture
    outside = [((ends[w] - mixture.mean[1]).norm(dim=1) > 0.8).double().mean() for w in (0.0, 1.0, 2.0)]
    assert outside[0] > 0.6
    assert outside[1] < 0.01
    assert (ends[2.0] @ torch.tensor([-1.2, 0.6]).double()).mean() > (
        ends[1.0] @ torch.tensor([-1.2, 0.6]).double()
    ).mean()


# By a classifier, or a similarity -----------------------------------------------------------------------------------


def given_one_class(made):
    """How far scale 1 with the exact classifier is from the conditional denoiser."""
    return apart(made(three().denoise, three().told, 1.0)(X_T, SIGMA, C), three().denoise(X_T, SIGMA, C))


def tilted(made, scale):
    """How far it is from the denoiser that has the score of p(x_t) p(c | x_t)^w, by autograd."""
    mixture, at = three(), X_T.clone().requires_grad_()
    log_p = mixture._log_joint(at, SIGMA).logsumexp(1) + scale * mixture.told(at, SIGMA, C)
    score = torch.autograd.grad(log_p.sum(), at)[0]
    return apart(made(mixture.denoise, mixture.told, scale)(X_T, SIGMA, C), X_T + SIGMA[:, None] ** 2 * score)


def like_classifier_free(made, scale):
    """How far it is from classifier-free guidance with exact denoisers, whose implied classifier is exact."""
    mixture = three()
    led = made(mixture.denoise, mixture.told, scale)(X_T, SIGMA, C)
    return apart(led, Guided(mixture.denoise, scale)(X_T, SIGMA, C))


@pytest.mark.parametrize("made", NAMED)
def test_the_exact_classifier_at_scale_one_gives_the_conditional(made):
    assert given_one_class(made) < 1e-12


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("made", NAMED)
def test_at_every_level_and_scale_it_is_the_tilted_denoiser(made, scale):
    assert tilted(made, scale) < 1e-12
    assert like_classifier_free(made, scale) < 1e-12


def bug(sign=1.0, power=2, told=None):
    """Guidance with something wrong in it: its sign, the power of sigma, what the denoiser is told."""

    def made(denoiser, classifier, scale):
        def led(x_t, sigma, c):
            at = x_t.detach().requires_grad_()
            gradient = torch.autograd.grad(classifier(at, sigma, c).sum(), at)[0]
            return denoiser(x_t, sigma, told and c) + sign * scale * sigma[:, None] ** power * gradient

        return led

    return made


@pytest.mark.parametrize(
    "made", [bug(sign=-1.0), bug(power=0), bug(power=1), bug(told=True)], ids=["sign", "no sigma", "sigma", "told"]
)
def test_planted_bugs_are_found(made):
    assert given_one_class(made) > 0.05
    assert tilted(made, 2.5) > 0.05
    assert like_classifier_free(made, 2.5) > 0.05
    assert given_one_class(bug()) < 1e-12  # what is planted there is the only bug


def test_a_similarity_may_have_any_term_in_the_condition_alone():
    """InfoNCE in the end: f = log p(c | x_t) - log p(c), or with anything else that only c decides."""
    mixture = three()

    def similarity(x_t, sigma, c):
        return mixture.told(x_t, sigma, c) - mixture.weight.log()[c[:, 0].long()] + 7 * c[:, 0]

    assert apart(Embedded(mixture.denoise, similarity)(X_T, SIGMA, C), mixture.denoise(X_T, SIGMA, C)) < 1e-12


@pytest.mark.parametrize("made", NAMED)
def test_a_condition_that_says_nothing_leads_nowhere(made):
    mixture, c = three(), torch.where(torch.arange(4)[:, None] < 2, C, math.nan)
    led, plain = made(mixture.denoise, mixture.told, 3.0)(X_T, SIGMA, c), mixture.denoise(X_T, SIGMA)
    assert torch.allclose(led[2:], plain[2:])
    assert not torch.allclose(led[:2], plain[:2])
    assert torch.equal(made(mixture.denoise, mixture.told, 3.0)(X_T, SIGMA), plain)


def test_it_works_where_no_gradient_is_kept_and_can_be_derived_where_one_is():
    led = Classified(three().denoise, three().told, 2.0)
    with torch.no_grad():
        found = led(X_T, SIGMA, C)
    assert not found.requires_grad
    at = X_T.clone().requires_grad_()
    moved, h = torch.autograd.grad(led(at, SIGMA, C).sum(), at)[0], 1e-5
    for cell in range(2):
        step = h * torch.eye(2, dtype=torch.float64)[cell]
        by_hand = (led(X_T + step, SIGMA, C) - led(X_T - step, SIGMA, C)).sum(1) / (2 * h)
        assert torch.allclose(moved[:, cell], by_hand, atol=1e-6)


# What they end in ---------------------------------------------------------------------------------------------------

NOISE, SAID = 0.5, 1.5  # y = x + N(0, NOISE^2), and y is SAID; x ~ N(0, 1)


def likelihood(x_t, sigma, y):
    """log p(y | x_t), exact: x | x_t has variance sigma^2 / (1 + sigma^2)."""
    variance = NOISE**2 + sigma**2 / (1 + sigma**2)
    return (-((y - x_t / (1 + sigma[:, None] ** 2)) ** 2)[:, 0] / variance - variance.log()) / 2


def ends_in(denoiser, c=None):
    """Mean and spread of the samples of one number: the flow of Gaussians is a straight line, found at two places."""
    start = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    at = generate(Heun(), denoiser, WAY, start, c, calls=801, rng=Keyed(0))[:, 0]
    return float(at[0]), float((at[1] - at[0]).abs()) * math.sqrt(1 + WAY.high**2)


def guided_by(agreement, scale):
    said = torch.full((2, 1), SAID, dtype=torch.float64)
    return ends_in(Classified(gaussian(1.0, width=1).denoise, agreement, scale), said)


def test_with_scale_one_samples_follow_the_posterior():
    mean, spread = guided_by(likelihood, 1.0)
    assert mean == pytest.approx(SAID / (1 + NOISE**2), abs=2e-3)
    assert spread == pytest.approx(math.sqrt(NOISE**2 / (1 + NOISE**2)), rel=2e-3)


@pytest.mark.parametrize(("scale", "mean", "spread"), [(2.0, 1.190, 0.600), (4.0, 1.187, 0.165)])
def test_above_one_they_do_not_follow_the_tilted_law(scale, mean, spread):
    """p(x) p(y | x)^w has precision 1 + w / v and mean (w y / v) / (1 + w / v).

    Samples overshoot that mean, and are narrower: measured, as ratios; the spread is that of p(x | y) to the power w.
    """
    precision = 1 + scale / NOISE**2
    found = guided_by(likelihood, scale)
    assert found[0] / (scale / NOISE**2 * SAID / precision) == pytest.approx(mean, abs=0.01)
    assert found[1] / precision**-0.5 == pytest.approx(spread, abs=0.01)
    assert found[1] == pytest.approx((NOISE**2 / (1 + NOISE**2)) ** (scale / 2), rel=5e-3)


def test_a_similarity_of_clean_rows_seen_through_the_denoiser_is_too_sure():
    plain = gaussian(1.0, width=1).denoise

    def clean(x, y):
        return -((y - x) ** 2)[:, 0] / (2 * NOISE**2)

    mean, spread = guided_by(seen_clean(plain, clean), 1.0)
    assert mean > SAID / (1 + NOISE**2) + 0.1
    assert spread < math.sqrt(NOISE**2 / (1 + NOISE**2)) - 0.05


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 3.0])
def test_autoguidance_draws_in_what_the_weaker_one_smears(scale):
    strong, weak = 0.4, 0.6
    denoiser = Autoguided(gaussian(strong, width=1).denoise, gaussian(weak, width=1).denoise, scale)
    _, spread = ends_in(denoiser)
    assert spread == pytest.approx(strong * (strong / weak) ** (scale - 1), rel=2e-3)


def test_autoguidance_is_its_formula_with_a_condition_and_one_call_of_each_at_most():
    weak, calls = gaussian(0.8), []

    def weaker(x, s, c):
        calls.append(len(x))
        return weak.denoise(x, s)

    strong = three().denoise(X_T, SIGMA, C)
    wanted = weak.denoise(X_T, SIGMA) + 2.5 * (strong - weak.denoise(X_T, SIGMA))
    assert torch.allclose(Autoguided(three().denoise, weaker, 2.5)(X_T, SIGMA, C), wanted)
    assert torch.equal(Autoguided(three().denoise, weaker, 1.0)(X_T, SIGMA, C), strong)
    assert calls == [4]


def within(s, r, scale, low, high):
    """The spread that guidance between two levels ends in: given N(0, s^2), and not given N(0, r^2)."""

    def share(std):
        return math.sqrt((std**2 + low**2) / (std**2 + high**2))

    return s * (share(s) / share(r)) ** (scale - 1)


@pytest.mark.parametrize(("low", "high"), [(0.0, math.inf), (0.2, 1.0), (0.5, math.inf)])
def test_an_interval_guides_as_far_as_its_closed_form(low, high):
    given, null = gaussian(0.4, width=1), gaussian(1.0, width=1)

    def denoiser(x, s, c):
        return torch.where(c.isnan(), null.denoise(x, s), given.denoise(x, s))

    c = torch.zeros(2, 1, dtype=torch.float64)
    _, spread = ends_in(Guided(denoiser, 2.5, low, high), c)
    assert spread == pytest.approx(within(0.4, 1.0, 2.5, low, min(high, WAY.high)), rel=5e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda d: Guided(d, math.nan), lambda d: Guided(d, 2.0, low=1.0, high=0.5), lambda d: Guided(d, 2.0, low=-1.0),
        lambda d: Guided(d, 2.0, rescale=1.5), lambda d: Autoguided(d, d, math.inf),
        lambda d: Classified(d, three().told, math.nan), lambda d: Embedded(d, three().told, math.inf),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(FieldError, match="Expected"):
        wrong(three().denoise)
