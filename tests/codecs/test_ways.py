import math

import pytest
import torch

from likely.codecs.ways import Levels, Redrawn, Same
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, reals


@pytest.mark.parametrize("levels", [2, 3, 17, 100, 255, 256])
@pytest.mark.parametrize("noisy", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_levels_come_back_from_every_draw(levels, noisy, dtype):
    x = torch.arange(levels, dtype=dtype).repeat(2000)[: 2000 * levels // 4 * 4].view(-1, 1, 2, 2)
    way = Levels(Image(1, 2, 2, levels), levels, noisy=noisy)
    for rng in (Keyed(3), Stepped(3, 1)):
        u, ladj = way.up(x, rng=rng)
        assert torch.equal(way.down(u), x)
        assert u.dtype == dtype
        assert u.min() >= -1
        assert u.max() <= 1
        assert ladj.dtype == torch.float64
    assert ladj[0] == pytest.approx(4 * math.log(2 / levels) if noisy else 0.0)


def test_the_bound_of_levels_is_met_by_a_density_flat_over_each_level():
    """Where p(u) is flat over a level's cell, the bound is the level's log-mass."""
    mass = torch.tensor([0.1, 0.2, 0.3, 0.4])
    way = Levels(Image(1, 1, 1, 4), 4, noisy=True)
    x = torch.arange(4.0).view(4, 1, 1, 1)
    u, ladj = way.up(x, rng=Keyed(0))
    density = mass[((u + 1) * 2).long()].flatten() * 4 / 2
    torch.testing.assert_close((density.double().log() + ladj).exp().float(), mass)


def test_centred_levels_are_noiseless_and_even():
    way = Levels(Image(1, 1, 2, 2), 2, noisy=False)
    u, _ = way.up(torch.tensor([[[[0.0, 1.0]]]]), rng=Keyed(0))
    assert u.flatten().tolist() == [-0.5, 0.5]


def test_pixels_far_outside_fall_to_the_end_levels():
    assert Levels(Image(1, 1, 2), 256, noisy=True).down(torch.tensor([[[[-9.0, 9.0]]]])).flatten().tolist() == [0, 255]


def test_same_and_redrawn_keep_the_space():
    x = torch.rand(50, 3)
    same = Same(reals(3))
    u, ladj = same.up(x, rng=Keyed(0))
    assert u is x
    assert same.down(x) is x
    assert same.mask(x) is x
    assert same.exact
    assert not ladj.any()
    redrawn = Redrawn(Image(1, 1, 3, 2))
    assert set(redrawn.up(x, rng=Keyed(0))[0].unique().tolist()) == {0.0, 1.0}
    assert redrawn.exact


def test_the_bytes_of_a_mapped_file_are_tokens():
    way, pages = Same(Tokens(256, 3)), torch.tensor([[0, 65, 255]], dtype=torch.uint8)
    for cells in (pages, pages.float(), pages.long()):
        u, _ = way.up(cells, rng=Keyed(0))
        assert u.dtype == torch.int64
        assert u.tolist() == [[0, 65, 255]]
