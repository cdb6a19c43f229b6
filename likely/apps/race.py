"""A race of families by successive halving: little time for all, then more for those that are not shown to be worse.

    round 1     every family, an even share of the round's time
    round r     those that go on (`likely.apps.halving` says who), from where they stood, longer than all before
    the last    about as many as FINALISTS; nobody leaves after it

There are as many rounds as halve their number each time, or fewer where the first would then give less than FIRST
seconds each: more than half are then to leave. Rounds share evenly what is left of their part of the budget, so that
time that one did not use is everybody's. A budget in steps is each family's own: there is one round, and nobody leaves.
Non-stochastic Best Arm Identification and Hyperparameter Optimization (Jamieson & Talwalkar, 2016)
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, log2
from typing import Any, final

from likely.apps.allowance import Allowance
from likely.apps.arena import Arena, Learning
from likely.apps.halving import leaving
from likely.apps.lanes import Lanes, Listen
from likely.apps.shelf import Shelf
from likely.apps.standing import Standing
from likely.apps.words import duration
from likely.names import table
from likely.source import promises
from likely.training import Budget

FINALISTS = 4  # families to end with, about
FIRST = 4.0  # seconds each that the first round should give
LEARNED = 0.8  # of a share is for learning; the rest is for being judged
CERTIFIED = 8.0  # seconds of a share from which the last round's models are certified, which takes a few
COUNTED = 4.0  # shares that a family that counts may take: it has one round only
PATIENCE, GRACE = 5.0, 2.0  # times its share, and seconds more, after which a family is cut off
FEWEST = (
    1.0  # seconds of a first share: a budget that reference rows have used up is overrun rather than end in nothing
)
SHORTEST = 0.3  # seconds of a share, below which there is no further round


@final
@dataclass(frozen=True)
class Race:
    """Families by name, and what they run on."""

    arena: Arena
    families: Mapping[str, Any]
    budget: Budget
    allowance: Allowance
    share: float  # of the allowance that all rounds may take
    lanes: Lanes
    shelf: Shelf | None
    listen: Listen
    tell: Callable[[str], None]

    @property
    def learners(self) -> int:
        """How many learn by gradient."""
        return sum(learns_by_gradient(family) for family in self.families.values())

    def standings(self) -> dict[str, Standing]:
        """Where everybody stands in the end."""
        whole = self.allowance.left(self.share) * self.lanes.count
        return self._standings(rounds_of(self.learners, self.budget, whole))

    def _standings(self, rounds: int) -> dict[str, Standing]:
        part = (self.learners / FINALISTS) ** (1 / (rounds - 1)) if rounds > 1 else 1.0  # of them one goes on
        found = {name: Standing(name) for name in self.families}
        alive = list(self.families)
        for number in range(1, rounds + 1):
            if number > 1 and self._share(rounds - number + 1, len(alive)) < SHORTEST:
                self.tell(f"the time of the race is over before round {number} of {rounds}")
                break
            found |= self._round(number, rounds, [found[name] for name in alive])
            alive = [name for name in alive if self._learns(found[name])]
            if number == rounds:
                break
            left = leaving((found[name] for name in alive), part)
            found |= {name: _leaves(found[name], number, why) for name, why in left.items()}
            self._told(left, number)
            alive = [name for name in alive if name not in left]
        return found

    def _learns(self, standing: Standing) -> bool:
        return not standing.failed and learns_by_gradient(self.families[standing.name])

    def _told(self, left: Mapping[str, str], number: int) -> None:
        for name, why in left.items():
            self.tell(f"{name} leaves after round {number}: {why}")

    def _round(self, number: int, rounds: int, alive: list[Standing]) -> dict[str, Standing]:
        """One round of all that are in it; those that count first, for they are quick."""
        alive = sorted(alive, key=lambda each: learns_by_gradient(self.families[each.name]))
        share = max(self._share(rounds - number + 1, len(alive)), FEWEST if number == 1 else 0.0)
        each = "" if self.budget.seconds is None else f", {duration(share)} each"
        self.tell(f"round {number} of {rounds}: {len(alive)} {'families' if len(alive) > 1 else 'family'}{each}")
        after = [share * rest / self.lanes.count for rest in reversed(range(len(alive)))]  # that others are sure of
        tasks = [self._task(number, rounds, one, share, later) for one, later in zip(alive, after, strict=True)]
        found = {}
        for _, standing in self.lanes.done(tasks, self.arena, self.listen):
            found[standing.name] = standing
            self.tell(_line(standing))
            if self.shelf is not None:
                self.shelf.note(self.allowance.spent)
        return found

    def _share(self, rounds: int, alive: int) -> float:
        """Seconds for each: of what is left, as much in every round to come."""
        return self.allowance.left(self.share) * self.lanes.count / rounds / max(alive, 1)

    def _task(self, number: int, rounds: int, before: Standing, share: float, later: float) -> Learning:
        family, timed = self.families[before.name], self.budget.seconds is not None
        counts = not learns_by_gradient(family)
        share *= COUNTED if counts and rounds > 1 else 1.0
        certify = number == rounds and (not timed or share >= CERTIFIED)
        title = before.name if rounds == 1 else f"{before.name}, round {number} of {rounds}"
        folder = None if self.shelf is None else self.shelf.of(family)
        limit = PATIENCE * share + GRACE if timed else inf
        over = max(self.allowance.left(self.share) - later, share if number == 1 else 0.0)  # a first round is for all
        return Learning(
            name=before.name, family=family, number=number,
            budget=f"{max(LEARNED * share, 0.01):.2f}s" if timed else self.budget.steps,
            limit=limit, until=time.monotonic() + over, before=before,
            folder=folder, certify=certify, title=title, alone=folder is None,
        )  # fmt: skip


def rounds_of(learners: int, budget: Budget, seconds: float) -> int:
    """As many halvings as leave about FINALISTS, or as the time allows; one round where the budget is no time."""
    if budget.seconds is None or learners <= FINALISTS:
        return 1
    halvings = round(log2(learners / FINALISTS))
    return 1 + min(halvings, max(1, int(seconds / FIRST / learners) - 1))


def learns_by_gradient(family: Any) -> bool:
    """As its model's class line says; a family of somebody's own is taken to."""
    name = type(family).__name__
    return name not in table("Family") or "Trained" in promises(name)


def _leaves(standing: Standing, number: int, why: str) -> Standing:
    *earlier, last = standing.rounds
    return replace(standing, rounds=(*earlier, replace(last, stopped=f"left after round {number}: {why}")))


def _line(standing: Standing) -> str:
    """How a round went, in a line."""
    last = standing.rounds[-1]
    if last.stopped:
        return f"  {standing.name}: {last.stopped}"
    value = f"{last.kind} {last.value:.4g} {last.unit}".strip()
    return f"  {standing.name}: {value} on validation rows, {duration(last.seconds)}"


def survivors(standings: Iterable[Standing]) -> list[str]:
    """Who came to the end, the best of each kind first."""
    there = [each for each in standings if not each.failed and not each.rounds[-1].stopped]
    return [each.name for each in sorted(there, key=lambda one: (one.showing.ranked, one.showing.worth), reverse=True)]
