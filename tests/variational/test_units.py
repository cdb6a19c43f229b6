"""What numbers of a code are used for: with and without closed forms, and of a level above."""

import pytest
import torch

from likely.backbones import MLP
from likely.distributions import kl_standard_cells
from likely.rng import Keyed
from likely.spaces import reals
from likely.variational import FlowPosterior, GaussianPosterior, Hierarchical, MixturePrior, StandardPrior
from likely.variational.mixture import Mixture, Own
from likely.variational.posterior import mean_log_std
from likely.variational.units import closed, used


def seen(posterior, prior, rows=400, draws=16):
    torch.manual_seed(0)
    inference = posterior.inference(2, reals(3), None, MLP(width=8, depth=1)).double()
    law = prior.law(2, inference).double().requires_grad_(False)
    x = 3 * torch.randn(rows, 3, dtype=torch.float64)
    told = inference.requires_grad_(False)(x)
    eps = Keyed(0).normal((rows, draws, 2 + law.noise), like=x)
    return inference, law, told, used(inference, law, told, eps, law.known(inference), 0.0)


def test_two_normals_need_no_draws():
    inference, law, told, found = seen(GaussianPosterior(), StandardPrior())
    assert closed(inference, law)
    assert torch.equal(found.rate, kl_standard_cells(*mean_log_std(told)))
    assert not found.noise.any()


def test_by_draws_it_is_the_same():
    """A mixture of one standard normal is the standard prior."""
    inference, law, told, _ = seen(GaussianPosterior(), MixturePrior(components=1))
    assert isinstance(law, Mixture)
    assert isinstance(law.source, Own)
    law.source.mean.zero_()
    eps = Keyed(1).normal((400, 1024, 2), like=told)
    found = used(inference, law, told, eps, law.known(inference), 0.0)
    torch.testing.assert_close(found.rate.mean(0), kl_standard_cells(*mean_log_std(told)).mean(0), rtol=0, atol=0.05)


def test_bent_posteriors_by_their_moments():
    inference, law, told, found = seen(FlowPosterior(width=8, context=4), StandardPrior(), draws=64)
    assert not closed(inference, law)
    many, _ = inference.draw(told[:1], Keyed(3).normal((1, 100_000, 2), like=told))
    normal = kl_standard_cells(many.mean(1), many.std(1).log())
    rates = torch.stack([seen_once(inference, law, told, seed) for seed in range(200)])
    torch.testing.assert_close(rates.mean(0), normal[0], rtol=0, atol=0.03)
    assert (found.noise > 0).all()


def seen_once(inference, law, told, seed):
    eps = Keyed(seed).normal((1, 16, 2), like=told)
    return used(inference, law, told[:1], eps, (), 0.0).rate[0]


@pytest.mark.parametrize("posterior", [GaussianPosterior(), FlowPosterior(width=8, context=4)], ids=["normal", "bent"])
def test_the_level_above_comes_last(posterior):
    _, _, _, found = seen(posterior, Hierarchical(latent=3, network=MLP(width=8, depth=1)))
    assert found.rate.shape == found.mean.shape == found.noise.shape == (400, 5)
    assert (found.rate[:, 2:] >= 0).all()
    assert (found.noise[:, 2:] > 0).all()
    assert found.active.shape == (5,)
