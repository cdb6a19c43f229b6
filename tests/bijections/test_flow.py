import math

import pytest
import torch

from likely.bijections import ActNorm, Chain, Couplings, Flow, Linear, Spline, context_of, over
from likely.contracts import Density, Latent, Prepared, Trained
from likely.errors import FieldError
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals


def test_a_linear_flow_is_its_normal():
    """z = W x + b has the density of N(-W^-1 b, (W^T W)^-1)."""
    linear = Linear(3)
    model = Flow(Chain([linear]), reals(3)).double()
    with torch.no_grad():
        linear.bias.copy_(torch.tensor([1.0, -2.0, 0.5]))
        matrix = model.encode(torch.eye(3, dtype=torch.float64)).T - linear.bias[:, None]
        mean = -torch.linalg.solve(matrix, linear.bias)
        normal = torch.distributions.MultivariateNormal(mean, precision_matrix=matrix.T @ matrix)
        x = torch.randn(5, 3, dtype=torch.float64)
        torch.testing.assert_close(model.log_prob(x), normal.log_prob(x))
        draws = model.sample(20_000, rng=Keyed(0))
    assert (draws.mean(0) - mean).abs().max() < 0.05
    assert (draws.T.cov() - normal.covariance_matrix).abs().max() < 0.1


def test_rows_scored_a_few_at_a_time_score_alike():
    couplings = Couplings(form=Spline(bins=4), layers=2, hidden=(8,), channels=8)
    flow, x = couplings.of_rows(3), torch.randn(300, 3)
    with torch.no_grad():
        whole, parts = Flow(flow, reals(3)).log_prob(x), Flow(flow, reals(3), held=1 << 18).log_prob(x)
    torch.testing.assert_close(whole, parts, atol=1e-5, rtol=1e-5)


def test_it_promises_and_learns_what_its_class_line_says():
    model = Flow(ActNorm(2), reals(2), rate=0.1)
    assert all(isinstance(model, promise) for promise in (Density, Latent, Trained, Prepared))
    model.prepare(torch.randn(100, 2) * 5 + 3, rng=Keyed(0))
    assert model.log_prob(torch.tensor([[3.0, 3.0]])).item() == pytest.approx(-math.log(2 * math.pi * 25), abs=0.5)
    (turn,) = model.turns(torch.randn(10, 2), rng=Stepped(0, 0))
    turn.loss().backward()
    assert model.players()["flow"].rate == 0.1
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("condition", [label(3), Image(1, 4, 4, 4)], ids=repr)
def test_a_condition_is_told_to_every_layer(condition):
    couplings = Couplings(form=Spline(bins=4), layers=2, hidden=(8,), channels=8, context=context_of(condition))
    space = Image(1, 4, 4, None)
    model = Flow(over(space, couplings.of_rows, couplings.of_images), space, condition, placed=True)
    c = torch.arange(3.0).view(3, *[1] * len(condition.shape)).expand(3, *condition.shape)
    scores = model.log_prob(torch.zeros(3, 1, 4, 4), c)
    assert scores.unique().numel() == 3


def test_a_space_that_is_neither_rows_nor_images_is_refused():
    with pytest.raises(FieldError, match="Tokens"):
        over(Tokens(3, 4), Linear, lambda shape: Linear(shape[0]))
