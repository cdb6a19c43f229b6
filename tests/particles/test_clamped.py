"""Unknown reals of laws whose conditionals are known: normal ones, between bounds, and a mixture."""

import math

import pytest
import torch

from likely.bijections import Chain, Flow, Linear
from likely.contracts import Evidence
from likely.particles.clamped import clamped
from likely.particles.reference import moments
from likely.rng import Keyed
from likely.spaces import reals

SHOWN = torch.tensor([True, False, True, False])


def linear():
    """A linear flow and its normal law, mean and covariance."""
    torch.manual_seed(2)
    model = Flow(Chain([Linear(4)]), reals(4)).double()
    with torch.no_grad():
        for parameter in model.flow.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        origin = model.encode(torch.zeros(1, 4).double())
        matrix = (model.encode(torch.eye(4).double()) - origin).T
    mean = -torch.linalg.solve(matrix, origin[0])
    return model, mean, torch.linalg.inv(matrix.T @ matrix)


def test_a_linear_flow_is_filled_as_its_normal_law_is():
    model, mean, covariance = linear()
    x = model.sample(1, rng=Keyed(7)).detach()
    rows, known = x.expand(3000, -1), SHOWN.expand(3000, -1)
    told = model.fill(rows, Evidence(known), particles=16, rng=Keyed(1))
    gain = torch.linalg.solve(covariance[SHOWN][:, SHOWN], covariance[SHOWN][:, ~SHOWN]).T
    centre = mean[~SHOWN] + gain @ (x[0, SHOWN] - mean[SHOWN])
    spread = covariance[~SHOWN][:, ~SHOWN] - gain @ covariance[SHOWN][:, ~SHOWN]
    seen = told.x[:, ~SHOWN]
    assert ((seen.mean(0) - centre).abs() < 4.5 * (spread.diagonal() / 3000).sqrt()).all()
    assert (seen.T.cov() - spread).abs().max() < 0.1 * spread.diagonal().max()
    assert torch.equal(told.x[:, SHOWN], rows[:, SHOWN])
    normal = torch.distributions.MultivariateNormal(mean[SHOWN], covariance[SHOWN][:, SHOWN])
    ratio = (told.log_evidence - normal.log_prob(x[0, SHOWN])).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 3000**0.5 + 1e-3
    assert float(told.share.mean()) > 0.5


def test_bounds_cut_a_normal_law():
    """Below, between and above: of a standard normal law the draws and the probabilities are known."""
    laws = [moments(Keyed(0).normal((1024, 3), like=torch.zeros(0).double()))]
    low = torch.tensor([0.5, -1.0, -math.inf]).double().expand(2000, -1)
    high = torch.tensor([math.inf, 0.3, -0.7]).double().expand(2000, -1)
    x, known = torch.tensor([1.0, 0.0, -1.0]).double().expand(2000, -1), torch.zeros(2000, 3, dtype=torch.bool)
    density = lambda u, rows: -0.5 * u.square().sum(1) - 1.5 * math.log(2 * math.pi)  # noqa: E731
    which = torch.zeros(2000, dtype=torch.int64)
    told = clamped(density, laws, which, x, Evidence(known, low, high), particles=32, rng=Keyed(3))
    assert ((told.x >= low) & (told.x <= high)).all()
    normal = torch.distributions.Normal(torch.zeros(()).double(), torch.ones(()).double())
    mass = [1 - normal.cdf(low[0, 0]), normal.cdf(high[0, 1]) - normal.cdf(low[0, 1]), normal.cdf(high[0, 2])]
    ratio = (told.log_evidence - torch.stack(mass).log().sum()).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 2000**0.5 + 0.01
    pdf = lambda at: normal.log_prob(torch.as_tensor(at).double()).exp()  # noqa: E731
    means = [pdf(0.5) / mass[0], (pdf(-1.0) - pdf(0.3)) / mass[1], -pdf(-0.7) / mass[2]]
    assert (told.x.mean(0) - torch.stack(means)).abs().max() < 0.05


@pytest.mark.parametrize("value", [0.0, 0.8])
def test_two_clusters_are_both_found(value):
    """A mixture whose normal reference lies between its terms: what is known says how often each is right."""
    centres = torch.tensor([[-2.0, -1.0], [2.0, 1.0]]).double()

    def density(u, rows):
        apart = u[:, None] - centres
        return torch.logsumexp(-0.5 * (apart / torch.tensor([0.5, 1.0])).square().sum(2), 1) - math.log(2 * math.pi)

    draws = Keyed(0).normal((1024, 2), like=centres) * torch.tensor([0.5, 1.0]) + centres[torch.arange(1024) % 2]
    x = torch.tensor([[0.0, value]]).double().expand(1500, -1)
    known, which = torch.tensor([[False, True]]).expand(1500, -1), torch.zeros(1500, dtype=torch.int64)
    told = clamped(density, [moments(draws)], which, x, Evidence(known), particles=64, rng=Keyed(1))
    right = torch.sigmoid(torch.tensor(2.0 * value))
    assert abs(float((told.x[:, 0] > 0).double().mean()) - float(right)) < 0.05
    assert abs(float(told.x[:, 0].abs().mean()) - 2) < 0.05


def test_a_row_is_filled_by_itself():
    model, *_ = linear()
    x = model.sample(20, rng=Keyed(7)).detach()
    known = Keyed(2).uniform(x.shape, like=x) < 0.5
    whole = model.fill(x, Evidence(known), particles=8, rng=Keyed(9))
    some = model.fill(x[4:9], Evidence(known[4:9]), particles=8, rng=Keyed(9, rows=4))
    torch.testing.assert_close(some.x, whole.x[4:9])
    torch.testing.assert_close(some.log_evidence, whole.log_evidence[4:9])
