import pytest
import torch
import torch.nn.functional as F

from likely.backbones import Conv
from likely.backbones.convolution import Double, Halve, Narrowing, Residual, Widening, halvings, resized, widths
from likely.errors import FieldError


def test_odd_sides_round_up():
    assert halvings((28, 28)) == [(28, 28), (14, 14), (7, 7), (4, 4)]
    assert halvings((32, 20)) == [(32, 20), (16, 10), (8, 5), (4, 3)]
    assert halvings((1, 7)) == [(1, 7), (1, 4)]
    assert halvings((3, 4)) == [(3, 4)]
    assert widths(Conv(width=8), 5) == [8, 16, 32, 32, 32]


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 3)])
def test_doubling_is_nearest_upsampling_and_a_convolution(size):
    double = Double(3, 5).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    slow = F.conv2d(F.interpolate(x, scale_factor=2.0), double.conv.weight, double.conv.bias, padding=1)
    torch.testing.assert_close(double(x, (2 * size[0], 2 * size[1])), slow)
    odd = 2 * size[0] - 1, 2 * size[1] - 1
    assert double(x, odd).shape[-2:] == odd


@pytest.mark.parametrize("side", [1, 2, 7, 8])
def test_halving_rounds_up(side):
    assert Halve(2, 3)(torch.zeros(1, 2, side, side)).shape == (1, 3, -(-side // 2), -(-side // 2))


@pytest.mark.parametrize("normalised", [False, True])
def test_residual_rules(keeps_the_rules, normalised):
    keeps_the_rules(Residual(3, 4, 5, normalised=normalised), torch.randn(4, 3, 6, 5), torch.randn(4, 5))


def test_a_residual_block_is_what_it_says():
    block, x, e = Residual(4, 4, 3), torch.randn(2, 4, 5, 5), torch.randn(2, 3)
    h = block.first(F.silu(block.first_norm(x))) + block.told(e)[:, :, None, None]
    torch.testing.assert_close(block(x, e), x + block.second(F.silu(block.second_norm(h))))


def test_gradient_penalties_can_be_taken_through_a_residual_block():
    block = Residual(2, 3).double()
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: block(x).square().sum(), (x,))


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (32, 20), (1, 7), (3, 2)])
def test_trunks_there_and_back(keeps_the_rules, size):
    network = Conv(width=4)
    narrowing, widening = Narrowing(2, size, network), Widening(6, 3, size, network, places=2)
    full, small = narrowing(torch.randn(4, 2, *size))
    assert full.shape == (4, 4, *size)
    assert small[0].numel() == narrowing.features
    assert widening(torch.randn(4, 6), torch.randn(4, 2, 5, 5)).shape == (4, 3, *size)
    keeps_the_rules(widening, torch.randn(4, 6), torch.randn(4, 2, 5, 5))


def test_a_field_of_the_right_size_is_left_alone():
    field = torch.randn(1, 2, 3, 4)
    assert resized(field, (3, 4)) is field
    assert resized(field, (6, 2)).shape == (1, 2, 6, 2)


@pytest.mark.parametrize("field", [{"width": 0}, {"blocks": 0}])
def test_no_width_or_blocks_is_refused(field):
    with pytest.raises(FieldError, match="at least 1"):
        Conv(**field)
