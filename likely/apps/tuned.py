r"""Levels for a sampler of few calls, tuned to a model: those that bring it nearest to where the flow ends.

    e(levels) = |x_levels - x_*| over the samples' spread, from the same noise, as in apps/steps.py               (1)
    begin with the best of Karras' ways, whose lowest levels and whose crowding differ                            (2)
    move one level at a time, by a half of the way to a neighbour, then by quarters, ... while (1) falls          (3)

The highest level stays: the noise is that of the model's own way. The lowest is the level from which the denoiser's
word is taken for the data; in few calls that is well above the lowest one learned. What is gained is told on other
noise than it was sought on, beside the model's own way, which is FlowMatching's line. Align Your Steps (Sabour, Fidler
& Kreis, 2024), arXiv:2404.14507, has another measure.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

from torch import Tensor

from likely.apps.steps import Walk, apart, walked_model
from likely.diffusion import DPMSolver, Karras, Sampler, Schedule, UniPC
from likely.diffusion.listed import Listed
from likely.errors import FieldError
from likely.fitted import Fitted
from likely.rng import Keyed

ROWS, REFERENCE, ROUNDS = 16, 200, 4
CROWDED = 3.0, 7.0, 15.0  # (2): rho
LOWEST = 1.0, 4.0, 16.0, 64.0, 256.0  # (2): lowest levels, in those of the own way
FRESH = 0x7E5  # fork of the seed: noise on which the gain is told


@final
@dataclass(frozen=True)
class Tuned:
    """The levels, and what they gain on other noise."""

    levels: Listed
    sampler: Sampler
    own: float  # (1) in as many calls along the model's own way
    error: float  # (1) along the tuned levels
    walks: int  # that were tried

    @property
    def gains(self) -> bool:
        """Whether they are nearer than the model's own way."""
        return self.error < self.own


def tuned(
    fitted: Fitted[Any], calls: int, sampler: Sampler | None = None, *,
    rounds: int = ROUNDS, n: int = ROWS, reference: int = REFERENCE, seed: int = 0,
) -> Tuned:  # fmt: skip
    """Levels for so many calls of this sampler (DPM-Solver++ if none is said), by (2) and (3)."""
    if calls < 3 or n < 2 or reference <= calls:
        raise FieldError(f"levels tuned for {calls} calls on {n} rows, beside {reference} calls",
                         expected="3 calls or more, 2 rows or more, a reference of more calls")  # fmt: skip
    search = _Search.of(fitted, sampler or DPMSolver(), calls, n, reference, seed)
    best = min((search.tried(start) for start in _starts(search.walk.way.schedule, calls)), key=lambda each: each[0])
    for turn in range(rounds):
        best = search.moved(best, 0.5 ** (turn + 1))  # (3)
    fresh = _Search.of(fitted, search.sampler, calls, n, reference, Keyed(seed).fork(FRESH).seed)
    found = search.printed(best[1])
    return Tuned(found, search.sampler, fresh.error(search.walk.way.schedule), fresh.error(found), search.walks)


Tried = tuple[float, tuple[float, ...]]  # (1), and the levels


@dataclass
class _Search:
    walk: Walk
    sampler: Sampler
    calls: int
    end: Tensor
    walks: int = 0

    @classmethod
    def of(cls, fitted: Fitted[Any], sampler: Sampler, calls: int, n: int, reference: int, seed: int) -> "_Search":
        """Beside the flow's ends from this seed's noise."""
        model = walked_model(fitted)
        c = None if fitted.conditions is None else fitted.conditions.draw(n, Keyed(seed).fork(1))
        walk = Walk(model, model.way, c, n, seed)
        return cls(walk, sampler, calls, walk.ends(UniPC(), reference))

    def error(self, levels: Schedule) -> float:
        """(1)"""
        self.walks += 1
        along = replace(self.walk, way=replace(self.walk.way, schedule=levels))
        return apart(along.ends(self.sampler, self.calls), self.end)

    def tried(self, levels: tuple[float, ...]) -> Tried:
        """Levels with their error."""
        return self.error(Listed(levels)), levels

    def moved(self, best: Tried, share: float) -> Tried:
        """Each level but the highest, in turn, towards the one above and the one below."""
        for at in range(1, self.calls):
            levels = best[1]
            above, below = levels[at - 1], levels[at + 1] if at + 1 < self.calls else levels[at] ** 2 / levels[at - 1]
            for towards in (above, below):
                there = math.exp((1 - share) * math.log(levels[at]) + share * math.log(towards))
                if there >= self.walk.model.learned.low:
                    best = min(best, self.tried((*levels[:at], there, *levels[at + 1 :])))
        return best

    def printed(self, levels: tuple[float, ...]) -> Listed:
        """The levels as a person copies them."""
        model, rounded = self.walk.model, (float(f"{level:.4g}") for level in levels[1:])
        return Listed((self.walk.way.schedule.high, *(max(level, model.learned.low) for level in rounded)))


def _starts(own: Schedule, calls: int) -> Iterator[tuple[float, ...]]:
    """(2), the model's own way among them."""
    yield tuple(own.grid(calls)[:-1].tolist())
    for rho in CROWDED:
        for lowest in LOWEST:
            if own.low * lowest < own.high / 10:
                yield tuple(Karras(low=own.low * lowest, high=own.high, rho=rho).grid(calls)[:-1].tolist())
