"""The flow posterior: its densities by autograd's Jacobian, its moments, and its dependence on the row."""

import math

import pytest
import torch

from likely.backbones import MLP
from likely.bijections import Spline
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import reals
from likely.variational import FlowPosterior
from likely.variational.flow_posterior import FlowInference


def bent(latent=3, **fields) -> FlowInference:
    torch.manual_seed(4)
    made = FlowPosterior(width=8, context=4, **fields).inference(latent, reals(3), None, MLP(width=8, depth=1))
    for weight in made.flow.parameters():
        weight.data.add_(0.3 * torch.randn_like(weight))
    assert isinstance(made, FlowInference)
    return made.double().requires_grad_(False)


@pytest.mark.parametrize("fields", [{}, {"transforms": 3}, {"form": Spline()}], ids=["two", "three", "spline"])
def test_log_q_is_the_change_of_variables(fields):
    inference, x = bent(**fields), torch.randn(2, 3, dtype=torch.float64)
    told, eps = inference(x), Keyed(0).normal((2, 4, 3), like=x)
    _, log_q = inference.draw(told, eps)
    for row in range(2):
        for draw in range(4):
            jacobian = slopes(inference, told[row : row + 1], eps[row, draw])
            normal = -0.5 * eps[row, draw].square().sum() - 1.5 * math.log(2 * math.pi)
            torch.testing.assert_close(log_q[row, draw], normal - torch.linalg.slogdet(jacobian)[1])


def slopes(inference, told, eps):
    """dz / d eps of one row."""
    return torch.autograd.functional.jacobian(lambda e: inference.draw(told, e.view(1, 1, 3))[0].view(3), eps)


def test_numbers_of_a_code_depend_on_one_another_and_on_the_row():
    inference, x = bent(), torch.randn(2, 3, dtype=torch.float64)
    z, _ = inference.draw(inference(x), Keyed(1).normal((2, 4000, 3), like=x))
    corr = torch.corrcoef(z[0].T) - torch.eye(3)
    assert corr.abs().max() > 0.05
    assert (z[0].mean(0) - z[1].mean(0)).abs().max() > 0.05


def test_moments_are_unbiased():
    inference, x = bent(2), torch.randn(1, 3, dtype=torch.float64)
    told = inference(x)
    many, _ = inference.draw(told, Keyed(2).normal((1, 200_000, 2), like=x))
    few, _ = inference.draw(told.expand(4000, -1), Keyed(3).normal((4000, 16, 2), like=x))
    moments = inference.moments(told, few)
    torch.testing.assert_close(moments.mean.mean(0), many[0].mean(0), rtol=0, atol=0.02)
    torch.testing.assert_close(moments.noise.mean(0), many[0].var(0) / 16, rtol=0.05, atol=0)
    assert (moments.log_std.mean(0) - 0.5 * many[0].var(0).log()).abs().max() < 0.05
    assert (inference.mean(told)[0] - many[0].mean(0)).abs().max() < 0.15
    assert torch.equal(inference.mean(told), inference.mean(told))


@pytest.mark.parametrize("field", ["transforms", "width", "context"])
def test_what_cannot_be(field):
    with pytest.raises(FieldError, match=f"{field}=0"):
        FlowPosterior(**{field: 0})
