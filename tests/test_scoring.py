"""Scores of cells: estimators against closed forms, keys of content."""

import math
from typing import final

import torch

from likely.codecs import Cells, Lift
from likely.contracts import Estimate, Estimated, Lifted, Reconstructs
from likely.families.factor_analysis import FactorAnalysis
from likely.families.vae import VAE
from likely.rng import Keyed
from likely.scoring import averaged, content_keys, importance_weighted, scored, strangeness, terms, used
from likely.spaces import Category, Vector, reals


def test_importance_weights_reach_the_log_of_their_mean_with_an_honest_error():
    weights = Keyed(0).normal((400, 256), like=torch.empty(0, dtype=torch.float64)) * 0.5
    value, error, _ = importance_weighted(weights)
    exact = 0.125  # log E exp(0.5 z)
    assert abs(value.mean() - exact) < 0.01
    assert abs(((value - exact) / error).std() - 1) < 0.2


def test_averages_have_the_error_of_a_mean():
    value, error, _ = averaged(torch.tensor([[1.0, 3.0]], dtype=torch.float64))
    assert (value.item(), error.item()) == (2.0, math.sqrt(2) / math.sqrt(2))


def test_a_key_depends_on_the_row_s_cells_alone():
    x = torch.randn(50, 3)
    keys = content_keys(x)
    assert torch.equal(content_keys(x.flip(0)).flip(0), keys)
    assert torch.equal(content_keys(x[7:9]), keys[7:9])
    assert len(keys.unique()) == 50


def test_a_mapped_page_has_the_key_of_the_same_page_in_memory():
    page = torch.randint(0, 256, (3, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(content_keys(page), content_keys(page.long()))


def test_the_terms_of_a_bound_are_in_the_data_s_units():
    """A column times 1000 moves the fit by log 1000 and leaves the rate."""
    torch.manual_seed(0)
    model, x = VAE(latent=2).build(reals(2)).eval(), torch.randn(300, 2)
    lift, ladj = Lift.of(VAE(), reals(2)), torch.full((300,), -math.log(1000.0), dtype=torch.float64)
    plain = terms(model, lift, Cells(x, torch.zeros(300, dtype=torch.float64)), None, seed=1)
    moved = terms(model, lift, Cells(x, ladj), None, seed=1)
    torch.testing.assert_close(moved.fit, plain.fit + ladj)
    assert torch.equal(moved.rate, plain.rate)
    alone = terms(model, lift, Cells(x[7:8], ladj[7:8]), None, seed=1)
    torch.testing.assert_close(alone.value, moved.value[7:8], rtol=1e-5, atol=1e-5)


def test_latents_are_told_row_by_row():
    torch.manual_seed(0)
    model, x = VAE(latent=2).build(reals(2)).eval(), torch.randn(300, 2)
    lift = Lift.of(VAE(), reals(2))
    told = used(model, lift, x, None, seed=1)
    assert told.rate.shape == (300, 2)
    alone = used(model, lift, x[200:201], None, seed=1)
    torch.testing.assert_close(alone.rate, told.rate[200:201], rtol=1e-4, atol=1e-5)


@final
class Apart(Reconstructs):
    """Reals that are strange by their size; codes are the rows."""

    codes = reals(2)
    caveat = ""

    def encode(self, x, c=None):
        return x

    def decode(self, z, c=None):
        return z

    def misfit(self, x, c=None):
        return x.square().sum(1)

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, 2)


def test_strangeness_is_a_misfit_or_minus_log_p():
    x, ladj = torch.randn(1500, 2), torch.randn(1500, dtype=torch.float64)
    lift = Lift(reals(2), Lifted.NOT)
    told = strangeness(Apart(reals(2)), lift, Cells(x, ladj), None, seed=0)
    torch.testing.assert_close(told, x.square().sum(1).double())
    density = FactorAnalysis(factors=1).build(reals(2))
    density.observe(x)
    density.finish()
    told = strangeness(density, lift, Cells(x, ladj), None, seed=0)
    torch.testing.assert_close(told, -scored(density, lift, Cells(x, ladj), None, seed=0).nats)


@final
class Guessed(Estimated):
    """log N(x; 0, I), with noise of a known size and a known solver's error."""

    def log_prob_estimate(self, x, c=None, *, rng):
        exact = -(x.square().sum(1) + x.shape[1] * math.log(2 * math.pi)) / 2
        noise = 0.2 * rng.normal((len(x),), like=x)
        return Estimate(exact + noise, torch.full((len(x),), 0.2), torch.full((len(x),), 0.01))

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, *self.space.shape), like=torch.empty(0))


def test_an_estimate_of_reals_carries_its_two_errors():
    x, ladj = torch.randn(1500, 2), torch.ones(1500, dtype=torch.float64)
    told = scored(Guessed(reals(2)), Lift(reals(2), Lifted.DEQUANTISED), Cells(x, ladj), None, seed=0)
    exact = 1 - (x.square().sum(1) + 2 * math.log(2 * math.pi)) / 2
    assert told.kind == "≈"
    assert abs(float(((told.nats - exact) / told.stderr).std()) - 1) < 0.1
    assert torch.allclose(told.error, torch.tensor(0.01).double())
    alone = scored(Guessed(reals(2)), Lift(reals(2), Lifted.DEQUANTISED), Cells(x[7:9], ladj[7:9]), None, seed=0)
    torch.testing.assert_close(alone.nats, told.nats[7:9])


def test_an_estimate_under_noise_of_a_lift_is_one_of_a_bound_and_its_error_holds_both():
    space = Vector((Category(3), Category(2)))
    lift = Lift(space, Lifted.DEQUANTISED)
    x = torch.stack([torch.arange(300) % 3, torch.arange(300) % 2], 1).float()
    cells = Cells(x, torch.zeros(300, dtype=torch.float64))
    told, fine = (scored(Guessed(lift.space), lift, cells, None, draws=draws, seed=0) for draws in (None, 64))
    assert told.kind == "≥ ≈"
    assert fine.stderr.mean() < 0.5 * told.stderr.mean()
    assert told.stderr.mean() > 0.1
    gap = told.nats - fine.nats
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / 300**0.5
