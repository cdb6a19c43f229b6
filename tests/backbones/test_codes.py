"""Codes in a row: what is said comes from what is before, and code by code it is the same."""

import pytest
import torch

from likely.backbones.causal import Causal
from likely.backbones.codes import Codes, Raster
from likely.spaces import Image, Tokens, label


def made(space, condition=None) -> Codes:
    torch.manual_seed(0)
    return Codes(space, 5, 6, Causal(16, 2, 2, window=4), condition).double()


@pytest.mark.parametrize("space", [Tokens(5, 8), Image(2, 2, 2, 5)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(3)], ids=repr)
@pytest.mark.parametrize("told", [0, 3])
def test_code_by_code_it_says_the_same(space, condition, told):
    codes = made(space, condition)
    x = torch.randint(0, 5, (3, 7))
    c = None if condition is None else torch.tensor([[0.0], [1.0], [torch.nan]], dtype=torch.float64)
    steps = codes.by_code(3, c)
    said = [steps.first(x[:, :told])] + [steps.next(x[:, t]) for t in range(told, 7)]
    whole = codes(torch.cat([torch.full((3, 1), 5), x], 1), c)
    torch.testing.assert_close(torch.stack(said, 1), whole[:, told:])


def test_a_stretch_knows_its_place_in_an_image():
    codes = made(Image(2, 2, 2, 5))
    x, first = torch.randint(0, 5, (2, 3)), torch.tensor([[0], [4]])
    there = codes(x, None, first)
    torch.testing.assert_close(there[0], codes(x)[0])
    assert not torch.allclose(there[1], codes(x)[1])


def test_places_of_an_image_are_rows_columns_and_channels():
    raster = Raster(Image(2, 3, 4, 5), 8)
    row, column, channel = raster.parts
    torch.testing.assert_close(raster(torch.tensor(2 * 8 + 3 * 2 + 1)), row[2] + column[3] + channel[1])
    assert raster(torch.arange(24)).unique(dim=0).shape == (24, 8)
