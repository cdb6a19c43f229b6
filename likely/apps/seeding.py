"""Families fitted again from other seeds: how much of a number is the luck of one training."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, final

from likely.apps.allowance import Allowance, Overrun, cut_off
from likely.apps.arena import Arena, Listeners, Task
from likely.apps.comparison import Seeds
from likely.apps.contender import Contender
from likely.apps.judging import scored
from likely.apps.lanes import Lanes, Listen
from likely.apps.race import learns_by_gradient
from likely.apps.shelf import read_json, write_json
from likely.errors import Interrupted, LikelyError
from likely.metrics import two_sample
from likely.training import Budget

SLACK = 1.3  # times as long as it took before, and a seed still fits
SCORE, AREA = "nats/row", "two-sample AUC"


@final
@dataclass(frozen=True)
class Seeding(Task[float | None]):
    """One family from one other seed, in one training as long as all its rounds were."""

    name: str
    family: Any
    seed: int
    budget: str | int | None
    unit: str  # what is wanted of it
    draws: int  # rows sampled, where that is the two-sample AUC
    limit: float
    folder: Path | None = None
    title: str = ""
    alone: bool = False

    def done(self, arena: Arena, listeners: Listeners = ()) -> float | None:
        """Its number on the test rows; none where it failed, or was not ready."""
        kept = None if self.folder is None else read_json(self.folder / f"seed-{self.seed}.json")
        if kept is not None:
            return kept["value"]
        try:
            with cut_off(self.limit):
                value = self._value(arena, listeners)
        except (Overrun, LikelyError) as reason:
            if isinstance(reason, Interrupted):
                raise
            return None
        if self.folder is not None:
            write_json(self.folder / f"seed-{self.seed}.json", {"value": value})
        return value

    def _value(self, arena: Arena, listeners: Listeners) -> float | None:
        place = None if self.folder is None else self.folder / f"seed-{self.seed}"
        fitted = arena.learned(self.family, self.budget, folder=place, seed=self.seed, listeners=listeners)
        if self.unit == SCORE:
            scores, _ = scored(fitted, arena.parts.test, arena.seed)
            return None if scores is None else scores.mean
        samples = fitted.sample_rows(self.draws, seed=arena.seed + 1)
        return two_sample(arena.parts.test, samples, seed=arena.seed).value


@final
@dataclass(frozen=True)
class Repeats:
    """So many seeds for some contenders, as far as the time goes."""

    arena: Arena
    allowance: Allowance
    share: float
    lanes: Lanes
    place: Callable[[Any], Path | None]
    listen: Listen

    def of(self, contenders: Sequence[Contender], budget: Budget, most: int) -> tuple[Seeds, ...]:
        """A seed for each in turn, then another."""
        able = [c for c in contenders if learns_by_gradient(c.family) and self._first(c) is not None]
        values = {c.name: {self.arena.seed: self._first(c)} for c in able}
        for more in range(1, most):
            began, seed = time.perf_counter(), self.arena.seed + more
            tasks = self._fitting([self._task(c, seed, budget) for c in able])
            for task, value in self.lanes.done(tasks, self.arena, self.listen):
                assert isinstance(task, Seeding)
                values[task.name] |= {} if value is None else {task.seed: value}
            if not tasks or time.perf_counter() - began > self.allowance.left(self.share):
                break
        return tuple(self._told(c, values[c.name]) for c in able if len(values[c.name]) > 1)

    def _fitting(self, tasks: list[Seeding]) -> list[Seeding]:
        """Those for which there is time, in order."""
        left, found = self.allowance.left(self.share) * self.lanes.count, []
        for task in tasks:
            if task.limit <= left:
                found.append(task)
                left -= task.limit
        return found

    def _task(self, contender: Contender, seed: int, budget: Budget) -> Seeding:
        timed = budget.seconds is not None
        folder = self.place(contender.family)
        return Seeding(
            name=contender.name, family=contender.family, seed=seed,
            budget=f"{max(contender.fit_seconds, 0.01):.2f}s" if timed else budget.steps, unit=_unit(contender),
            draws=len(contender.samples) if contender.samples is not None else 0,
            limit=SLACK * contender.fit_seconds + 2.0 if timed else inf, folder=folder,
            title=f"{contender.name}, seed {seed}", alone=folder is None,
        )  # fmt: skip

    def _first(self, contender: Contender) -> float | None:
        """The number that the comparison's own seed got."""
        if contender.scores is not None:
            return contender.scores.mean
        return contender.measures[AREA].value if AREA in contender.measures else None

    def _told(self, contender: Contender, values: dict[int, Any]) -> Seeds:
        return Seeds(contender.name, tuple(values), tuple(values.values()), _unit(contender))


def _unit(contender: Contender) -> str:
    return AREA if contender.scores is None else SCORE
