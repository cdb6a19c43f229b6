import pytest
import torch

from likely.distributions.moments import Moments
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave
from likely.testing.case import example_rows

SPACES = [
    (Vector((Real(), Count(), Category(3))), 1, (Real(), Count(), Category(3))),
    (Series(2, 5), 5, (Real(), Real())),
    (Series(1, 5, 4, True), 5, (Category(4, True),)),
    (Wave(8000, 7, 16), 7, (Category(16),)),
    (Wave(8000, 7, None), 7, (Real(),)),
    (Tokens(9, 4), 4, (Category(9, True),)),
]


@pytest.mark.parametrize(("space", "length", "channels"), SPACES)
def test_rows_come_back_from_their_moments(space, length, channels):
    moments, x = Moments(space), example_rows(space, 6, Keyed(0))
    cells = moments.cells(x)
    assert (moments.length, moments.channels.columns) == (length, channels)
    assert cells.shape == (6, length, len(channels))
    assert torch.equal(moments.whole(cells), x)


def test_a_text_is_over_after_its_end():
    moments = Moments(Tokens(5, 4))
    assert moments.over(moments.cells(torch.tensor([[3, -1, -1, -1], [1, 2, 3, 4]])))[..., 0].tolist() == [
        [False, False, True, True],
        [False, False, False, False],
    ]
    assert Moments(Series(1, 4)).over(torch.zeros(1, 4, 1)) is None


def test_pictures_have_no_moments():
    with pytest.raises(FieldError, match="Image has no moments"):
        Moments(Image(1, 2, 2))
