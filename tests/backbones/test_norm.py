import torch

from likely.backbones.norm import ChannelNorm


def test_mean_and_variance_over_the_channels_of_each_place():
    torch.manual_seed(0)
    norm, x = ChannelNorm(6).double(), torch.randn(3, 6, 5, 4, dtype=torch.float64)
    centred = x - x.mean(1, keepdim=True)
    by_hand = centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(norm(x), by_hand)


def test_places_and_rows_are_apart():
    norm, x = ChannelNorm(4), torch.randn(2, 4, 3, 3)
    moved = x.clone()
    moved[1, :, 2, 2] += 7
    same = torch.ones(2, 3, 3, dtype=torch.bool)
    same[1, 2, 2] = False
    assert torch.equal(norm(x).movedim(1, -1)[same], norm(moved).movedim(1, -1)[same])


def test_channels_last_stays_channels_last():
    x = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
    assert ChannelNorm(8)(x).is_contiguous(memory_format=torch.channels_last)
