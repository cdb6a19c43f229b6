import pytest
import torch
import torch.nn.functional as F

from likely.backbones.norm import MapNorm


def norm_of(channels: int) -> MapNorm:
    torch.manual_seed(0)
    norm = MapNorm(channels).double()
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    return norm


@pytest.mark.parametrize("places", [(5, 4), (1, 1), (7,)])
def test_it_is_group_normalisation_with_one_group(places):
    norm, x = norm_of(6), torch.randn(3, 6, *places, dtype=torch.float64)
    torch.testing.assert_close(norm(x), F.group_norm(x, 1, norm.weight, norm.bias))


def test_gradients_are_group_normalisation_s():
    norm, x = norm_of(6), torch.randn(3, 6, 4, 4, dtype=torch.float64, requires_grad=True)
    wanted = (x, norm.weight, norm.bias)
    ours = torch.autograd.grad(norm(x).pow(3).sum(), wanted)
    theirs = torch.autograd.grad(F.group_norm(x, 1, norm.weight, norm.bias).pow(3).sum(), wanted)
    torch.testing.assert_close(ours, theirs)


def test_rows_are_apart():
    norm, x = norm_of(4), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    moved = x.clone()
    moved[1] += torch.randn(4, 3, 3)
    assert torch.equal(norm(x)[0], norm(moved)[0])


def test_channels_last_stays_channels_last():
    x = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
    assert MapNorm(8)(x).is_contiguous(memory_format=torch.channels_last)
