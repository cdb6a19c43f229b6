"""What all laws share."""

import pytest
import torch

from likely.distributions import law_of, precise
from likely.distributions.law import bounded, known
from likely.spaces import Image, Tokens, reals


def test_a_row_is_the_sum_of_its_cells():
    law = law_of(Image(2, 3, 4, 2))
    raw, x = torch.randn(5, 2, 3, 4), torch.ones(5, 2, 3, 4)
    torch.testing.assert_close(law.log_prob(x, raw), law.cell_log_prob(x, raw).sum((1, 2, 3)))


def test_half_precision_is_widened():
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        assert precise(torch.zeros(1, dtype=dtype)).dtype == torch.float32
    assert precise(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64


def test_bounded_is_the_identity_near_zero():
    raw = torch.tensor([-1e9, -0.1, 0.0, 0.1, 1e9], dtype=torch.float64, requires_grad=True)
    held = bounded(raw, 7.0)
    torch.testing.assert_close(held[1:4], raw[1:4], atol=1e-4, rtol=0)
    assert (held.abs() <= 7).all()
    held.sum().backward()
    assert raw.grad[2] == 1


def test_a_nan_is_not_known():
    x = torch.tensor([0.0, -3.0, torch.nan, 1e30], dtype=torch.float64)
    assert known(x).tolist() == [True, True, False, True]


@pytest.mark.parametrize("space", [Image(1, 3, 3, 2), Image(2, 3, 3, 8), reals(3), Tokens(4, 3)], ids=repr)
def test_many_parameters_of_a_row_are_as_many_rows(space):
    torch.manual_seed(0)
    law = law_of(space)
    x = torch.randint(0, 2, (5, *space.shape))
    x = x if isinstance(space, Tokens) else x.float()
    parameters = torch.randn(5, 7, *law.outputs)
    told = torch.stack([law.log_prob(x, parameters[:, draw]) for draw in range(7)], 1)
    torch.testing.assert_close(law.log_probs(x, parameters), told)
    assert torch.equal(law.log_probs(x, parameters[:, :1])[:, 0], told[:, 0])


def test_missing_pixels_under_many_parameters():
    law, x = law_of(Image(1, 2, 2, 2)), torch.tensor([[[[1.0, torch.nan], [0.0, 1.0]]]])
    parameters = torch.randn(1, 3, 1, 2, 2, requires_grad=True)
    law.log_probs(x, parameters).sum().backward()
    assert parameters.grad is not None
    assert (parameters.grad[..., 0, 1] == 0).all()
    assert (parameters.grad[..., 0, 0] != 0).all()
