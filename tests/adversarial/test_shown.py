"""Rows shown to a critic: whole packs, no past, and the numbers in which slopes are taken."""

import torch

from likely.adversarial import Shown


def shown(rows=5, beside=True):
    x = torch.arange(rows * 6.0).reshape(rows, 2, 3)
    return Shown(x, torch.arange(rows)[:, None].float(), x.flatten(1)[:, :2] + 100 if beside else None)


def test_packs_are_whole_and_rows_keep_what_is_theirs():
    packed = shown(5).packed(2)
    assert len(packed.x) == len(packed.c) == len(packed.beside) == 4
    assert torch.equal(packed.beside, packed.x.flatten(1)[:, :2] + 100)
    assert torch.equal(shown(4).packed(2).x, shown(4).x)


def test_fewer_rows_than_a_pack_are_repeated():
    packed = shown(3, beside=False).packed(8)
    assert len(packed.x) == len(packed.c) == 8
    assert packed.c.flatten().tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert packed.beside is None


def test_what_is_detached_has_no_past():
    x = torch.ones(2, 3, requires_grad=True)
    assert not Shown(2 * x, None, 3 * x).detached().x.requires_grad
    assert not Shown(2 * x, None, 3 * x).detached().beside.requires_grad


def test_rows_and_what_stands_beside_them_are_one_row_of_numbers_and_back():
    whole = shown()
    assert whole.reals.shape == (5, 8)
    moved = whole.at(whole.reals + 1)
    assert torch.equal(moved.x, whole.x + 1)
    assert torch.equal(moved.beside, whole.beside + 1)
    assert moved.c is whole.c
    plain = shown(beside=False)
    assert plain.reals is plain.x
    assert torch.equal(plain.at(plain.x + 1).x, plain.x + 1)
