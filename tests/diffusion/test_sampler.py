"""Every sampler x parametrisation x schedule draws the mixture it should; orders, calls, endings, rows."""

import math

import pytest
import torch
from mixtures import Knows, gaussian, three

from likely.diffusion import (
    DDIM,
    DDPM,
    EDM,
    Clean,
    Cosine,
    Euler,
    Geometric,
    Heun,
    Karras,
    Linear,
    Noise,
    Preconditioned,
    Velocity,
    generate,
)
from likely.errors import FieldError
from likely.rng import Keyed

SAMPLERS = {
    "DDPM": (DDPM(), 80),
    "DDIM": (DDIM(), 60),
    "DDIM half": (DDIM(eta=0.5), 80),
    "Euler": (Euler(), 60),
    "Euler churned": (Euler(churn=0.1), 80),
    "Heun": (Heun(), 41),
    "Heun even": (Heun(), 40),
    "Heun churned": (Heun(churn=0.2), 60),
}
SCHEDULES = [Linear(), Cosine(), Geometric(), Karras()]
ROWS = 2000
EXACT = three().draw(200_000)


def start(schedule, rows=ROWS, width=2, seed=0):
    noise = Keyed(seed).normal((rows, width), like=torch.zeros(1, dtype=torch.float64))
    return noise * (1 + schedule.high**2) ** 0.5


def _component(mixture, x):
    nearest = (x[:, None] - mixture.mean).square().sum(2) / mixture.std**2 + 4 * mixture.std.log()
    return (nearest - 2 * mixture.weight.log()).argmin(1)


TRULY = _component(three(), EXACT)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("parametrisation", [Noise(), Clean(), Velocity(), EDM()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_marginals_are_right(name, parametrisation, schedule):
    sampler, calls = SAMPLERS[name]
    mixture = three()
    denoiser = Preconditioned(Knows(parametrisation, mixture), parametrisation)
    drawn = generate(sampler, denoiser, schedule, start(schedule), calls=calls, rng=Keyed(1))
    component = _component(mixture, drawn)
    share, exact_share = (c.bincount(minlength=3) / len(c) for c in (component, TRULY))
    assert (share - exact_share).abs().max() < 4 * 0.5 / math.sqrt(ROWS)
    assert (drawn.mean(0) - EXACT.mean(0)).abs().max() < 0.08
    for k in range(3):
        spread, exact_spread = drawn[component == k].std(0), EXACT[k == TRULY].std(0)
        assert ((spread / exact_spread).log().abs() < 0.15).all(), (spread, exact_spread)


def flow_error(sampler, schedule, calls, std=0.5):
    """Against the flow's solution for a Gaussian: x scales as its standard deviation, sqrt(std^2 + sigma^2)."""
    oracle, rows = gaussian(std), start(schedule, 100)
    steps = sampler.plan(calls)
    levels = schedule.grid(len(steps), like=rows)
    x = rows
    for taken, t, s in zip(steps[:-1], levels[:-2], levels[1:-1]):
        x = taken.step(oracle.denoise, x, t, s, rng=Keyed(0))
    exact = rows * ((std**2 + levels[-2] ** 2) / (std**2 + levels[0] ** 2)).sqrt()
    return float((x - exact).abs().mean())


@pytest.mark.parametrize("schedule", [Karras(), Cosine(low=0.02), Linear(first=0.01)], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(
    ("sampler", "order", "calls"), [(Euler(), 1, 400), (DDIM(), 1, 400), (Heun(), 2, 401), (Heun(), 2, 400)], ids=repr
)
def test_the_order_of_convergence(sampler, order, calls, schedule):
    coarse, fine = flow_error(sampler, schedule, calls), flow_error(sampler, schedule, 2 * calls - calls % 2)
    assert abs(math.log2(coarse / fine) - order) < 0.15 * order


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5, 50, 51])
@pytest.mark.parametrize("name", SAMPLERS)
def test_exactly_as_many_calls_as_asked(name, calls):
    counted = []

    def denoiser(x_t, sigma, c):
        counted.append(sigma)
        return three().denoise(x_t, sigma, c)

    drawn = generate(SAMPLERS[name][0], denoiser, Karras(), start(Karras(), 10), calls=calls, rng=Keyed(0))
    assert len(counted) == calls
    assert torch.isfinite(drawn).all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_last_step_ends_at_the_data(name):
    points = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    drawn = generate(
        SAMPLERS[name][0], lambda x, s, c: points.expand_as(x), Karras(), start(Karras(), 5), calls=9, rng=Keyed(0)
    )
    assert torch.equal(drawn, points.expand(5, 2))


def test_ddim_without_noise_is_euler_and_with_all_of_it_ddpm():
    mixture, schedule = three(), Cosine()
    ends = {
        name: generate(sampler, mixture.denoise, schedule, start(schedule, 50), calls=20, rng=Keyed(4))
        for name, sampler in {"ddim": DDIM(), "euler": Euler(), "full": DDIM(eta=1.0), "ddpm": DDPM()}.items()
    }
    assert torch.allclose(ends["ddim"], ends["euler"], atol=1e-9)
    assert torch.allclose(ends["full"], ends["ddpm"], atol=1e-9)


def test_a_variance_preserving_step_is_ours_seen_through_the_scaling():
    """DDPM's own formulas (Ho et al., eqs. 6 and 7), in a x_t with a^2 + b^2 = 1."""
    t, s, x_t = torch.tensor(1.3).double(), torch.tensor(0.9).double(), torch.randn(6, 2).double()
    clean = torch.randn(6, 2).double()
    above, below = 1 / (1 + t**2), 1 / (1 + s**2)  # alpha-bar
    alpha = above / below
    mean = (
        below.sqrt() * (1 - alpha) / (1 - above) * clean + alpha.sqrt() * (1 - below) / (1 - above) * above.sqrt() * x_t
    )
    std = ((1 - below) / (1 - above) * (1 - alpha)).sqrt()
    theirs = (mean + std * Keyed(0).normal((6, 2), like=x_t)) / below.sqrt()
    ours = DDPM().step(lambda x, sigma, c: clean, x_t, t, s, rng=Keyed(0))
    assert torch.allclose(ours, theirs)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_row_does_not_depend_on_its_company(name):
    mixture, schedule = three(), Karras()
    whole, part = (
        generate(SAMPLERS[name][0], mixture.denoise, schedule, start(schedule, rows), calls=11, rng=Keyed(3))
        for rows in (20, 7)
    )
    assert torch.allclose(whole[:7], part, atol=1e-9)


def test_no_calls_are_refused():
    with pytest.raises(FieldError, match="0 network calls"):
        generate(Euler(), three().denoise, Karras(), start(Karras(), 2), calls=0, rng=Keyed(0))


@pytest.mark.parametrize("make", [lambda: DDIM(eta=2), lambda: Heun(churn=-1), lambda: Euler(churn=7)])
def test_settings_outside_their_range_are_refused(make):
    with pytest.raises(FieldError, match="from 0 to 1"):
        make()
