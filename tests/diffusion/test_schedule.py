"""Every schedule: rising levels, exact ends, its own law of levels, errors that teach."""

import math

import pytest
import torch

from likely.diffusion import Cosine, Geometric, Karras, Linear, Listed, Straight
from likely.errors import FieldError

SCHEDULES = [Linear(), Cosine(), Geometric(), Straight(), Karras(), Karras(centre=-2.0, width=1.5),
             Listed((20.0, 3.0, 0.5, 0.004))]  # fmt: skip


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_levels_rise_from_low_to_high(schedule):
    level = schedule.level(torch.linspace(0, 1, 101, dtype=torch.float64))
    assert (level[1:] > level[:-1]).all()
    assert math.isclose(level[0], schedule.low, rel_tol=1e-6)
    assert math.isclose(level[-1], schedule.high, rel_tol=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_the_grid_falls_from_high_through_low_to_the_data(schedule, steps):
    grid = schedule.grid(steps)
    assert grid.dtype == torch.float64
    assert len(grid) == steps + 1
    assert (grid[1:] < grid[:-1]).all()
    assert grid[-1] == 0
    assert math.isclose(grid[0], schedule.high, rel_tol=1e-9)
    if steps > 1:
        assert math.isclose(grid[-2], schedule.low, rel_tol=1e-9)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_float32_levels_stay_finite_and_inside(schedule):
    level = schedule.level(torch.linspace(0, 1, 1001))
    assert level.dtype == torch.float32
    assert torch.isfinite(level).all()
    assert level.min() >= 0.999 * schedule.low
    assert level.max() <= 1.001 * schedule.high


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_rate_is_the_derivative_of_the_log_level(schedule):
    t = torch.linspace(0.01, 0.99, 99, dtype=torch.float64, requires_grad=True)
    level = schedule.level(t)
    (slope,) = torch.autograd.grad(level.log().sum(), t)
    assert torch.allclose(schedule.rate(level.detach()), slope, rtol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "kept"),
    [
        (Linear(), lambda a, b: a**2 + b**2),  # variance preserving
        (Cosine(), lambda a, b: a**2 + b**2),
        (Geometric(), lambda a, b: a),  # variance exploding
        (Karras(), lambda a, b: a),
        (Straight(), lambda a, b: a + b),  # flow matching
    ],
    ids=lambda s: type(s).__name__,
)
def test_every_process_keeps_what_its_name_says(schedule, kept):
    level = schedule.level(torch.linspace(0, 1, 50, dtype=torch.float64))
    signal = schedule.scale(level)
    assert torch.allclose(kept(signal, signal * level), torch.ones(50, dtype=torch.float64))


def test_straight_moves_evenly_from_data_to_noise():
    level = Straight().level(torch.linspace(0, 1, 11, dtype=torch.float64))
    share = Straight().scale(level) * level
    assert torch.allclose(share.diff(), share.diff()[0].expand(10))


def test_linear_is_ddpm_with_a_thousand_betas():
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    signal = torch.cumprod(1 - betas, 0)
    ddpm = ((1 - signal) / signal).sqrt()
    ours = Linear(first=1e-12).level(torch.arange(1, 1001, dtype=torch.float64) / 1000)
    assert torch.allclose(ours[1:].log(), ddpm[1:].log(), atol=0.06)


def test_cosine_is_the_angle():
    level = Cosine(low=1e-6, high=1e6).level(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
    signal = (1 + level**2).rsqrt()
    assert torch.allclose(
        signal, torch.cos(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64) * math.pi / 2), atol=1e-5
    )


def test_karras_levels_are_log_normal_between_the_ends():
    t = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    log_level = Karras(low=1e-6, high=1e6).level(t).log()
    assert math.isclose(log_level.mean(), -1.2, abs_tol=1e-3)
    assert math.isclose(log_level.std(), 1.2, abs_tol=1e-3)


def test_karras_steps_are_even_in_the_root():
    roots = Karras(rho=3.0).grid(11)[:-1] ** (1 / 3)
    gaps = roots[:-1] - roots[1:]
    assert torch.allclose(gaps, gaps[0].expand(10))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Karras(low=2, high=1),
        lambda: Cosine(low=0),
        lambda: Geometric(high=math.inf),
        lambda: Straight(low=-1),
        lambda: Karras(rho=0),
        lambda: Linear(start=-1),
    ],
)
def test_no_rising_noise_is_refused(make):
    with pytest.raises(FieldError, match=r"noise|rho"):
        make()
