"""A training with a doctor at its side: held-out rows are looked at whenever they are judged, and at the end.

A training begins with codes that say nothing, so nothing is told before a fifth of its steps, nor what a single look
has seen. What the kept weights still have is a finding of the model; what passed was only noticed.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from likely.contracts import Latent, Model, Units
from likely.doctor.collapse import collapsed
from likely.doctor.finding import Finding
from likely.doctor.idle import idle
from likely.metrics.coded import choices
from likely.rng import Keyed
from likely.training import Event, Examples, Finished, Noticed, Planned, Validated
from likely.training.examples import cells
from likely.training.judge import dtype_of
from likely.training.lift import Lifting, lifted

WARM, LEAST = 0.2, 200  # of the steps, and steps at least, before anything is told
LOOKED_AT, LOOKED_THROUGH = 256, 2048  # rows; where all that is asked is their codes
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
