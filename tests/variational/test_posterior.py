"""The Gaussian posterior: draws and their densities, moments, and a hint of the condition."""

import torch

from likely.rng import Keyed
from likely.spaces import Image, absent, label
from likely.variational import GaussianPosterior
from likely.variational.posterior import WIDEST, mean_log_std, moved


def test_draws_and_their_density(inference):
    x, eps = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 6, 2, dtype=torch.float64)
    told = inference(x)
    z, log_q = inference.draw(told, eps)
    mean, log_std = mean_log_std(told)
    normal = torch.distributions.Normal(mean[:, None], log_std[:, None].exp())
    torch.testing.assert_close(log_q, normal.log_prob(z).sum(2))
    torch.testing.assert_close(inference.mean(told), mean)
    moments = inference.moments(told, z)
    assert torch.equal(moments.mean, mean)
    assert torch.equal(moments.log_std, log_std)
    assert not moments.noise.any()


def test_what_is_said_is_bounded():
    _, log_std = mean_log_std(torch.full((1, 4), 1e9))
    assert (log_std <= WIDEST).all()


def test_a_hint_of_the_condition_moves_it():
    inference = GaussianPosterior().inference(2, Image(1, 4, 4, 2), label(3), None)
    x, c = torch.zeros(2, 1, 4, 4), torch.tensor([[0.0], [2.0]])
    told = inference(x, c)
    assert not torch.allclose(told[0], told[1])
    assert torch.allclose(*inference(x, absent(c)))


def test_moved_normals_are_addressed_by_their_noise():
    eps = Keyed(0).normal((3, 2, 1), like=torch.empty(0))
    z, _ = moved(torch.zeros(3, 1), torch.zeros(3, 1), eps)
    torch.testing.assert_close(z, eps)
