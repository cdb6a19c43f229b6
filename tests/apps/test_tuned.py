"""Levels tuned to a model: nearer to the flow on noise they were not sought on, within what was learned, refusals."""

import pytest

import likely
from likely.apps.steps import steps
from likely.apps.tuned import FRESH, tuned
from likely.backbones import MLP
from likely.diffusion import DDIM, DPMSolver, UniPC
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed


@pytest.fixture(scope="module")
def fitted():
    diffusion = likely.Diffusion(network=MLP(width=64, depth=2, residual=True))
    return likely.fit("digits", diffusion, budget=300, condition="label", certify=False)


@pytest.fixture(scope="module")
def found(fitted):
    return tuned(fitted, 10)


def test_ten_calls_along_tuned_levels_are_nearer_than_fifty_of_ddim(fitted, found):
    levels = {"DPMSolver": DPMSolver(), "DDIM": DDIM()}
    along = steps(fitted, (10, 50), samplers=levels, n=32, reference=400, seed=9)
    assert found.error < along.of("DDIM").at(50)
    assert found.error < 0.6 * along.of("DPMSolver").at(10)
    assert found.own == pytest.approx(along.of("DPMSolver").at(10), rel=0.5)  # other noise


def test_they_lie_within_what_was_learned_and_as_many_as_calls(fitted, found):
    assert len(found.levels.levels) == 10
    assert found.levels.high == fitted.model.way.schedule.high
    assert found.levels.low >= fitted.model.learned.low
    assert found.walks > 30


def test_the_same_seed_finds_the_same(fitted):
    one, again = (tuned(fitted, 4, UniPC(), rounds=1, n=4, reference=40, seed=3) for _ in range(2))
    assert one == again


def test_levels_of_flow_matching_are_held_against_its_own_line():
    fitted = likely.fit("iris", likely.FlowMatching(network=MLP(width=32, depth=2)), budget=100, certify=False)
    found = tuned(fitted, 4, UniPC(), rounds=1, n=8, reference=100)
    fresh = Keyed(0).fork(FRESH).seed
    line = steps(fitted, (4,), samplers={"UniPC": UniPC()}, n=8, reference=1000, seed=fresh)
    assert found.own == pytest.approx(line.of("UniPC").at(4), rel=0.02)
    assert found.gains == (found.error < found.own)
    assert found.levels.high == fitted.model.learned.high


def test_what_makes_no_sense_is_refused(fitted):
    for asked in ({"calls": 2}, {"calls": 10, "n": 1}, {"calls": 10, "reference": 10}):
        with pytest.raises(FieldError, match="levels tuned for"):
            tuned(fitted, **asked)
    with pytest.raises(CannotAnswer):
        tuned(likely.fit("iris", likely.NaiveBayes(), certify=False), 10)
