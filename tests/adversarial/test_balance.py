"""Balanced conditions: levels come as often as the logarithm of their rows, and rows given a level are the table's."""

import torch

from likely.adversarial.balance import attention, picked
from likely.rng import Stepped


def table(n, seed=0):
    """Two columns: levels 0, 1 (1 %) and 2, 3, 4; given level 1 of the first the second is 4."""
    generator = torch.Generator().manual_seed(seed)
    rare = torch.rand(n, generator=generator) < 0.01
    second = 2 + torch.multinomial(torch.tensor([0.7, 0.2, 0.1]), n, replacement=True, generator=generator)
    return torch.stack([rare.long(), torch.where(rare, 4, second)], 1)


def test_levels_come_as_often_as_the_logarithm_of_their_rows():
    level = table(50_000)
    rows = torch.bincount(level.flatten(), minlength=5).double()
    told = []
    for step in range(400):
        batch = level[torch.arange(500) + 100 * step]
        row, seen = picked(batch, torch.ones_like(batch, dtype=torch.bool), attention(rows), 500, rng=Stepped(0, step))
        assert (batch[row] == seen[:, None]).any(1).all()
        told.append(seen)
    share = torch.bincount(torch.cat(told), minlength=5) / 200_000
    due = rows.log1p() / torch.tensor([*[rows[:2].log1p().sum()] * 2, *[rows[2:].log1p().sum()] * 3]) / 2
    assert torch.allclose(share[:2].sum(), torch.tensor(0.5), atol=0.01)  # columns evenly
    assert ((share / due).log().abs() < 0.1).all()  # up to the noise of a batch's sum


def test_given_a_level_rows_are_those_of_the_table():
    level = table(20_000)
    rows = torch.bincount(level.flatten(), minlength=5).double()
    row, told = picked(level, torch.ones_like(level, dtype=torch.bool), attention(rows), 60_000, rng=Stepped(0, 0))
    first = level[row[told == 0], 1]
    assert torch.allclose(
        torch.bincount(first, minlength=5) / len(first), torch.tensor([0, 0, 0.7, 0.2, 0.1]), atol=0.01
    )
    both = level[row[told == 4], 0].double().mean()
    own = level[level[:, 1] == 4, 0].double().mean()
    assert abs(both - own) < 0.02


def test_cells_that_are_left_out_are_never_told():
    level, there = table(300), torch.ones(300, 2, dtype=torch.bool)
    there[:, 1], there[::2, 0] = False, False
    row, told = picked(level, there, attention(torch.ones(5)), 200, rng=Stepped(0, 0))
    assert (told < 2).all()
    assert (row % 2 == 1).all()
    row, told = picked(level, torch.zeros_like(there), attention(torch.ones(5)), 7, rng=Stepped(0, 0))
    assert row.shape == told.shape == (7,)


def test_attention_is_finite_where_there_is_nothing():
    assert torch.isfinite(attention(torch.tensor([0.0, 0.5, 1e6]))).all()
    assert attention(torch.tensor([10.0])).isclose(torch.tensor(11.0).log() / 10).all()
