"""Inverse problems: closed forms for one Gaussian, the heuristics' bias on a mixture, and samplers of every kind."""

import pytest
import torch
from mixtures import gaussian, start, three
from posteriors import Exact, Trials

from likely.diffusion import (
    DDIM,
    DDPM,
    DPS,
    JPEG,
    Blur,
    DPMSolver,
    Heun,
    Karras,
    Mask,
    Matrix,
    Observed,
    PiGDM,
    Posterior,
    PredictorCorrector,
    RePaint,
    Repainted,
    Replaced,
    Replacing,
    Twisted,
    UniPC,
    Way,
    generate,
    walked,
)
from likely.errors import FieldError
from likely.rng import Keyed

SCHEDULE = Karras(low=0.02)
ALONG = torch.tensor([0.6, 0.8], dtype=torch.float64)
A = torch.tensor([[1.0, -0.5]], dtype=torch.float64)
SAMPLERS = [DDPM(), DDIM(), Heun(), DPMSolver(), UniPC(), PredictorCorrector()]


def numbers(*shape, seed=0):
    return Keyed(seed).normal(shape, like=torch.zeros(1, dtype=torch.float64))


# One Gaussian ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("std", [0.6, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_for_one_gaussian_pseudo_inverse_guidance_is_exact(std, noise):
    """E[x | x_t, y] is that of the Gaussian observed twice: with noise sigma, and as y."""
    mixture, x = gaussian(std, 0.3), numbers(6, 2)
    sigma = torch.tensor([0.03, 0.2, 0.7, 1.0, 5.0, 20.0], dtype=torch.float64)
    x_t, y = x + sigma[:, None], x @ A.T + 0.1
    told = Posterior(mixture.denoise, Observed(Matrix(A), y, noise), PiGDM(spread=std))(x_t, sigma)
    for row, level in enumerate(sigma):
        clean = mixture.denoise(x_t[row : row + 1], level[None])
        left = (std**2 * level**2 / (std**2 + level**2)).sqrt()
        gap = y[row] - clean @ A.T
        wanted = clean + left**2 * gap @ A / (left**2 * (A @ A.T) + noise**2)
        assert torch.allclose(told[row : row + 1], wanted)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)
def test_for_one_gaussian_every_sampler_draws_the_posterior(sampler):
    mixture, y = gaussian(1.0, 0.3), torch.full((1500, 1), 0.8, dtype=torch.float64)
    led = Posterior(mixture.denoise, Observed(Matrix(A), y, 0.4))
    x = generate(sampler, led, SCHEDULE, start(SCHEDULE, 1500), calls=60, rng=Keyed(1))
    exact = Exact.of(mixture, A, 0.4, y)
    for direction in (ALONG, torch.tensor([1.0, 0.0]).double()):
        mean, std = exact.moments(direction)
        standard = (x @ direction - mean) / std
        assert abs(float(standard.mean())) < 0.12
        assert abs(float(standard.std()) - 1) < 0.15  # a corrector's moves widen it


def test_dps_is_its_formula_and_not_exact():
    mixture, x = gaussian(1.0), numbers(4, 2)
    sigma = torch.tensor([0.1, 0.5, 2.0, 9.0], dtype=torch.float64)
    y = x @ A.T + 1.0
    told = Posterior(mixture.denoise, Observed(Matrix(A), y), DPS(0.5))(x, sigma)
    clean = x / (1 + sigma[:, None] ** 2)
    way = (y - clean @ A.T).sign() @ A / (1 + sigma[:, None] ** 2)  # the slope of -|y - A D|, one number
    assert torch.allclose(told, clean + 0.5 * (sigma * (1 + sigma**2).sqrt())[:, None] * way)
    assert not torch.allclose(told, Posterior(mixture.denoise, Observed(Matrix(A), y))(x, sigma), atol=0.1)


def test_independent_cells_are_replaced_exactly():
    """Where the unknown does not depend on the known, there is nothing to learn of it."""
    y = torch.tensor([[1.5, 0.0]], dtype=torch.float64).expand(1500, 2)
    told = Observed(Mask(torch.tensor([True, False])), y)
    x = generate(Replaced(Heun(), told), gaussian(1.0).denoise, SCHEDULE, start(SCHEDULE, 1500), calls=41, rng=Keyed(1))
    assert torch.allclose(x[:, 0], y[:, 0])
    assert abs(float(x[:, 1].mean())) < 0.1
    assert abs(float(x[:, 1].std()) - 1) < 0.07


# A mixture: how far off each of them is -------------------------------------------------------------------------------

# trials of nine draws each; how far the draws' mean is from the exact one (in the posterior's deviations, root mean
# square over y), and their spread over the exact one
BIAS = {
    "PiGDM": (PiGDM(), 1600, 0.49, 1.21),
    "DPS": (DPS(), 400, 0.51, 1.35),
    "Replacing": (Replacing(), 1600, 0.6, 1.28),
    "RePaint": (RePaint(times=5, jump=5, steps=250), 400, 0.32, 1.10),
    "Twisted": (Twisted(particles=16, steps=40), 200, 0.1, 1.02),
}


def found(how, count):
    given = Trials(three(), A, 0.1, count=count, draws=9)
    told, way = Observed(Matrix(A), given.asked, 0.1), Way(SCHEDULE, DDPM(), 60)
    x = how.draw(three().denoise, told, way, (2,), len(given.asked), like=given.asked, rng=Keyed(1)).x
    return given.uneven(x, ALONG), *given.off(x, ALONG)


@pytest.mark.parametrize("name", BIAS)
def test_the_bias_of_each_is_what_is_told(name):
    """Particles are calibrated; every heuristic is seen to be off, by ranks or by its mean."""
    how, count, *off = BIAS[name]
    uneven, mean, spread = found(how, count)
    assert (mean, spread) == pytest.approx(off, abs=0.15)
    assert (uneven < 1 and mean < 0.25) == (how.word == "asymptotic"), uneven


@pytest.mark.slow
def test_particles_pass_where_every_heuristic_is_found_out():
    assert found(Twisted(particles=32, steps=60), 1600)[0] < 1


# Samplers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [1, 7, 24, 25, 60, 101])
@pytest.mark.parametrize("make", [lambda told: Replaced(Heun(), told), lambda told: Repainted(told, 4, 3)])
def test_exactly_as_many_calls_as_asked_and_the_data_at_the_end(make, calls):
    y = three().draw(20) @ A.T
    told = Observed(Matrix(A), y)
    walk = walked(make(told), three().denoise, SCHEDULE, start(SCHEDULE, 20), calls=calls, rng=Keyed(0))
    assert walk.calls == calls
    assert torch.allclose(walk.x @ A.T, y)


def test_stretches_are_gone_several_times_from_where_they_begin():
    legs = Repainted(Observed(Matrix(A), torch.zeros(1, 1)), times=3, jump=2).plan(13, SCHEDULE)
    levels = SCHEDULE.grid(5)
    places = [(int((levels == leg.t).nonzero()), int((levels == leg.s).nonzero())) for leg in legs]
    assert places == [(0, 1), *[(1, 2), (2, 3)] * 3, *[(3, 4), (4, 5)] * 3]


def test_between_stretches_noise_comes_back():
    """What a look sees at a level has that level's noise, whenever it is."""
    seen = []

    def denoise(x_t, sigma, c):
        seen.append((float(sigma[0]), float(x_t.std())))
        return torch.zeros_like(x_t)

    nothing = Observed(Mask(torch.zeros(2, dtype=torch.bool)), torch.zeros(1, 2).double())
    generate(Repainted(nothing, 3, 2), denoise, SCHEDULE, start(SCHEDULE, 3000), calls=18, rng=Keyed(0))
    assert all(std == pytest.approx(sigma, rel=0.06) for sigma, std in seen)


def test_an_observation_s_noise_is_left_to_the_levels_above_it():
    """A cell of N(0, 1) seen with noise 1: replaced, it is believed more than it should be, but never wholly."""
    y = torch.full((1500, 2), 1.0, dtype=torch.float64)
    told = Observed(Mask(torch.tensor([True, True])), y, 1.0)
    x = generate(Replaced(DDPM(), told), gaussian(1.0).denoise, SCHEDULE, start(SCHEDULE, 1500), calls=60, rng=Keyed(1))
    assert abs(float(x.mean()) - 0.5) < 0.1
    assert abs(float(x.std()) - 0.5**0.5) < 0.1


def test_a_jpeg_is_followed_by_derivatives_alone():
    x = (numbers(2, 1, 8, 8) / 4).clamp(-0.9, 0.9)
    y, way = JPEG(30).forward(x), Way(SCHEDULE, DDIM(), 40)
    denoise = lambda x_t, sigma, c: x_t / (1 + sigma.view(-1, 1, 1, 1) ** 2)  # noqa: E731
    for how in (DPS(), PiGDM(), Twisted(particles=2, steps=40)):
        told = how.draw(denoise, Observed(JPEG(30), y), way, (1, 8, 8), 2, like=y, rng=Keyed(0)).x
        assert (JPEG(30).forward(told) - y).square().mean() < 0.3 * y.square().mean()
    with pytest.raises(FieldError, match="not linear"):
        Replacing().draw(denoise, Observed(JPEG(30), y), way, (1, 8, 8), 2, like=y, rng=Keyed(0))


def test_a_blurred_picture_is_sharpened_towards_what_was_seen():
    x = numbers(3, 1, 6, 6)
    told, way = Observed(Blur(0.8), Blur(0.8).forward(x), 0.02), Way(SCHEDULE, Heun(), 41)
    denoise = lambda x_t, sigma, c: x_t / (1 + sigma.view(-1, 1, 1, 1) ** 2)  # noqa: E731
    made = PiGDM().draw(denoise, told, way, (1, 6, 6), 3, like=x, rng=Keyed(0)).x
    assert (Blur(0.8).forward(made) - told.y).square().mean().sqrt() < 0.06


def test_a_guide_leads_and_heuristics_have_no_share():
    led = []

    def guide(denoiser):
        return lambda x_t, sigma, c: led.append(1) or denoiser(x_t, sigma, c)

    told = Observed(Matrix(A), torch.zeros(3, 1).double())
    for how, calls in ((PiGDM(), 6), (Replacing(), 6), (RePaint(2, 2, steps=8), 8), (Twisted(2, steps=6), 6)):
        led.clear()
        way = Way(SCHEDULE, DDIM(), 6, guide)
        made = how.draw(three().denoise, told, way, (2,), 3, like=told.y, rng=Keyed(0))
        assert len(led) == calls
        assert made.share.isnan().all() == (how.word == "heuristic")


@pytest.mark.parametrize(
    "make", [lambda: PiGDM(spread=0.0), lambda: DPS(-1.0), lambda: RePaint(times=0), lambda: RePaint(steps=0)]
)
def test_unusable_fields_are_refused(make):
    with pytest.raises(FieldError, match="Expected"):
        make()
