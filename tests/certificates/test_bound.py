"""A bound against its weights, with the closed form of x = z + noise."""

import pytest
import torch

from likely.certificates.bound import tightening, tightens
from likely.certificates.certificate import Beside
from likely.rng import Keyed
from likely.spaces import reals
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def test_a_bound_that_forgets_its_rate_is_seen():
    assert tightens(subject(planted.Latents), clock()).passed
    seen = tightens(subject(planted.TooHigh), clock())
    assert not seen.passed
    assert "ELBO" in seen.said


def test_weights_without_spread_are_the_density_itself():
    exact = planted.Latents(reals(3))
    exact.log_std.fill_(-0.5 * 0.6931471805599453)
    x = Keyed(1).normal((20, 3), like=torch.empty(0))
    weights = exact.log_weights(x, draws=4, rng=Keyed(2)).double()
    density = torch.distributions.Normal(0.0, 2**0.5).log_prob(x).sum(1).double()
    torch.testing.assert_close(weights, density[:, None].expand(-1, 4), atol=1e-5, rtol=0)
    assert tightening(weights, weights[:, :2]).passed
    assert not tightening(weights, weights[:, :2] - 1).passed
    assert not tightening(weights, torch.full((20, 2), torch.nan).double()).passed


def test_no_weights_nothing_to_say():
    with pytest.raises(Beside, match="no importance weights"):
        tightens(subject(planted.Kernels), clock())
