"""Rows told by codes of a normal law through a linear decoder: every conditional is a formula."""

import pytest
import torch

from likely.diffusion import Karras, Twisted, swarm
from likely.diffusion.coded import Decoded, coded
from likely.distributions import Gaussian
from likely.distributions.resampled import Said
from likely.errors import CannotAnswer
from likely.families.gaussian_mixture import GaussianMixture
from likely.rng import Keyed
from likely.spaces import reals

W = torch.tensor([[1.0, 0.5], [-0.3, 0.8], [0.2, 1.1]], dtype=torch.float64)
SCALE = 0.4


def said(z, c=None):
    return Said(Gaussian(scale=SCALE).law(reals(3)), z @ W.T)


def test_codes_follow_their_law_given_what_is_known():
    x, known = torch.tensor([[0.9, -0.5, 0.0]]).double(), torch.tensor([[True, True, False]])
    rows = x.expand(400, -1), known.expand(400, -1)
    denoise = lambda z, sigma, c: z / (1 + sigma[:, None] ** 2)  # noqa: E731
    how, measured = Twisted(particles=16, steps=40), Decoded(said, *rows)
    ran = swarm(denoise, measured, Karras(low=0.02), (2,), 400, None, how, like=W, rng=Keyed(0))
    told = ran.drawn(rng=Keyed(1))
    seen = W[:2]
    covariance = torch.linalg.inv(torch.eye(2).double() + seen.T @ seen / SCALE**2)
    mean = covariance @ seen.T @ x[0, :2] / SCALE**2
    assert ((told.x.mean(0) - mean).abs() < 5 * (covariance.diagonal() / 400).sqrt() + 0.03).all()
    assert (told.x.T.cov() - covariance).abs().max() < 0.25 * covariance.diagonal().max()
    normal = torch.distributions.MultivariateNormal(torch.zeros(2).double(), seen @ seen.T + SCALE**2 * torch.eye(2))
    assert told.log_evidence is not None
    ratio = (told.log_evidence - normal.log_prob(x[0, :2])).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 20 + 0.03
    assert float(ratio.std()) < 2
    assert float(told.share.mean()) > 0.3


def test_a_law_that_does_not_denoise_is_refused():
    law = GaussianMixture(components=1).build(reals(2))
    with pytest.raises(CannotAnswer, match="Diffusion"):
        coded(law, said, torch.zeros(1, 3), torch.ones(1, 3).bool(), (2,), None, particles=2, rng=Keyed(0))
