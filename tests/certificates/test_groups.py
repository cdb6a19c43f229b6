"""Cells by name."""

import torch

from likely.certificates.groups import MOST, groups_of, whole
from likely.spaces import Image, Series, reals


def test_a_table_s_columns():
    found = groups_of(reals(3), ("a", "b", "c"))
    assert found.names == ("a", "b", "c")
    assert torch.equal(found.masks, torch.eye(3, dtype=torch.bool))
    many = groups_of(reals(200))
    assert len(many) == MOST
    assert many.names[0] == "column 1"
    assert many.names[-1] == "column 200"


def test_a_picture_s_blocks_cover_it_once():
    for space in (Image(3, 28, 28), Image(1, 8, 5), Image(1, 1, 1)):
        found = groups_of(space)
        assert len(found) <= 49
        assert (found.masks.sum(0) == 1).all()
        assert len(set(found.names)) == len(found)
    assert groups_of(Image(1, 8, 8)).names[0] == "row 1–2 col 1–2"


def test_stretches_and_a_whole():
    found = groups_of(Series(2, 100))
    assert (found.masks.sum(0) == 1).all()
    assert whole(Image(1, 2, 2), "the picture").masks.all()
