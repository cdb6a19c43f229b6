import pytest
import torch

from likely.bijections import Checkerboard, Cut


@pytest.mark.parametrize("split", [Cut(2), Cut(2, first=True), Cut(0), Cut(3, first=True)])
def test_a_cut_parts_and_joins(split):
    x = torch.randn(4, 3)
    assert split.kept(x).shape[1] + split.moved(x).shape[1] == 3
    assert torch.equal(split.join(x, split.moved(x)), x)
    assert torch.equal(split.kept(split.join(x, split.moved(x) + 1)), split.kept(x))


@pytest.mark.parametrize("size", [(3, 3), (2, 5), (1, 2)])
def test_the_two_colours_of_a_checkerboard_share_the_image(size):
    x = torch.randn(2, 2, *size)
    black, white = (split.join(x, split.moved(x) + 1) != x for split in (Checkerboard(0), Checkerboard(1)))
    assert torch.equal(black, ~white)


def test_a_checkerboard_reads_nothing_of_what_it_moves():
    split, x = Checkerboard(1), torch.randn(2, 2, 3, 3)
    assert torch.equal(split.kept(split.join(x, torch.randn_like(x))), split.kept(x))
    assert split.kept(x).shape == (2, 3, 3, 3)
    assert (split.counted(torch.ones(1, 1, 3, 3)).sum()) == 4
