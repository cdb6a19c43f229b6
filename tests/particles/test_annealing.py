"""Annealing on normal laws, where all of it is known."""

import math

import pytest
import torch

from likely.errors import FieldError
from likely.particles.annealing import Between, Grouped, Normalisers, Way, backward, between, check_annealing, forward
from likely.rng import Keyed

PRECISION = 4.0  # of the law that is wanted; the one that is known has 1


class Narrowing(Way[torch.Tensor]):
    """l_b = -(1 + b (PRECISION - 1)) x^2 / 2, moved by fresh draws: log(Z_1 / Z_0) = -log(PRECISION) / 2."""

    def __init__(self, rows):
        self.rows = rows

    def start(self, *, rng):
        return rng.normal((self.rows,), like=torch.zeros(1))

    def gain(self, rows, low, high):
        return -(high - low) * (PRECISION - 1) * rows.square() / 2

    def move(self, rows, b, *, rng):
        return rng.fork(int(1000 * b)).normal(rows.shape, like=rows) / math.sqrt(1 + b * (PRECISION - 1))


def test_both_ways_find_the_ratio_of_normalisers():
    ahead = forward(Narrowing(4000), 20, rng=Keyed(0))
    back = backward(Narrowing(4000), ahead.rows, 20, rng=Keyed(1))
    found = between(ahead.log_weights[None], back.log_weights[None])
    truth = -math.log(PRECISION) / 2
    assert abs(float(found.value) - truth) < 4 * float(found.stderr)
    assert abs(float(found.above) - truth) < 4 * float(found.stderr)
    assert float(found.stderr) < 0.02
    assert abs(float(ahead.rows.std()) - PRECISION**-0.5) < 0.03


def test_the_way_there_is_too_low_on_average_and_the_way_back_too_high():
    truth, low, high = -math.log(PRECISION) / 2, [], []
    for seed in range(300):
        start = torch.randn(2, generator=torch.Generator().manual_seed(seed)) / PRECISION**0.5
        ahead, back = (
            forward(Narrowing(2), 1, rng=Keyed(seed)),
            backward(Narrowing(2), start, 1, rng=Keyed(1000 + seed)),
        )
        found = between(ahead.log_weights[None], back.log_weights[None])
        low.append(float(found.value))
        high.append(float(found.above))
    assert sum(low) / 300 < truth - 0.05
    assert sum(high) / 300 > truth + 0.05


def test_a_row_s_chains_are_its_own():
    whole = Grouped(Keyed(3, rows=torch.arange(5)), 4).uniform((20, 2), like=torch.zeros(1))
    one = Grouped(Keyed(3, rows=torch.tensor([2])), 4).uniform((4, 2), like=torch.zeros(1))
    assert torch.equal(whole[8:12], one)


def test_normalisers_are_kept():
    kept = Normalisers(2)
    assert all(bool(torch.isnan(part).all()) for part in kept.of())
    kept.keep(Between(torch.tensor([1.0, 2.0]), torch.tensor([0.1, 0.2]), torch.tensor([1.5, 2.5])))
    again = Normalisers(2)
    again.load_state_dict(kept.state_dict())
    assert again.of().value.tolist() == [1.0, 2.0]


def test_a_single_chain_has_no_error():
    with pytest.raises(FieldError, match=r"RBM\.chains"):
        check_annealing("RBM", chains=1, temperatures=10)
