"""Measuring a few rounds on a copy of the model, which is then thrown away."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import torch

from likely.contracts import Counted, Model, Player, Trained
from likely.training.arranged import arranged
from likely.training.counting import observe
from likely.training.course import Course
from likely.training.examples import Examples
from likely.training.judge import Judge, by_draws
from likely.training.lift import Lifting
from likely.training.processes import Alone
from likely.training.recipe import Recipe
from likely.training.rounds import Rounds

GLANCED, LOOKED = 8, 3.0  # held-out rows that are judged first; seconds that a batch may then take, to be sure


@final
@dataclass(frozen=True)
class Timing:
    """What a few rounds took and gave."""

    first: float  # seconds of the first, with everything that happens once
    usual: float  # mean seconds of the others
    least: float  # seconds of the fastest: the busy neighbours left out
    losses: tuple[float, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Trial:
    """A model and its data, ready to be measured under any recipe."""

    model: Model
    data: Examples
    seed: int
    lift: Lifting | None
    processes: int = 1

    def rounds(self, recipe: Recipe, *, most: int, seconds: float) -> Timing:
        """At most so many rounds, or so many seconds, but always two."""
        model = copy.deepcopy(self.model)
        assert isinstance(model, Trained)
        own = replace(recipe, batch=max(1, recipe.batch // self.processes))
        with arranged(model, own):
            model.train()
            rounds = Rounds(model, self.data, own, seed=self.seed, lift=self.lift, processes=Alone())
            return _timed(rounds, most, seconds)

    def judging(self, held_out: Examples, recipe: Recipe) -> float:
        """Seconds a row of validation, for one set of weights."""
        model = copy.deepcopy(self.model)
        assert isinstance(model, Trained)
        with arranged(model, recipe):
            players = model.players()
            drawn = by_draws(model, players)
            few = held_out.spread(recipe.judged if drawn else recipe.judge_batch)
            told = partial(self._judging, model, players, recipe)
            if drawn or (least := told(few.spread(GLANCED))) * len(few) < LOOKED:
                return told(few)
            return least

    def _judging(self, model: Trained, players: dict[str, Player], recipe: Recipe, few: Examples) -> float:
        judge = Judge(model, players, few, size=recipe.judge_batch, seed=self.seed, lift=self.lift, learned=self.data)
        first = _seconds(judge.judged) if judge.able else 0.0
        return (min(first, _seconds(judge.judged)) if 0 < first < LOOKED else first) / len(few)

    def counting(self, recipe: Recipe) -> float:
        """Seconds a row of observation."""
        few = next(self.data.chunks(min(recipe.chunk, 8192)))
        return min(self._observing(few) for _ in range(2)) / len(few)

    def _observing(self, few: Examples) -> float:
        model = copy.deepcopy(self.model)
        assert isinstance(model, Counted)
        return _seconds(lambda: observe(model, few, 0, seed=self.seed, lift=self.lift))


def _timed(rounds: Rounds, most: int, seconds: float) -> Timing:
    course, times, losses, began = Course(), [], [], time.perf_counter()
    while len(times) < 2 or (len(times) < most and time.perf_counter() - began < seconds):
        times.append(_seconds(lambda: _watched(rounds, course, losses)))
    return Timing(times[0], sum(times[1:]) / (len(times) - 1), min(times[1:]), tuple(losses))


def _watched(rounds: Rounds, course: Course, losses: list[float]) -> None:
    """A round of which nothing is judged: a trial may diverge."""
    rounds.play(course)
    losses += [loss.item() for _, loss, _ in rounds.unseen]  # also waits for the device
    rounds.unseen.clear()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began
