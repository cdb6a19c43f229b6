"""Ancestral sampling: DDPM's own formulas, and what eta is between."""

import math

import pytest
import torch
from mixtures import start, three
from orders import SCHEDULES, fitted_order

from likely.diffusion import DDIM, DDPM, Cosine, Euler, Karras, generate
from likely.errors import FieldError
from likely.rng import Keyed


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
    ours = DDPM().step(lambda x, sigma: clean, x_t, t, s, rng=Keyed(0)).x
    assert torch.allclose(ours, theirs)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_a_step_given_the_truth_has_the_marginal_of_its_level(eta):
    """x_s = x + s eps, whatever eta, where the clean data are known: a wrong share of fresh noise is seen at once."""
    t, s = torch.tensor(1.3).double(), torch.tensor(0.6).double()
    clean = torch.zeros(100_000, 1).double()
    x_t = t * Keyed(0).normal((100_000, 1), like=clean)
    x_s = DDIM(eta=eta).step(lambda x, sigma: clean, x_t, t, s, rng=Keyed(1)).x
    assert abs(float(x_s.std() / s) - 1) < 0.01


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_ddim_is_of_order_one(schedule):
    assert abs(fitted_order(DDIM(), schedule, (50, 100, 200, 400)) - 1) < 0.15


@pytest.mark.parametrize("sampler", [DDPM(), DDIM(eta=0.5)], ids=["DDPM", "half"])
def test_fresh_noise_leaves_the_variance_an_error_of_order_one(sampler):
    """The weak order: of a Gaussian's standard deviation, which a path's own error says nothing about."""
    spread, low, high, calls = 0.5, 0.02, 20.0, (16, 32, 64)
    x = (high**2 + spread**2) ** 0.5 * Keyed(3).normal((200_000, 1), like=torch.zeros(1, dtype=torch.float64))

    def denoise(x_t, sigma, c):
        return x_t * (spread**2 / (spread**2 + sigma[:, None] ** 2))

    wanted = spread**2 / (spread**2 + low**2) ** 0.5  # the last look is at the lowest level
    drawn = [generate(sampler, denoise, Karras(low=low, high=high), x, calls=n, rng=Keyed(1)) for n in calls]
    errors = torch.stack([(rows.std() / wanted - 1).abs() for rows in drawn]).log()
    order = float(errors[0] - errors[2]) / math.log(calls[2] / calls[0])
    assert abs(order - 1) < 0.15


def test_an_eta_outside_its_range_is_refused():
    with pytest.raises(FieldError, match="from 0 to 1"):
        DDIM(eta=2)
