"""What every contender meets: the same rows, the same seed, and the same pieces of work done with each.

A round of a race is a training that ends: its rate comes down to zero and its weights are chosen on validation rows.
The next round goes on from those weights with a new schedule (SGDR: warm restarts, Loshchilov & Hutter, 2017), so every
contender holds a finished model after every round. A round that made a model worse is told, and the earlier weights
stand.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any, Generic, TypeVar, final

from likely.apps.allowance import Overrun, cut_off
from likely.apps.apart import FEWEST, MOST, apart
from likely.apps.comparison import Round
from likely.apps.shelf import read_json, write_json
from likely.apps.standing import Showing, Standing
from likely.apps.words import duration, first_line
from likely.certificates import spread
from likely.contracts import Bound, Density
from likely.data import Rows, Split
from likely.errors import (
    BudgetTooSmall,
    ConditionError,
    Corrupt,
    DataError,
    FieldError,
    Interrupted,
    LikelyError,
)
from likely.fitted import Fitted, load
from likely.fitting import fit, is_finished, resume
from likely.request import Request
from likely.training import Budget, Event, unfinished

HELD = 1000  # validation rows by which it is decided who goes on, at most
DRAWS = 16  # importance samples of a bound on the way
LOOKED, A_SECOND = 64, 20  # validation rows that a training looks at: so many, and so many more a second of it
TURN = 0.05  # seconds, less than which is no turn
AGAIN = 3  # times its share that a family is given whose share is too small for one round of training
Listeners = Iterable[Callable[[Event], None]]
R = TypeVar("R")


@final
@dataclass(frozen=True)
class Arena:
    """The rows by side, what is conditioned on, the seed."""

    parts: Split
    condition: tuple[str, ...]
    seed: int

    @cached_property
    def held(self) -> Rows:
        """The validation rows that contenders are shown on."""
        return _spread(self.parts.validation, HELD)

    def learned(
        self, family: Any, budget: str | int | None, *, init: Fitted[Any] | None = None, folder: Path | None = None,
        seed: int | None = None, certify: bool = False, listeners: Listeners = (),
    ) -> Fitted[Any]:  # fmt: skip
        """One training: read from its folder where it has ended there, gone on with where it was stopped."""
        train = self.parts.train
        if folder is not None and is_finished(folder):
            return load(folder)
        if folder is not None and unfinished(folder):
            try:
                begun = Request.read(folder).budget
                return resume(folder, train, validation=self._stopped_by(begun), listeners=listeners)
            except (Corrupt, DataError):
                pass  # a state that cannot be gone on with: the training begins again
        return fit(
            train, family, condition=self.condition, validation=self._stopped_by(budget), budget=budget, init=init,
            seed=self.seed if seed is None else seed, folder=folder, certify=certify, listeners=listeners,
        )  # fmt: skip

    def _stopped_by(self, budget: str | int | None) -> Rows:
        """Validation rows that a training looks at on its way: few where it is short, for looking takes its time."""
        seconds = Budget.parse(budget).seconds
        rows = self.parts.validation
        return rows if seconds is None else _spread(rows, int(LOOKED + A_SECOND * seconds))

    def shows(self, fitted: Fitted[Any]) -> Showing:
        """A score where it can be ranked; how far its draws are where it cannot, or where it is only a bound."""
        if not isinstance(fitted.model, Density | Bound):
            return Showing(None, "raced by its draws", self._apart(fitted))
        scores = fitted.score(self.held, draws=DRAWS, seed=self.seed)
        showing = Showing(scores)
        return showing if showing.ranked and not scores.bound else replace(showing, apart=self._apart(fitted))

    def _apart(self, fitted: Fitted[Any]) -> Any:
        rows = _spread(self.parts.validation, MOST)
        return apart(rows, fitted.sample_rows(len(rows), seed=self.seed)) if len(rows) >= FEWEST else None


class Task(ABC, Generic[R]):
    """One piece of work, which may be done in another process."""

    title: str  # what a person sees while it is done
    alone: bool  # it cannot be told to another process

    @abstractmethod
    def done(self, arena: Arena, listeners: Listeners = ()) -> R:
        """Do it; what was kept of an earlier run is not done again."""


@final
@dataclass(frozen=True)
class Learning(Task[Standing]):
    """One round of one contender."""

    name: str
    family: Any
    number: int  # of the round, from 1
    budget: str | int | None
    limit: float  # seconds after which it is cut off
    before: Standing
    until: float = inf  # `time.monotonic()` at which the race is over
    folder: Path | None = None  # the contender's own
    certify: bool = False
    title: str = ""
    alone: bool = False

    def done(self, arena: Arena, listeners: Listeners = ()) -> Standing:
        kept = None if self.folder is None else read_json(self.folder / f"round-{self.number}.json")
        if kept is not None:
            return Standing.from_json(kept)
        standing = self._raced(arena, listeners)
        if self.folder is not None:
            write_json(self.folder / f"round-{self.number}.json", standing.to_json())
        return standing

    def _raced(self, arena: Arena, listeners: Listeners) -> Standing:
        """Its failure stops no other."""
        began = time.perf_counter()
        try:
            with cut_off(min(self.limit, self.until - time.monotonic())):
                fitted = self._learned(arena, listeners)
                found = self._after(fitted, arena.shows(fitted))
        except (Interrupted, KeyboardInterrupt):
            raise
        except Overrun:
            took = time.perf_counter() - began
            late = f"was not ready after {duration(took)}"
            found = self._stopped(late if took > TURN else "the time of the race was over before its turn")
        except LikelyError as error:
            found = self._stopped(str(error), unfit=isinstance(error, FieldError | ConditionError))
        except Exception as error:
            found = self._stopped(f"this is a bug in likely: {type(error).__name__}: {error}")
        *earlier, last = found.rounds
        return replace(found, rounds=(*earlier, replace(last, seconds=time.perf_counter() - began)))

    def _learned(self, arena: Arena, listeners: Listeners) -> Fitted[Any]:
        """Where its share is too small for one round of training it is given more, once."""
        place = None if self.folder is None else self.folder / f"round-{self.number}"
        init = self.held(self.before)

        def once(budget: str | int | None) -> Fitted[Any]:
            return arena.learned(
                self.family, budget, init=init, folder=place, certify=self.certify, listeners=listeners
            )

        try:
            return once(self.budget)
        except BudgetTooSmall:
            seconds = Budget.parse(self.budget).seconds
            if seconds is None:
                raise
            return once(f"{AGAIN * seconds:.2f}s")

    def held(self, standing: Standing) -> Fitted[Any] | None:
        """The model that a contender stands with."""
        if standing.fitted is not None or not standing.held or self.folder is None:
            return standing.fitted
        return load(self.folder / f"round-{standing.held}")

    def _after(self, fitted: Fitted[Any], showing: Showing) -> Standing:
        """The better of what it was and what it is."""
        steps = (fitted.card.measures.get("final") or {}).get("step") or 0
        told = showing.told(replace(self._round, steps=steps))
        before = self.before
        if before.held and _worse(showing, before.showing):
            return replace(before, rounds=(*before.rounds, replace(told, kept=False)))
        memory = fitted if self.folder is None else None
        return Standing(self.name, (*before.rounds, told), showing, self.number, fitted=memory)

    def _stopped(self, why: str, *, unfit: bool = False) -> Standing:
        """It stands with what it had, or has failed."""
        told = replace(self._round, stopped=first_line(why), kept=False)
        failed = "" if self.before.held else why
        return replace(self.before, rounds=(*self.before.rounds, told), failed=failed, unfit=bool(failed) and unfit)

    @property
    def _round(self) -> Round:
        budget = Budget.parse(self.budget)
        told = duration(budget.seconds) if budget.seconds is not None else f"{budget.steps or 'usual'} steps"
        return Round(self.number, self.name, told, 0.0)


def _worse(showing: Showing, before: Showing) -> bool:
    return showing.ranked == before.ranked and showing.worth < before.worth


def _spread(rows: Rows, most: int) -> Rows:
    return rows if len(rows) <= most else rows.take(spread(len(rows), most).numpy())
