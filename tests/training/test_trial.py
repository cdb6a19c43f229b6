import time
from dataclasses import replace

import pytest
import torch

from likely.training.examples import Examples
from likely.training.judge import Judge
from likely.training.judgement import Judgement
from likely.training.trial import Trial
from tests.training.runner import recipe, rows
from tests.training.toys import Game, Mean, Noisy

DATA = rows(400, 1)


def test_the_trial_leaves_the_model_alone() -> None:
    model = Noisy(4)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    timing = Trial(model=model, data=DATA, seed=0, lift=None).rounds(recipe(50), most=4, seconds=9.0)
    assert len(timing.losses) == 4
    assert timing.least <= timing.usual
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_always_two_rounds_never_more_than_asked() -> None:
    trial = Trial(model=Noisy(4), data=DATA, seed=0, lift=None)
    assert len(trial.rounds(recipe(50), most=9, seconds=0.0).losses) == 2
    assert len(trial.rounds(recipe(50), most=5, seconds=60.0).losses) == 5


def test_judging_and_counting_are_measured_by_the_row() -> None:
    assert Trial(model=Noisy(4), data=DATA, seed=0, lift=None).judging(DATA, recipe(5)) > 0
    assert Trial(model=Game(4), data=DATA, seed=0, lift=None).judging(DATA, recipe(5)) > 0
    assert Trial(model=Game(4), data=DATA, seed=0, lift=None).judging(Examples(DATA.x[:5]), recipe(5)) == 0.0
    model = Mean(4)
    assert Trial(model=model, data=DATA, seed=0, lift=None).counting(recipe(5)) > 0
    assert float(model.weight) == 0.0


def test_the_rounds_of_one_of_several_processes() -> None:
    trial = Trial(model=Noisy(4), data=DATA, seed=0, lift=None, processes=4)
    assert trial.rounds(recipe(5), most=2, seconds=1.0).losses[0] == pytest.approx(8.0, abs=20)


def test_where_a_row_is_dear_few_are_judged_to_tell_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def slowly(self: Judge) -> Judgement:
        seen.append(len(self.held_out))
        time.sleep(0.01 * len(self.held_out) * dear)
        return Judgement(0.0, 0.0)

    monkeypatch.setattr(Judge, "judged", slowly)
    trial = Trial(model=Noisy(4), data=DATA, seed=0, lift=None)
    dear = 0.0
    trial.judging(DATA, replace(recipe(5), judge_batch=100))
    dear = 4.0
    assert trial.judging(DATA, replace(recipe(5), judge_batch=100)) >= 0.04
    assert seen == [8, 8, 100, 100, 8, 8]
