import math

import torch

from likely.backbones import MLP
from likely.backbones.row import RowEncoder, RowInput
from likely.spaces import Category, Count, Real, Vector, label, reals

NAN = float("nan")


def test_it_is_a_linear_map_of_numbers_indicators_and_one_hot_choices():
    space = Vector((Category(3), Real(atoms=(0.5, -1.0)), Count(), Category(2)))
    row = RowInput(space, 4)
    x = torch.tensor([[2, 0.5, 7, 0], [NAN, 0.25, NAN, 1], [0, NAN, 0, NAN]])
    numbers = torch.tensor([[0.5, 8.0, 0, 0, 1, 0], [0.25, 1, 0, 1, 0, 0], [0, 1, 1, 0, 0, 0]])
    numbers[:, 1].log_()
    hot = torch.zeros(3, 7)
    hot[[0, 0, 1, 1, 2, 2], [2, 4, 3, 5, 0, 6]] = 1
    torch.testing.assert_close(row(x), row.linear(numbers) + hot @ row.embedding.weight)


def test_each_missing_cell_differs_from_zero_and_from_the_others():
    row = RowInput(reals(3), 5)
    x = torch.zeros(4, 3)
    x[1, 0] = x[2, 1] = x[3, 2] = NAN
    told = row(x)
    assert (torch.cdist(told, told) + 9 * torch.eye(4)).min() > 1e-3


def test_codes_beyond_bf16_are_kept_apart():
    row = RowInput(label(300), 5)
    with torch.autocast("cpu", torch.bfloat16):
        told = row(torch.tensor([[256.0], [257.0]]))
    assert not torch.equal(told[0], told[1])


def test_large_counts_are_finite_and_ordered():
    row = RowInput(Vector((Count(),)), 2)
    told = row(torch.tensor([[0.0], [1e4], [1e8]]))
    assert told.isfinite().all()
    assert len(told.unique(dim=0)) == 3


def test_gradients_of_missing_cells_are_clean():
    row = RowInput(Vector((Real(), Count(), Category(4))), 3)
    row(torch.full((2, 3), NAN)).sum().backward()
    assert all(p.grad.isfinite().all() for p in row.parameters())


def test_without_hidden_layers_what_is_said_of_reals_is_linear():
    torch.manual_seed(0)
    reader, x, y = RowEncoder(reals(3), 4, MLP(depth=0)), torch.randn(5, 3), torch.randn(5, 3)
    middle = reader((x + y) / 2).summary
    torch.testing.assert_close(middle, (reader(x).summary + reader(y).summary) / 2)
    assert middle.shape == (5, 4)


def test_without_gaps_numbers_have_no_indicators():
    row, x = RowInput(Vector((Real(atoms=(0.5,)), Count())), 4, gaps=False), torch.tensor([[0.5, 3.0], [0.1, 0.0]])
    torch.testing.assert_close(row(x), row.linear(torch.tensor([[0.5, math.log(4), 1.0], [0.1, 0.0, 0.0]])))
    assert row.linear.in_features == 3
    plain = RowInput(reals(2), 4, 3, gaps=False)
    torch.testing.assert_close(plain(x), plain.linear(plain.waves(x)))
