"""A training with a doctor at its side: held-out rows are looked at whenever they are judged, and at the end.

A training begins with codes that say nothing, so nothing is told before a fifth of its steps, nor what a single look
has seen. What the kept weights still have is a finding of the model; what passed was only noticed.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import final

import torch

from likely.contracts import Model, Units
from likely.doctor.collapse import collapsed
from likely.doctor.finding import Finding
from likely.rng import Keyed
from likely.training import Event, Examples, Finished, Noticed, Planned, Validated
from likely.training.examples import cells
from likely.training.judge import dtype_of
from likely.training.lift import Lifting, lifted

WARM, LEAST = 0.2, 200  # of the steps, and steps at least, before anything is told
LOOKED_AT = 256  # rows
LOOKED = 0xD0C  # fork of the seed


@final
@dataclass
class Checkup:
    """A model, held-out rows, and what was found."""

    model: Model
    held_out: Examples
    seed: int = 0
    lift: Lifting | None = None
    findings: tuple[Finding, ...] = ()  # of the weights that were kept
    _seen: set[str] = field(default_factory=set)  # at the last look
    _told: set[str] = field(default_factory=set)

    def looked(self) -> tuple[Finding, ...]:
        """What is wrong now, of what this model's promises let one see."""
        if not isinstance(self.model, Units):
            return ()
        training = self.model.training
        self.model.eval()
        found = collapsed_on(self.model, self.held_out, self.seed, self.lift)
        self.model.train(training)
        return () if found is None else (found,)

    def news(self) -> Iterator[Finding]:
        """What two looks in a row have seen and nobody was told."""
        found = self.looked()
        yield from (each for each in found if each.name in self._seen and each.name not in self._told)
        self._told |= self._seen & {each.name for each in found}
        self._seen = {each.name for each in found}

    def concluded(self) -> Iterator[Finding]:
        """What the kept weights have is kept, and told where it was not."""
        self.findings = self.looked()
        yield from (each for each in self.findings if each.name not in self._told)


def attended(events: Iterator[Event], checkup: Checkup) -> Generator[Event, None, None]:
    """The events of a training, and what is noticed on the way."""
    first = LEAST
    with closing(events) if isinstance(events, Generator) else nullcontext():
        for event in events:
            if isinstance(event, Planned):
                first = max(LEAST, int(WARM * event.recipe.steps))
            if isinstance(event, Finished) and event.step >= LEAST:
                yield from (Noticed(what=str(found), seconds=event.seconds) for found in checkup.concluded())
            yield event
            if isinstance(event, Validated) and event.step >= first:
                yield from (Noticed(what=str(found), seconds=event.seconds) for found in checkup.news())


@torch.no_grad()
def collapsed_on(model: Units, held_out: Examples, seed: int, lift: Lifting | None) -> Finding | None:
    """Whether the code says next to nothing of some of these rows."""
    rng, dtype = Keyed(seed).fork(LOOKED), dtype_of(model)
    device = next(model.parameters()).device
    part = next(held_out.chunks(LOOKED_AT)).to(device)
    x, _ = lifted(cells(part.x, dtype), lift, rng.fork(1))
    return collapsed(model.used(x, None if part.c is None else cells(part.c, dtype), rng=rng))
