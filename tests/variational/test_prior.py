"""The standard prior: its weights are its density, its cells add up, and it has nothing above."""

import torch

from likely.rng import Keyed
from likely.variational import StandardPrior


def test_the_standard_prior_is_the_standard_normal(inference):
    law, z = StandardPrior().law(2, inference), torch.randn(5, 3, 2, dtype=torch.float64)
    nothing = z[..., :0]
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z)
    torch.testing.assert_close(law(z, nothing, law.known(inference)), expected.sum(2))
    torch.testing.assert_close(law.cells(z, nothing, ()), expected)
    assert law.above(z, nothing).rate.shape == (5, 3, 0)
    assert not list(law.parameters())


def test_draws_are_of_the_rng_alone(inference):
    law = StandardPrior().law(2, inference)
    drawn = law.sample(4, (), like=torch.empty(0), rng=Keyed(1))
    torch.testing.assert_close(drawn, Keyed(1).normal((4, 2), like=torch.empty(0)))
