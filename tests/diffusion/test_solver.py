"""Euler and Heun: their orders, their steps by hand, noise put back where it is wanted."""

import pytest
import torch
from mixtures import gaussian, start
from orders import SCHEDULES, fitted_order

from likely.diffusion import Euler, Heun, Karras, Linear
from likely.errors import FieldError
from likely.rng import Keyed

T, S = torch.tensor(1.5).double(), torch.tensor(0.7).double()


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(
    ("sampler", "order", "counts"),
    [(Euler(), 1, (50, 100, 200, 400)), (Heun(), 2, (61, 121, 241, 481)), (Heun(), 2, (60, 120, 240, 480))],
    ids=["Euler", "Heun", "Heun even"],
)
def test_the_order_of_convergence(sampler, order, counts, schedule):
    assert abs(fitted_order(sampler, schedule, counts) - order) < 0.15 * order


def flow_error(sampler, schedule, calls, std=0.5):
    """Against the flow's solution for a Gaussian: x scales as its standard deviation, sqrt(std^2 + sigma^2)."""
    x = rows = start(schedule, 100)
    *legs, last = sampler.plan(calls, schedule)
    for by, t, s in legs:
        x = by.step(lambda x, level: gaussian(std).denoise(x, level.expand(100)), x, t, s, rng=Keyed(0)).x
    return float((x - rows * ((std**2 + last.t**2) / (std**2 + schedule.high**2)).sqrt()).abs().mean())


@pytest.mark.parametrize(("sampler", "order"), [(Euler(), 1), (Heun(), 2)], ids=["Euler", "Heun"])
def test_the_order_on_a_formula_under_ddpm_s_schedule(sampler, order):
    ratio = flow_error(sampler, Linear(first=0.01), 401) / flow_error(sampler, Linear(first=0.01), 801)
    assert abs(torch.tensor(ratio).log2() - order) < 0.15 * order


def test_a_step_of_heun_by_hand():
    def look(x, level):
        return x / (1 + level**2)

    x = torch.tensor([[2.0]]).double()
    slope = (x - look(x, T)) / T
    there = x + (S - T) * slope
    wanted = x + (S - T) * (slope + (there - look(there, S)) / S) / 2
    assert torch.allclose(Heun().step(look, x, T, S, rng=Keyed(0)).x, wanted)


@pytest.mark.parametrize("sampler", [Euler(churn=0.3), Heun(churn=0.3)], ids=["Euler", "Heun"])
def test_churn_raises_the_level_before_a_step(sampler):
    seen = []

    def look(x, level):
        seen.append((float(level), float(x.std())))
        return torch.zeros_like(x)

    sampler.step(look, T * torch.randn(50_000, 1).double(), T, S, rng=Keyed(0))
    assert abs(seen[0][0] - 1.3 * 1.5) < 1e-9
    assert abs(seen[0][1] / (1.3 * 1.5) - 1) < 0.02


def test_churn_keeps_between_its_floor_and_its_ceiling():
    levels = []

    def look(x, level):
        levels.append(float(level))
        return x

    sampler, schedule = Heun(churn=0.4, floor=0.1, ceiling=2.0), Karras()
    for by, t, s in sampler.plan(21, schedule):
        before = len(levels)
        by.step(look, torch.zeros(1, 1).double(), t, s, rng=Keyed(0))
        stirred = 1.4 if 0.1 <= t <= 2.0 else 1.0
        assert abs(levels[before] / (stirred * float(t)) - 1) < 1e-9


@pytest.mark.parametrize("make", [lambda: Heun(churn=-1), lambda: Euler(churn=7)])
def test_a_churn_outside_its_range_is_refused(make):
    with pytest.raises(FieldError, match="from 0 to 1"):
        make()
