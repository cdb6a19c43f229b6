import pytest
import torch
import torch.nn.functional as F

from likely.backbones.attention import Attention, attend, heads_of


def test_the_plain_formula_is_torch_s_fused_one():
    q, k, v = (torch.randn(2, 3, t, 8, dtype=torch.float64) for t in (5, 7, 7))
    torch.testing.assert_close(attend(q, k, v), F.scaled_dot_product_attention(q, k, v))


def test_unseen_keys_have_no_weight():
    q, k, v = (torch.randn(2, 1, t, 8) for t in (5, 7, 7))
    seen = torch.tensor([[True] * 4 + [False] * 3, [True] + [False] * 6])
    torch.testing.assert_close(attend(q, k, v, seen)[0], attend(q, k[:, :, :4], v[:, :, :4])[0])
    torch.testing.assert_close(attend(q, k, v, seen)[1], v[1, :, :1].expand(1, 5, 8))


@pytest.mark.parametrize("width", [1, 7, 24, 64, 96, 128, 200])
def test_heads_divide_the_width(width):
    assert width % heads_of(width) == 0
    assert heads_of(128) == 2


def test_rules(keeps_the_rules):
    keeps_the_rules(Attention(8, 5), torch.randn(4, 6, 8), torch.randn(4, 3, 5))
