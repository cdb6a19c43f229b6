"""A training with a doctor at its side: what it learns is looked at as it goes, and at the end.

A training begins with codes that say nothing and with a generator that has few modes, so nothing is told before a fifth
of its steps, nor what a single look has seen. What the kept weights still have is a finding of the model; what passed
was only noticed. A game is looked at less often where looking would take more than a fiftieth of the time.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import torch
from torch import Tensor

from likely.contracts import Latent, Model, Units
from likely.doctor.collapse import collapsed
from likely.doctor.examination import PASSING, Effort, examined, of_training
from likely.doctor.finding import Finding
from likely.doctor.health import Health
from likely.doctor.idle import idle
from likely.doctor.patient import Patient
from likely.doctor.record import Record
from likely.metrics.coded import choices
from likely.rng import Keyed
from likely.training import Event, Examples, Finished, Noticed, Planned, Stepped, Validated
from likely.training.arranged import uncompiled
from likely.training.examples import cells
from likely.training.judge import dtype_of
from likely.training.lift import Lifting, lifted

WARM, LEAST = 0.2, 200  # of the steps, and steps at least, before anything is told
LOOKED_AT, LOOKED_THROUGH = 256, 2048  # rows; where all that is asked is their codes
LOOKED = 0xD0C  # fork of the seed
LOOKS, SHARE = 20, 0.02  # at a game in a training, at most; of the training's time, that they may take
CODES, GAME = "codes", "game"  # what a look was at


@final
@dataclass
class Checkup:
    """A model, held-out rows, and what was found; a patient, where all that a game shows is looked at."""

    model: Model
    held_out: Examples
    seed: int = 0
    lift: Lifting | None = None
    patient: Patient | None = None
    record: Record = field(default_factory=Record)
    findings: tuple[Finding, ...] = ()  # of the weights that were kept
    health: Health = field(default_factory=Health)  # the same of a game, with all that was measured
    _seen: dict[str, set[str]] = field(default_factory=dict)  # at the last look, by what was looked at
    _told: set[str] = field(default_factory=set)
    _spent: float = 0.0  # seconds, on looks at a game
    _each: float = 0.0  # the same on the last one
    _at: int = 0  # step of the last one

    def looked(self) -> tuple[Finding, ...]:
        """What is wrong with its codes now, of what this model's promises let one see."""
        training = self.model.training
        self.model.eval()
        found = [look(self.model) for promise, look in self._looks.items() if isinstance(self.model, promise)]
        self.model.train(training)
        return tuple(each for each in found if each is not None)

    @property
    def _looks(self) -> dict[type[Model], Callable[[Any], Finding | None]]:
        """What can be looked at, by promise."""
        return {Units: self._collapsed, Latent: self._idle}

    def _collapsed(self, model: Units) -> Finding | None:
        """Whether the code says next to nothing of some held-out rows."""
        x, c, rng = self._shown(LOOKED_AT)
        with torch.no_grad():
            return collapsed(model.used(x, c, rng=rng))

    def _idle(self, model: Latent) -> Finding | None:
        """Of codes that are choices: whether most stand in no row."""
        of = choices(model.codes)
        if of is None:
            return None
        x, c, _ = self._shown(LOOKED_THROUGH)
        with torch.no_grad():
            return idle(model.encode(x, c), of)

    def _shown(self, most: int) -> tuple[Tensor, Tensor | None, Keyed]:
        """Some held-out rows as the model sees them, and noise."""
        rng, dtype = Keyed(self.seed).fork(LOOKED), dtype_of(self.model)
        part = next(self.held_out.chunks(most)).to(next(self.model.parameters()).device)
        x, _ = lifted(cells(part.x, dtype), self.lift, rng.fork(1))
        return x, None if part.c is None else cells(part.c, dtype), rng

    def due(self, event: Event) -> bool:
        """Whether it is time, and there is time, to look at a game."""
        if self.patient is None or not isinstance(event, Stepped):
            return False
        timely = event.step - self._at >= event.steps / LOOKS
        return timely and self._spent + self._each <= SHARE * event.seconds

    def game(self, step: int, effort: Effort) -> Health:
        """What is wrong with a game now."""
        if self.patient is None:
            return of_training(self.record)
        began, self._at = time.perf_counter(), step
        try:
            return examined(self.patient, self.record, effort)
        except Exception as error:  # a fault in looking may not stop a training
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
            return Health(left_out=(f"the game: looking at it ended in {said}",))
        finally:
            self._each = time.perf_counter() - began
            self._spent += self._each

    def news(self, found: tuple[Finding, ...], of: str = CODES) -> Iterator[Finding]:
        """What two looks in a row have seen and nobody was told."""
        before = self._seen.get(of, set())
        yield from (each for each in found if each.name in before and each.name not in self._told)
        self._seen[of] = {each.name for each in found}
        self._told |= before & self._seen[of]

    def concluded(self, step: int) -> Iterator[Finding]:
        """What the kept weights have is kept, and told where it was not."""
        self.health = self.game(step, Effort())
        self.findings = self.looked() + self.health.findings
        yield from (each for each in self.findings if each.name not in self._told)


def attended(events: Iterator[Event], checkup: Checkup) -> Generator[Event, None, None]:
    """The events of a training, and what is noticed on the way."""
    first, calm = LEAST, nullcontext
    with closing(events) if isinstance(events, Generator) else nullcontext():
        for event in events:
            checkup.record.hear(event.said())
            if isinstance(event, Planned):
                first, calm = max(LEAST, int(WARM * event.recipe.steps)), partial(uncompiled, event.recipe)
            if isinstance(event, Finished) and event.step >= LEAST:
                yield from _noticed(checkup.concluded(event.step), event)
            yield event
            if isinstance(event, Validated) and event.step >= first:
                with calm():
                    found = checkup.looked()
                yield from _noticed(checkup.news(found), event)
            if isinstance(event, Stepped) and event.step >= first and checkup.due(event):
                with calm():
                    found = checkup.game(event.step, PASSING).findings
                yield from _noticed(checkup.news(found, GAME), event)


def _noticed(found: Iterator[Finding], event: Event) -> Iterator[Noticed]:
    return (Noticed(what=str(each), seconds=event.seconds) for each in found)
