"""Spaces: shapes, the null condition, what is present."""

import pytest
import torch

from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, absent, label, present, reals


@pytest.mark.parametrize(
    ("space", "shape"),
    [
        (Vector((Real(), Count(), Category(3))), (3,)),
        (Image(3, 8, 6), (3, 8, 6)),
        (Tokens(10, 5), (5,)),
        (Series(2, 9), (2, 9)),
        (Wave(8000, 100), (100,)),
        (reals(4), (4,)),
        (label(10), (1,)),
    ],
)
def test_shapes(space, shape):
    assert space.shape == shape


@pytest.mark.parametrize("c", [torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.int64)], ids=["cells", "tokens"])
def test_absent_is_absent_everywhere(c):
    assert present(c).all()
    assert not present(absent(c)).any()


def test_spaces_are_values():
    assert reals(2) == Vector((Real(), Real()))
    assert hash(Image(1, 2, 3)) == hash(Image(1, 2, 3))
