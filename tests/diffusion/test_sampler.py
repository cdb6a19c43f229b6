"""Every sampler x parametrisation x schedule draws the mixture it should, in as many calls as asked, down to the data.

The tests of marginals are tests: bugs that were planted fail them.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

import pytest
import torch
from mixtures import Knows, atomic, misfit, start, three

from likely.diffusion import (
    DDIM,
    DDPM,
    EDM,
    Adaptive,
    AnnealedLangevin,
    Clean,
    Cosine,
    DPMSolver,
    Euler,
    Flow,
    Geometric,
    Heun,
    Karras,
    Langevin,
    Linear,
    Moved,
    Noise,
    Preconditioned,
    PredictorCorrector,
    Sampler,
    Score,
    Stepper,
    Straight,
    UniPC,
    Velocity,
    Watched,
    generate,
    walked,
)
from likely.diffusion.sampler import along, shared
from likely.errors import FieldError
from likely.rng import Keyed

SAMPLERS = {  # with calls enough for a sample that passes
    "DDPM": (DDPM(), 80),
    "DDIM": (DDIM(), 60),
    "DDIM half": (DDIM(eta=0.5), 80),
    "Euler": (Euler(), 60),
    "Euler churned": (Euler(churn=0.1), 80),
    "Heun": (Heun(), 41),
    "Heun even": (Heun(), 40),
    "Heun churned": (Heun(churn=0.2, ceiling=5.0), 60),
    "2M": (DPMSolver(2), 60),
    "3M": (DPMSolver(3), 80),
    "UniPC": (UniPC(2), 60),
    "UniPC 3": (UniPC(3), 80),
    "annealed Langevin": (AnnealedLangevin(), 1000),
    "corrected DDPM": (PredictorCorrector(), 120),
    "corrected 2M": (PredictorCorrector(DPMSolver(), 2), 150),
    "adaptive": (Adaptive(), 200),
}
ALL = SAMPLERS | {"Langevin": (Langevin(), 50), "corrected Heun": (PredictorCorrector(Heun(), 3), 60)}
EXACT = [name for name in ALL if name != "adaptive"]  # as many calls as asked; `adaptive` makes no more
SCHEDULES = [Linear(), Cosine(), Geometric(), Straight(), Karras()]
PARAMETRISATIONS = [Noise(), Clean(), Velocity(), Score(), Flow(), EDM()]
ROWS = 2000


def made(sampler, schedule=Karras(), calls=60, denoiser=None, rows=ROWS):
    denoise = denoiser or atomic().denoise
    return generate(sampler, denoise, schedule, start(schedule, rows), calls=calls, rng=Keyed(1))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_marginals_are_right(name, schedule):
    sampler, calls = SAMPLERS[name]
    assert misfit(made(sampler, schedule, calls), atomic()) < 1


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("name", SAMPLERS)
def test_every_parametrisation_goes_the_same_way(name, parametrisation, schedule):
    """Row by row and draw by draw: so the marginals above are those of every parametrisation."""
    sampler, knows = SAMPLERS[name][0], Preconditioned(Knows(parametrisation, three()), parametrisation)
    one, other = (made(sampler, schedule, 12, denoiser, rows=20) for denoiser in (knows, three().denoise))
    assert torch.allclose(one, other, atol=1e-7)


# Bugs, planted: the test of marginals finds each of them --------------------------------------------------------------


def test_exact_draws_pass():
    assert misfit(atomic().draw(ROWS), atomic()) < 1


@dataclass(frozen=True)
class Short(Sampler):
    """A last step left out."""

    sampler: Sampler

    def plan(self, calls, schedule):
        return self.sampler.plan(calls, schedule)[:-1]


@dataclass(frozen=True)
class Shifted(Sampler):
    """Every look is told the next level but the last: an index off by one."""

    sampler: Sampler

    def plan(self, calls, schedule):
        return tuple(leg._replace(by=Late(leg.by)) for leg in self.sampler.plan(calls, schedule))


@final
@dataclass(frozen=True)
class Late(Stepper):
    by: Stepper

    def step(self, look, x_t, t, s, *, past=(), rng):
        return self.by.step(lambda x, level: look(x, level if s == 0 else s), x_t, t, s, past=past, rng=rng)


@final
@dataclass(frozen=True)
class Noisy(Sampler, Stepper):
    """DDIM's fresh noise without taking it from the old: a wrong eta."""

    def plan(self, calls, schedule):
        return along((self,) * calls, schedule)

    def step(self, look, x_t, t, s, *, past=(), rng):
        moved = DDIM().step(look, x_t, t, s, rng=rng)
        fresh = 0.5 * s * (1 - (s / t) ** 2).sqrt()
        return Moved(moved.x + fresh * rng.normal(x_t.shape, like=x_t), moved.clean)


PLANTED = {
    "a last step left out": (Short(DDIM()), 60),
    "a last step left out of 2M": (Short(DPMSolver()), 60),
    "a level off by one": (Shifted(DDIM()), 30),
    "a level off by one in 2M": (Shifted(DPMSolver()), 30),
    "a wrong eta": (Noisy(), 60),
    "moves too large": (AnnealedLangevin(size=1.0), 300),
}


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, schedule):
    sampler, calls = PLANTED[bug]
    assert misfit(made(sampler, schedule, calls), atomic()) > 1.2


@pytest.mark.parametrize("name", SAMPLERS)
def test_two_planted_bugs_are_found_in_every_sampler(name):
    """Annealed Langevin makes many moves at a level, and does not mind that it is told the next one."""
    sampler, calls = SAMPLERS[name]
    assert misfit(made(Short(sampler), Cosine(), calls), atomic()) > 1.2
    if name != "annealed Langevin":
        assert misfit(made(Shifted(sampler), Cosine(), calls), atomic()) > 1.2


# Calls, legs and endings ----------------------------------------------------------------------------------------------


def counted(sampler, calls, rows=10, denoiser=None):
    seen = []

    def denoise(x_t, sigma, c):
        seen.append(sigma)
        return (denoiser or three().denoise)(x_t, sigma)

    walk = walked(sampler, denoise, Karras(), start(Karras(), rows), calls=calls, rng=Keyed(0))
    assert torch.isfinite(walk.x).all()
    assert walk.calls == len(seen)
    return walk.calls


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5, 6, 7, 8, 19, 50, 51, 100])
@pytest.mark.parametrize("name", EXACT)
def test_exactly_as_many_calls_as_asked(name, calls):
    assert counted(ALL[name][0], calls) == calls


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5, 6, 7, 8, 19, 50, 51, 1000])
def test_an_adaptive_sampler_makes_no_more_calls_and_says_how_many(calls):
    assert counted(Adaptive(), calls) <= calls


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("calls", [1, 3, 20])
@pytest.mark.parametrize("name", ALL)
def test_no_leg_is_missing_and_none_is_empty(name, calls, schedule):
    legs = ALL[name][0].plan(calls, schedule)
    assert legs[-1].s == 0
    assert all(leg.t > 0 for leg in legs)
    assert all(before.s == after.t or isinstance(after.by, Langevin) for before, after in pairwise(legs))
    assert all(leg.s < leg.t or isinstance(leg.by, Langevin) for leg in legs)
    if name != "Langevin":
        assert legs[0].t == schedule.grid(1)[0]
    if calls >= 20:
        assert legs[-1].t == schedule.grid(2)[1]


@pytest.mark.parametrize("name", ALL)
def test_the_last_step_ends_at_the_data(name):
    points = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    drawn = made(ALL[name][0], calls=9, denoiser=lambda x, s, c: points.expand_as(x), rows=5)
    assert torch.equal(drawn, points.expand(5, 2))


@pytest.mark.parametrize("name", ALL)
def test_a_row_does_not_depend_on_its_company(name):
    whole, part = (made(ALL[name][0], calls=31, denoiser=three().denoise, rows=rows) for rows in (20, 7))
    assert torch.allclose(whole[:7], part, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_itself_and_finite(name):
    schedule, mixture = Linear(), three()

    def denoise(x_t, sigma, c):
        assert x_t.dtype == sigma.dtype == torch.float32
        return mixture.denoise(x_t.double(), sigma.double()).float()

    rows = start(schedule, 50).float()
    drawn = generate(ALL[name][0], denoise, schedule, rows, calls=41, rng=Keyed(1))
    assert drawn.dtype == torch.float32
    assert torch.isfinite(drawn).all()
    assert drawn.abs().max() < 4 or name == "Langevin"  # which is on its way still


@pytest.mark.parametrize("name", ALL)
def test_images_and_conditions_pass_through(name):
    seen, c = [], torch.arange(3.0)

    def denoise(x_t, sigma, given):
        seen.append(given)
        assert sigma.shape == (3,)
        return x_t / (1 + sigma.view(3, 1, 1, 1) ** 2)

    x = torch.randn(3, 1, 4, 4)
    assert generate(ALL[name][0], denoise, Karras(), 20 * x, c, calls=12, rng=Keyed(0)).shape == x.shape
    assert all(given is c for given in seen)


def test_no_calls_are_refused():
    with pytest.raises(FieldError, match="0 network calls"):
        made(Euler(), calls=0)


def test_a_watched_denoiser_counts_and_spreads_its_level():
    look = Watched(lambda x, sigma, c: sigma, None)
    assert torch.equal(look(torch.zeros(3, 2), torch.tensor(0.5)), torch.full((3,), 0.5))
    assert torch.equal(look(torch.zeros(2, 2), torch.tensor([1.0, 2.0])), torch.tensor([1.0, 2.0]))
    assert look.calls == 2


def test_what_is_left_over_goes_to_the_last_places():
    assert shared(11, 4) == [2, 3, 3, 3]
    assert shared(2, 4) == [0, 0, 1, 1]


def test_another_schedule_than_a_sampler_was_planned_for_is_only_another_grid():
    assert replace(Karras(), rho=3.0).grid(5)[0] == Karras().grid(5)[0]
