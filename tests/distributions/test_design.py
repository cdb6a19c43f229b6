"""Designs: every space's features by hand, centred, and 0 where nothing is said."""

import math

import pytest
import torch

from likely.distributions.design import Design
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, absent

NAN = math.nan
MIXED = Vector((Real(atoms=(9.0,), missing=True), Count(), Category(3, missing=True), Real()))


def test_features_of_a_row_by_hand() -> None:
    design = Design(MIXED)
    rows = torch.tensor([[2.0, 3.0, 1.0, -1.0], [9.0, 0.0, NAN, 4.0], [NAN, 0.0, 2.0, NAN]])
    log4 = math.log(4)
    wanted = [
        [2.0, log4, -1.0, 0, 0, 0, 1, 0, 0],  # values; at the atom, missing; codes, missing
        [0.0, 0.0, 4.0, 1, 0, 0, 0, 0, 1],
        [0.0, 0.0, 0.0, 0, 1, 0, 0, 1, 0],
    ]
    torch.testing.assert_close(design(rows, 3), torch.tensor(wanted, dtype=torch.float64))
    design.prepare(rows)
    centred = design(rows, 3)
    torch.testing.assert_close(centred.sum(0), torch.zeros(9, dtype=torch.float64), atol=1e-12, rtol=0)
    assert centred[1, 0] == 0  # no ordinary value: nothing is said by it


def test_pictures_and_words() -> None:
    design = Design(Image(1, 2, 2, levels=5))
    assert design(torch.full((1, 1, 2, 2), 2.0), 1).tolist() == [[0.5] * 4]
    words = Design(Tokens(4, 3))
    assert words(torch.tensor([[2, 2, -1]]), 1).tolist() == [[0, 0, 2, 0]]


@pytest.mark.parametrize("space", [Vector((Real(), Category(3), Count())), Image(1, 2, 2), Tokens(4, 3)])
def test_a_condition_that_says_nothing_is_no_feature(space) -> None:
    design = Design(space)
    rows = torch.ones(5, *space.shape).long() if isinstance(space, Tokens) else torch.ones(5, *space.shape)
    design.prepare(rows)
    assert not design(absent(rows), 5).any()


def test_no_condition_has_no_features() -> None:
    assert Design(None)(None, 4).shape == (4, 0)
