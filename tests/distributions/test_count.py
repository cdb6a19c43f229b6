"""Counts against scipy's masses, sums to one, and frequencies."""

import numpy as np
import pytest
import torch
from scipy import stats

from likely.distributions import (
    NegativeBinomial,
    Poisson,
    draw_gamma,
    draw_poisson,
    log_negative_binomial,
    log_poisson,
)
from likely.rng import Keyed

DOUBLE = torch.float64


@pytest.mark.parametrize("mean", [1e-3, 0.7, 40.0, 1e6])
def test_poisson_against_scipy(mean):
    x = torch.arange(0, 3 * int(mean) + 20, max(1, int(mean) // 50), dtype=DOUBLE)
    scored = log_poisson(x, torch.tensor(mean, dtype=DOUBLE).log())
    np.testing.assert_allclose(scored, stats.poisson(mean).logpmf(x.numpy()), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("shape", [1e-2, 1.0, 30.0, 1e5])
@pytest.mark.parametrize("mean", [0.3, 40.0, 1e5])
def test_negative_binomial_against_scipy(mean, shape):
    x = torch.arange(0, 3 * int(mean) + 20, max(1, int(mean) // 50), dtype=DOUBLE)
    log_mean, log_shape = torch.tensor([mean, shape], dtype=DOUBLE).log()
    scored = log_negative_binomial(x, log_mean, log_shape)
    np.testing.assert_allclose(
        scored, stats.nbinom(shape, shape / (shape + mean)).logpmf(x.numpy()), rtol=1e-6, atol=1e-5
    )


def test_the_negative_binomial_tends_to_poisson():
    x = torch.arange(20, dtype=DOUBLE)
    log_mean, log_shape = torch.tensor([3.0, 1e9], dtype=DOUBLE).log()
    torch.testing.assert_close(
        log_negative_binomial(x, log_mean, log_shape), log_poisson(x, log_mean), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("law", [Poisson(), NegativeBinomial()], ids=repr)
def test_masses_sum_to_one_and_are_what_is_drawn(law):
    torch.manual_seed(0)
    raw = torch.randn(1, law.parameters, 1, dtype=DOUBLE)
    every = torch.arange(5000, dtype=DOUBLE)[:, None]
    mass = law.log_prob(every, raw.expand(5000, -1, -1)).exp().flatten()
    assert abs(mass.sum() - 1) < 1e-9
    torch.testing.assert_close((mass * every.flatten()).sum(), law.mean(raw)[0, 0])
    drawn = law.draw(raw.expand(40_000, -1, -1), rng=Keyed(0)).flatten()
    share = torch.bincount(drawn.long(), minlength=5000)[:5000] / 40_000
    assert ((share - mass).abs() < 5 * 0.5 / 200).all()


@pytest.mark.parametrize("mean", [1e-8, 0.5, 1e6])
def test_poisson_draws(mean):
    drawn = draw_poisson(torch.full((20_000,), mean, dtype=DOUBLE), Keyed(0))
    assert (drawn == drawn.floor()).all()
    assert (drawn >= 0).all()
    assert abs(drawn.mean() - mean) < 5 * (mean / 20_000) ** 0.5 + 1e-9
    assert drawn.var().item() == pytest.approx(mean, rel=0.06, abs=1e-6)


@pytest.mark.parametrize("shape", [0.05, 1.0, 300.0])
def test_gamma_draws(shape):
    drawn = draw_gamma(torch.full((20_000,), shape, dtype=DOUBLE), Keyed(0))
    assert stats.kstest(drawn.numpy(), stats.gamma(shape).cdf).pvalue > 1e-3


def test_extremes_stay_finite():
    raw = torch.tensor([[1e6], [-1e6]], dtype=DOUBLE).view(1, 2, 1)
    for law in (Poisson(), NegativeBinomial()):
        for sign in (1, -1):
            assert torch.isfinite(law.log_prob(torch.tensor([[3.0]], dtype=DOUBLE), sign * raw)).all()
            assert torch.isfinite(law.draw(sign * raw, rng=Keyed(0))).all()
