"""Pairings: optimal by brute force, marginals kept, conditions respected."""

import math
from itertools import permutations

import pytest
import torch

from likely.diffusion import Independent, Transport
from likely.diffusion.pairing import gaps
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label, reals

DOUBLE = torch.empty(0, dtype=torch.float64)


def batch(rows, *cells, seed=0):
    rng = Keyed(seed)
    return rng.normal((rows, *cells), like=DOUBLE), rng.normal((rows, *cells), like=DOUBLE)


def spent(x, noise):
    return float((x - noise).square().sum())


def test_independent_noise_stays_where_it_is():
    x, noise = batch(5, 2)
    assert Independent().paired(x, noise) is noise


@pytest.mark.parametrize("cells", [(2,), (1, 2, 2)], ids=str)
def test_transport_is_the_best_of_all_permutations(cells):
    x, noise = batch(6, *cells)
    best = min(spent(x, noise[list(order)]) for order in permutations(range(6)))
    found = Transport().paired(x, noise)
    assert math.isclose(spent(x, found), best)
    assert spent(x, found) < spent(x, noise)


def test_in_one_dimension_it_sorts():
    x, noise = batch(300, 1)
    found = Transport().paired(x, noise)
    assert torch.equal(found[x[:, 0].argsort()], noise[noise[:, 0].argsort()])


def test_no_noise_is_lost_or_doubled():
    x, noise = batch(64, 3)
    found = Transport().paired(x, noise, torch.arange(64.0).remainder(3)[:, None], label(3))
    assert torch.equal(found.unique(dim=0), noise.unique(dim=0))


def test_rows_of_different_conditions_trade_no_noise():
    x, noise = batch(60, 2)
    c = torch.arange(60).remainder(3)[:, None].float()
    c[::7] = float("nan")
    found = Transport().paired(x, noise, c, label(3))
    groups = c[:, 0].nan_to_num(9.0)
    for k in groups.unique():
        of = groups == k
        assert torch.equal(found[of].unique(dim=0), noise[of].unique(dim=0))
        assert torch.equal(found[of], Transport().paired(x[of], noise[of]))


def test_where_every_condition_is_another_nothing_is_traded_but_at_a_price():
    x, noise = batch(40, 2)
    c = torch.linspace(-1, 1, 40).double()[:, None]
    assert torch.equal(Transport().paired(x, noise, c, reals(1)), noise)
    free = Transport(0.0).paired(x, noise, c, reals(1))
    assert torch.equal(free, Transport().paired(x, noise))
    dear, cheap = (Transport(price).paired(x, noise, c, reals(1)) for price in (1e6, 1.0))
    assert torch.equal(dear, noise)
    assert spent(x, free) < spent(x, cheap) < spent(x, noise)


def test_a_price_is_paid_where_it_is_worth_it():
    """Two rows at 0 and 3, their noise the other way round: trading saves 2 * 3 * 3 in squares."""
    x, noise = torch.tensor([[0.0], [3.0]]).double(), torch.tensor([[3.0], [0.0]]).double()
    c = torch.tensor([[0.0], [1.0]])
    assert torch.equal(Transport(8.9).paired(x, noise, c, label(2)), noise.flip(0))  # twice the price, 18 in all
    assert torch.equal(Transport(9.1).paired(x, noise, c, label(2)), noise)


@pytest.mark.parametrize(
    ("condition", "one", "other", "apart"),
    [
        (label(4), [3.0], [1.0], 1.0),
        (reals(2), [0.5, 1.0], [0.5, 3.0], 4.0),
        (Vector((Real(missing=True), Category(3), Count())), [math.nan, 1.0, 2.0], [0.5, 1.0, 5.0], 0.25 + 1 + 9),
        (Image(1, 1, 2, levels=5), [[[0.0, 4.0]]], [[[4.0, 4.0]]], 4.0),
        (Image(1, 1, 2, levels=None), [[[-1.0, 0.0]]], [[[1.0, 0.0]]], 4.0),
        (Tokens(9, 3), [1, 2, -1], [1, 5, -1], 1.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_how_far_apart_conditions_are(condition, one, other, apart):
    found = gaps(torch.tensor([one, other, one]), condition)
    assert found.shape == (3, 3)
    assert torch.allclose(found[0, 1], torch.tensor(apart).double())
    assert found[0, 2] == found[2, 0] == found.diagonal().abs().max() == 0


def test_a_missing_number_is_one_apart_from_any():
    found = gaps(torch.tensor([[math.nan], [0.0], [math.nan]]), Vector((Real(missing=True),)))
    assert found.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("price", [-1.0, math.nan])
def test_a_price_below_nothing_is_refused(price):
    with pytest.raises(FieldError, match="price"):
        Transport(price)
