"""Codes on a map: each number is of its own part of the picture, there and back."""

import pytest
import torch

from likely.backbones import MLP, Conv, decoder, encoder, on_map
from likely.backbones.mapped import MapEncoder, OnMap
from likely.spaces import Image, Series, reals

PICTURE = Image(2, 13, 9, 4)


def test_only_pictures_read_by_convolutions_have_a_map():
    codes, network = on_map(PICTURE, 3, 4, Conv(width=4))
    assert codes == Image(3, 4, 3, None)
    assert network == OnMap(conv=Conv(width=4), side=4, places=(4, 3))
    assert on_map(Image(1, 4, 4), 3, 4, None)[0] == Image(3, 2, 2, None)  # at most half the picture
    for space, side, network in [(reals(3), 4, None), (PICTURE, 0, None), (PICTURE, 4, MLP()), (Series(2, 9), 4, None)]:
        assert on_map(space, 3, side, network) == (reals(3), network)


def test_there_and_back(space, cells, keeps_the_rules):
    torch.manual_seed(0)
    _, network = on_map(PICTURE, 3, 4, Conv(width=4))
    read = encoder(PICTURE, 2 * 36, network)
    assert isinstance(read, MapEncoder)
    keeps_the_rules(read, cells(PICTURE), output=lambda context: context.summary)
    draw = decoder(36, (5, 2, 13, 9), condition=space, network=network)
    assert draw(torch.randn(4, 36), cells(space)).shape == (4, 5, 2, 13, 9)
    keeps_the_rules(draw, torch.randn(4, 36), cells(space))


def test_a_number_is_of_its_own_part_of_the_picture():
    """What changes in a corner changes the map's corner most."""
    torch.manual_seed(0)
    picture = Image(1, 32, 32, None)
    _, network = on_map(picture, 2, 8, Conv(width=8, normalised=False))
    read, x = encoder(picture, 2 * 64, network), torch.zeros(1, 1, 32, 32)
    other = x.clone()
    other[:, :, :4, :4] = 1.0
    moved = (read(other).summary - read(x).summary).view(2, 8, 8).abs().sum(0)
    assert moved[:3, :3].sum() > 0.9 * moved.sum()


@pytest.mark.parametrize("shared", [0, 1])
def test_a_number_shared_by_all_rows_stands_beside_the_map(shared):
    _, network = on_map(PICTURE, 3, 4, Conv(width=4))
    assert decoder(36, (5, 2, 13, 9), network=network, shared=shared)(torch.randn(2, 36)).shape == (2, 5, 2, 13, 9)
