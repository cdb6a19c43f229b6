"""Augmentation: each change by hand, flat pictures, what it never does, and its gradient."""

import pytest
import torch

from likely.adversarial import Differentiable
from likely.adversarial.augmentation import coloured, moved, translated, with_hole
from likely.errors import FieldError
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, Wave, reals

COLOUR = Differentiable(translation=0.0, cutout=0.0)


def pictures(n=6, channels=3, height=8, width=10):
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(0)).double() * 2 - 1


def test_a_flat_picture_only_becomes_brighter_or_darker():
    flat = torch.linspace(-1, 1, 200).double()[:, None, None, None].expand(200, 3, 4, 4)
    shift = COLOUR.augmented(flat, Keyed(0)) - flat
    assert torch.allclose(shift, shift[:, :1, :1, :1].expand_as(shift), atol=1e-12)
    assert -0.5 <= shift.min() < -0.4
    assert 0.4 < shift.max() <= 0.5


def test_an_empty_picture_is_moved_and_cut_to_itself():
    empty = torch.zeros(5, 1, 8, 8)
    assert torch.equal(Differentiable(colour=False).augmented(empty, Keyed(0)), empty)


def test_colours_are_brightness_then_saturation_then_contrast():
    x = pictures()
    t, u, v = Keyed(3).uniform((6, 3, 1, 1), like=x).split(1, 1)
    bright = x + t - 0.5
    grey = bright.mean(1, keepdim=True)
    vivid = grey + 2 * u * (bright - grey)
    mean = vivid.mean((1, 2, 3), keepdim=True)
    assert torch.allclose(coloured(x, Keyed(3)), mean + (v + 0.5) * (vivid - mean))


def test_one_channel_has_no_saturation():
    x = pictures(channels=1)
    t, _, v = Keyed(3).uniform((6, 3, 1, 1), like=x).split(1, 1)
    mean = (x + t - 0.5).mean((1, 2, 3), keepdim=True)
    assert torch.allclose(coloured(x, Keyed(3)), mean + (v + 0.5) * (x + t - 0.5 - mean))


@pytest.mark.parametrize("axis", [2, 3])
def test_rows_are_moved_and_nothing_comes_in(axis):
    x, by = pictures(5), torch.tensor([-3, -1, 0, 2, 20])
    for row, shift, found in zip(x, by.tolist(), moved(x, by, axis)):
        side = row.shape[axis - 1]
        wanted = torch.zeros_like(row)
        for to in range(side):
            if 0 <= to - shift < side:
                wanted.select(axis - 1, to).copy_(row.select(axis - 1, to - shift))
        assert torch.equal(found, wanted)


def test_shifts_are_even_up_to_their_share():
    x = torch.zeros(4000, 1, 8, 8)
    x[:, 0, 4, 4] = 1
    where = translated(x, 0.125, Keyed(0)).sum(0)[0] / 4000
    assert (where[3:6, 3:6] - 1 / 9).abs().max() < 0.02
    assert where.sum() == pytest.approx(1.0)


def test_a_hole_is_a_rectangle_of_its_size_where_it_fits():
    holes = with_hole(torch.ones(3000, 1, 8, 8), 0.5, Keyed(0))[:, 0] == 0
    sides = holes.any(2).sum(1), holes.any(1).sum(1)
    assert torch.equal(holes.sum((1, 2)), sides[0] * sides[1])
    assert all(side.max() == 4 and side.min() == 2 for side in sides)  # cut by the edge at 0 and at 8
    assert (holes.double().mean(0) > 0.05).all()  # every place is covered at times


def test_rows_change_each_by_itself_and_again_the_same():
    x, all_of_it = pictures(2).repeat_interleave(3, 0), Differentiable()
    changed = all_of_it.augmented(x, Stepped(0, 1))
    assert torch.equal(changed, all_of_it.augmented(x, Stepped(0, 1)))
    assert not torch.equal(changed[0], changed[1])
    assert torch.allclose(all_of_it.augmented(x, Keyed(5))[:2], all_of_it.augmented(x[:2], Keyed(5)))


def test_the_gradient_passes_through():
    x = pictures(2, 2, 4, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Differentiable().augmented(x, Keyed(1)), x)


def test_parts_can_be_left_out():
    x = pictures()
    assert torch.equal(Differentiable(colour=False, translation=0.0, cutout=0.0).augmented(x, Keyed(0)), x)


@pytest.mark.parametrize("space", [reals(2), Tokens(3, 4), Wave(8000, 12, None)], ids=repr)
def test_what_is_no_picture_is_refused(space):
    Differentiable().check(Image(1, 4, 4, None))
    with pytest.raises(FieldError, match="pictures"):
        Differentiable().check(space)


@pytest.mark.parametrize("fields", [{"translation": -0.1}, {"cutout": 1.0}, {"translation": 2.0}], ids=repr)
def test_unusable_shares_are_refused(fields):
    with pytest.raises(FieldError, match="shares"):
        Differentiable(**fields)
