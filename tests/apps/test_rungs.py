"""A bound taken apart: the parts are the model's own, in bits, in the data's own units."""

import math

import pytest

import likely
from likely.apps.rungs import rungs
from likely.backbones import MLP
from likely.errors import CannotAnswer, FieldError
from likely.training import Engine


@pytest.fixture(scope="module")
def fitted():
    family = likely.Diffusion(network=MLP(width=16, depth=1))
    return likely.fit("iris", family, budget=60, certify=False, engine=Engine(threads=1, probe=False))


def test_the_parts_are_near_the_score_in_bits(fitted):
    told = rungs(fitted, "iris", steps=400, rows=150)
    assert (told.rows, len(told.steps), len(told.levels)) == (150, 400, 401)
    score = -fitted.score("iris").mean / told.numbers / math.log(2)
    assert told.total == pytest.approx(score, abs=0.35)
    assert told.total == pytest.approx(told.first + sum(told.steps) + told.last)
    assert 0 < told.first < 0.01
    assert min(told.steps) > 0


def test_fewer_steps_cost_more(fitted):
    totals = [rungs(fitted, "iris", steps=steps).total for steps in (20, 200)]
    assert totals[0] > totals[1]


def test_what_has_no_steps_is_refused(fitted):
    with pytest.raises(CannotAnswer, match="Diffusion"):
        rungs(likely.fit("iris", "naive-bayes"), "iris")
    with pytest.raises(FieldError, match="0 steps"):
        rungs(fitted, "iris", steps=0)
