from itertools import pairwise

import pytest
import torch
from torch import nn

from likely.contracts import Player
from likely.training.learner import Learner
from tests.training.runner import recipe


def one(anneal: bool = True) -> Learner:
    return Learner(Player(nn.Linear(3, 1, bias=False), rate=1.0, anneal=anneal), recipe(110))


def test_warm_up_then_a_cosine_to_zero() -> None:
    rates = [one().rate(step) for step in range(110)]
    assert rates[0] == pytest.approx(1 / 11)
    assert rates[10] == 1.0
    assert rates[60] == pytest.approx(0.5)
    assert 0 < rates[-1] < 1e-3
    assert all(a <= b for a, b in pairwise(rates[:11]))
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_a_player_may_keep_its_rate() -> None:
    assert {one(anneal=False).rate(step) for step in (0, 5, 109)} == {1.0}


def test_a_player_may_come_to_rest_before_the_end():
    learner = Learner(Player(nn.Linear(3, 1), rate=1.0, until=0.5), recipe(200))
    warm = learner.recipe.warmup
    assert learner.rate(warm) == 1.0
    assert learner.rate(99) < 1e-3
    assert [learner.rate(step) for step in (100, 150, 199)] == [0.0, 0.0, 0.0]


def test_only_a_gradient_far_too_long_is_shortened() -> None:
    here, there = one(), one()
    for learner in (here, there):
        learner.near = learner is here
        for length in (1.0, 5.0, 1e6):
            gradient = torch.zeros(1, 3)
            gradient[0, 0] = length
            usual = learner.usual.item()
            assert float(learner.move([gradient], 0.0)) == pytest.approx(length)
            expected = min(length, 10 * usual)
            assert float(gradient[0, 0]) == pytest.approx(expected, rel=1e-5)
    assert here.usual.item() == pytest.approx(there.usual.item(), rel=1e-5)


def test_the_usual_length_is_part_of_the_state() -> None:
    assert one().tensors()["usual"].item() == float("inf")


def test_a_turn_without_gradients() -> None:
    assert one().move([None], 0.1) == 0.0
