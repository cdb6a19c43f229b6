"""Strided convolutions as matrix products equal torch's, values and gradients, on every small map."""

import pytest
import torch
import torch.nn.functional as F

from likely.backbones.strided import Strided, Transposed

SHAPES = [(4, 2, 1), (3, 2, 1), (3, 1, 1), (5, 3, 2), (2, 2, 0), (1, 2, 0), (4, 3, 0)]


def compared(ours, theirs, x):
    """Values, and the gradients of input, weight and bias, of both."""
    g = torch.randn_like(theirs(x))
    weights = [x, ours.weight, ours.bias]
    torch.testing.assert_close(ours(x), theirs(x))
    for one, other in zip(torch.autograd.grad(ours(x), weights, g), torch.autograd.grad(theirs(x), weights, g)):
        torch.testing.assert_close(one, other)


def shrunk(side, kernel, stride, padding):
    return (side + 2 * padding - kernel) // stride + 1


def grown(side, kernel, stride, padding, extra):
    return (side - 1) * stride - 2 * padding + kernel + extra


STRIDED = [(*s, z) for s in SHAPES for z in ((3, 3), (5, 8), (7, 4)) if shrunk(min(z), *s) > 0]
TRANSPOSED = [
    (*s, extra, z)
    for s in SHAPES
    for extra in range(min(2, s[1]))
    for z in ((1, 1), (3, 3), (4, 7))
    if grown(min(z), *s, extra) > 0
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "size"), STRIDED)
def test_strided_is_torchs(kernel, stride, padding, size):
    torch.manual_seed(0)
    ours = Strided(3, 5, kernel, stride=stride, padding=padding).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    compared(ours, lambda x: F.conv2d(x, ours.weight.permute(3, 2, 0, 1), ours.bias, stride, padding), x)


@pytest.mark.parametrize(("kernel", "stride", "padding", "extra", "size"), TRANSPOSED)
def test_transposed_is_torchs(kernel, stride, padding, extra, size):
    torch.manual_seed(0)
    ours = Transposed(3, 5, kernel, stride=stride, padding=padding, extra=extra).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    theirs = (stride, padding, extra)
    compared(ours, lambda x: F.conv_transpose2d(x, ours.weight.permute(2, 3, 0, 1), ours.bias, *theirs), x)


def test_memory_layouts_agree():
    layer, x = Strided(4, 6, 4, stride=2, padding=1), torch.randn(3, 4, 7, 7)
    torch.testing.assert_close(layer(x), layer(x.contiguous(memory_format=torch.channels_last)))
    assert layer(x).is_contiguous(memory_format=torch.channels_last)


def test_an_image_needs_no_gradient():
    layer, x = Strided(1, 6, 4, stride=2, padding=1), torch.randn(3, 1, 8, 8)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
