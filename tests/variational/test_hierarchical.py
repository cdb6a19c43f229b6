"""The prior of two levels: its weights average to p(z) by numerical integration, and what the upper level spends."""

import pytest
import torch

from likely.backbones import MLP
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import reals
from likely.variational import GaussianPosterior, Hierarchical
from likely.variational.posterior import mean_log_std


@pytest.fixture(scope="module")
def law():
    """Fitted a little to codes on an arc, so that its levels depend on one another and its posterior is no stranger."""
    torch.manual_seed(5)
    posterior = GaussianPosterior().inference(2, reals(3), None, MLP(width=8, depth=1))
    made = Hierarchical(latent=1, network=MLP(width=16, depth=1)).law(2, posterior).double()
    adam = torch.optim.Adam(made.parameters(), 0.02)
    for step in range(200):
        z, noise = arc(256), Keyed(step).normal((256, 1, 1), like=torch.empty(0, dtype=torch.float64))
        adam.zero_grad()
        (-made(z[:, None], noise, ()).mean()).backward()
        adam.step()
    return made.requires_grad_(False)


def arc(rows):
    angle = torch.rand(rows, dtype=torch.float64) * 3
    return torch.stack([angle.cos(), angle.sin()], 1) * 1.5 + 0.3 * torch.randn(rows, 2, dtype=torch.float64)


def density(law, z):
    """p(z) by a fine sum over the upper code."""
    upper = torch.linspace(-9, 9, 1001, dtype=torch.float64)[:, None]
    mean, log_std = mean_log_std(law.down(upper))
    given = torch.distributions.Normal(mean, log_std.exp()).log_prob(z[:, None]).sum(2)
    return (
        torch.logsumexp(given + torch.distributions.Normal(0.0, 1.0).log_prob(upper[:, 0]), 1)
        + torch.tensor(18 / 1000).log()
    )


def test_the_mean_weight_is_the_density(law):
    z = arc(3)
    truth = density(law, z)
    noise = Keyed(0).normal((3, 40_000, 1), like=z)
    weights = (law(z[:, None].expand(-1, 40_000, -1), noise, ()) - truth[:, None]).exp()
    stderr = weights.std(1) / 200
    assert (stderr < 0.05).all()
    assert ((weights.mean(1) - 1).abs() < 4.5 * stderr).all()


def test_draws_fall_where_the_density_is(law):
    drawn = law.sample(20_000, (), like=torch.empty(0, dtype=torch.float64), rng=Keyed(2))
    side = torch.linspace(-6, 6, 121, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    mass = density(law, grid).exp() * 0.1**2
    assert mass.sum() == pytest.approx(1.0, abs=0.01)
    box = (grid < 0.5).all(1)
    assert (drawn < 0.55).all(1).double().mean() == pytest.approx(float(mass[box].sum()), abs=0.02)


def test_what_the_upper_level_spends(law):
    z, noise = torch.randn(4, 6, 2, dtype=torch.float64), torch.zeros(4, 6, 1, dtype=torch.float64)
    above = law.above(z, noise)
    assert above.rate.shape == above.mean.shape == (4, 6, 1)
    assert (above.rate >= 0).all()
    assert law.cells(z, noise, ()).shape == z.shape


def test_an_upper_code_has_numbers():
    with pytest.raises(FieldError, match="latent=0"):
        Hierarchical(latent=0)
