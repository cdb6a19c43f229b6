"""What all laws share."""

import torch

from likely.distributions import law_of, precise
from likely.distributions.law import bounded, known
from likely.spaces import Image


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
