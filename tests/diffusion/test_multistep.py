"""DPM-Solver++ and UniPC: exact on polynomials, their papers' formulas, their orders, and what breaks a way."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import pytest
import torch
from orders import HIGH, LOW, SCHEDULES, fitted_order, path_error

from likely.diffusion import DDIM, DPMSolver, Geometric, Karras, Sampler, Seen, Stepper, UniPC
from likely.diffusion.multistep import reaching, unbroken, weights
from likely.diffusion.sampler import along
from likely.errors import FieldError
from likely.rng import Keyed

LEVELS = [torch.tensor(level).double() for level in (0.8, 1.3, 2.9)]
T, S = LEVELS[0], torch.tensor(0.5).double()


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_three_looks_are_exact_on_polynomials(degree):
    """Against the integral by a sum of many terms."""
    h = math.log(T / S)
    u = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000 * h
    wanted = (torch.exp(u - h) * u**degree).mean() * h
    looks = [math.log(T / level) ** degree for level in LEVELS]
    assert math.isclose(sum(w * look for w, look in zip(weights(LEVELS, T, S), looks)), wanted, rel_tol=1e-8)


def test_one_look_is_ddim():
    w = weights(LEVELS[:1], T, S)
    assert math.isclose(w[0], 1 - S / T)
    assert abs(path_error(DPMSolver(1), Karras(low=0.02), 20) - path_error(DDIM(), Karras(low=0.02), 20)) < 1e-12


def test_two_looks_are_dpm_solver_s_own_formula_and_three_the_divided_differences():
    """Lu et al. (2022): for 2M (1 - e^-h) (D + D' h / 2); then D + phi D' h + psi D'' h^2 / 2 through three looks."""
    seen = [0.3, -0.2, 0.7]
    h, h_1, h_2 = (math.log(a / b) for a, b in ((T, S), (LEVELS[1], T), (LEVELS[2], LEVELS[1])))
    first, second = (seen[0] - seen[1]) / h_1, (seen[1] - seen[2]) / h_2
    two = -math.expm1(-h) * (seen[0] + first * h / 2)
    bend = (first - second) / (h_1 + h_2)  # half of D''
    phi = 1 + math.expm1(-h) / h
    three = -math.expm1(-h) * seen[0] + phi * (first + h_1 * bend) * h + (1 - 2 * phi / h) * bend * h**2
    for wanted, count in ((two, 2), (three, 3)):
        ours = sum(w * look for w, look in zip(weights(LEVELS[:count], T, S), seen))
        assert math.isclose(ours, wanted, rel_tol=1e-9)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(
    ("sampler", "order"),
    [(DPMSolver(1), 1), (DPMSolver(2), 2), (DPMSolver(3), 3), (UniPC(1), 2), (UniPC(2), 3), (UniPC(3), 4)],
    ids=["1M", "2M", "3M", "UniPC 1", "UniPC 2", "UniPC 3"],
)
def test_the_order_of_convergence(sampler, order, schedule):
    assert abs(fitted_order(sampler, schedule, (100, 200, 400)) - order) < 0.15 * order


@final
@dataclass(frozen=True)
class Mistaken(Sampler, Stepper):
    """2M that takes what it saw before for a look from one level earlier: a planted bug."""

    def plan(self, calls, schedule):
        return along((self,) * calls, schedule)

    def step(self, look, x_t, t, s, *, past=(), rng):
        wrong = tuple(Seen(above.level, seen.clean) for seen, above in pairwise(past))
        return DPMSolver(2).step(look, x_t, t, s, past=wrong, rng=rng)


def test_a_planted_bug_costs_the_order():
    assert fitted_order(Mistaken(), Karras(low=0.02), (80, 160, 320, 640)) < 1.3


@pytest.mark.parametrize("schedule", [Karras(LOW, HIGH), Geometric(LOW, HIGH)], ids=lambda s: type(s).__name__)
def test_few_calls_are_closer_than_many_of_ddim(schedule):
    errors = [path_error(sampler, schedule, 20) for sampler in (DPMSolver(2), DPMSolver(3), UniPC(2))]
    assert max(errors) < path_error(DDIM(), schedule, 50)


@pytest.mark.parametrize("schedule", SCHEDULES[1:], ids=lambda s: type(s).__name__)
def test_three_looks_are_no_worse_than_two_where_the_last_legs_are_long(schedule):
    """Found beside another library, whose last steps are of a lower order: a parabola overshot on a long last leg."""
    assert path_error(DPMSolver(3), schedule, 30) < path_error(DPMSolver(2), schedule, 30)
    assert path_error(UniPC(3), schedule, 30) < path_error(UniPC(2), schedule, 30)


def test_a_leg_much_longer_than_the_one_before_leaves_by_two_looks():
    looks = tuple(Seen(level, level) for level in LEVELS)
    assert reaching(looks, LEVELS[0] ** 2 / LEVELS[1]) == looks
    assert reaching(looks, LEVELS[0] ** 3 / LEVELS[1] ** 2) == looks[:2]
    assert reaching(looks[:2], torch.tensor(0.01).double()) == looks[:2]


def test_a_way_is_broken_where_a_level_does_not_fall():
    first, second, third = (Seen(level, level) for level in LEVELS)
    assert unbroken((second, third), T) == (second, third)
    assert unbroken((first, second), T) == ()
    assert unbroken((second, second, third), T) == (second,)
    assert unbroken((), T) == ()


def test_the_last_leg_is_what_is_seen():
    clean = torch.randn(3, 2).double()
    for sampler in (DPMSolver(3), UniPC(3)):
        past = tuple(Seen(level, torch.randn(3, 2).double()) for level in LEVELS[1:])
        moved = sampler.step(lambda x, level: clean, torch.randn(3, 2).double(), T, 0 * T, past=past, rng=Keyed(0))
        assert torch.equal(moved.x, clean)


@pytest.mark.parametrize("make", [lambda: DPMSolver(0), lambda: UniPC(4)])
def test_an_order_beyond_what_is_kept_is_refused(make):
    with pytest.raises(FieldError, match="order"):
        make()
