"""Listeners for a person: a bar on a terminal, plain lines elsewhere, silence on request. Any callable that takes an
`Event` is a listener as well."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from types import TracebackType
from typing import TextIO, final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from likely.errors import TrainingError
from likely.training.events import Event, Finished, Noticed, Observed, Planned, RolledBack, Stepped, Validated

REFRESH = 0.1  # seconds between drawings of the bar
EVERY = 5.0  # seconds between plain lines


class Listener(ABC):
    """Hears every event; a context, because a display or a file has an end."""

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Hear one event."""

    @abstractmethod
    def close(self) -> None:
        """The training is over, one way or another."""

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def follow(events: Iterable[Event], *listeners: Callable[[Event], None]) -> Finished:
    """Run the training to its end, telling everybody; returns how it finished."""
    last: Event | None = None
    with ExitStack() as stack:
        if isinstance(events, Generator):
            stack.enter_context(closing(events))  # a listener that fails must not leave the machine arranged
        for listener in listeners:
            if isinstance(listener, Listener):
                stack.enter_context(listener)
        for last in events:
            for listener in listeners:
                listener(last)
    if not isinstance(last, Finished):
        raise TrainingError("the training ended without finishing")
    return last


def progress(*, quiet: bool = False, stream: TextIO | None = None) -> Listener:
    """The display that fits: nothing, a bar, or lines."""
    shown: TextIO = stream or sys.stderr
    if quiet:
        return Silent()
    return Bar(shown) if shown.isatty() else Lines(shown)


@final
class Silent(Listener):
    """Says nothing."""

    def __call__(self, event: Event) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@final
class Standing:
    """The latest of everything worth showing, in words."""

    def __init__(self) -> None:
        self.step, self.steps = 0, 0
        self.pace, self.loss, self.best, self.left = "", "", "", ""

    def hear(self, event: Event) -> None:
        match event:
            case Planned(recipe=recipe, resumed=resumed):
                self.step, self.steps = resumed, recipe.steps
            case Stepped():
                self.step, self.steps = event.step, event.steps
                self.pace, self.left = f"{_short(event.rate)} steps/s", f"{clock(event.left)} left"
                self.loss = ", ".join(f"{player} {_short(loss)}" for player, loss in event.losses.items())
            case Validated():
                self.best = f"held-out {_judged_by(event.unit)} {_short(event.best)} at {event.best_step}"
            case Observed():
                self.step, self.steps = event.rows, event.of or 0
                self.pace = f"pass {event.turn}"

    def words(self) -> str:
        place = f"{self.step}/{self.steps or '?'}"
        return " · ".join(part for part in (place, self.pace, self.loss, self.best, self.left) if part)


@final
class Lines(Listener):
    """A plain line every few seconds, for logs and pipes."""

    def __init__(self, stream: TextIO, every: float = EVERY) -> None:
        self.stream, self.every, self.standing = stream, every, Standing()
        self._next = time.perf_counter() + every

    def __call__(self, event: Event) -> None:
        self.standing.hear(event)
        told = _told(event)
        if told:
            self._say(told)
        elif time.perf_counter() >= self._next:
            self._next = time.perf_counter() + self.every
            self._say(self.standing.words())

    def close(self) -> None:
        self.stream.flush()

    def _say(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


@final
class Bar(Listener):
    """A bar with rate, losses, the best validation and the time left."""

    def __init__(self, stream: TextIO) -> None:
        self.standing = Standing()
        console = Console(file=stream)
        self.progress = Progress(
            BarColumn(24), TextColumn("{task.description}"), console=console, auto_refresh=False, transient=True
        )
        self.task: TaskID | None = None
        self._next = 0.0

    def __call__(self, event: Event) -> None:
        self.standing.hear(event)
        if self.task is None:
            self.progress.start()
            self.task = self.progress.add_task("", total=1)
        told = _told(event)
        if told:
            self.progress.console.print(told, highlight=False, markup=False)
        self._draw(self.task, last=isinstance(event, Finished))

    def close(self) -> None:
        self.progress.stop()

    def _draw(self, task: TaskID, *, last: bool) -> None:
        now = time.perf_counter()
        if last or now >= self._next:
            self._next = now + REFRESH
            shown = self.standing
            self.progress.update(task, completed=shown.step, total=shown.steps or None, description=shown.words())
            self.progress.refresh()


def _told(event: Event) -> str:
    """Events that a person should see even when they come between two drawings."""
    match event:
        case Planned(resumed=resumed) if resumed:
            return f"going on after step {resumed}"
        case Noticed():
            return f"note: {event.what}"
        case RolledBack():
            return f"step {event.step}: {event.why}; back to step {event.to}, rates times {event.scale:g}"
        case Finished():
            return _ending(event)
    return ""


def _ending(event: Finished) -> str:
    if event.counted:
        return f"counted in {event.step} pass{'es' * (event.step != 1)} over the data, {clock(event.seconds)}"
    kept = event.kept
    which = "averaged weights" if kept.averaged else "weights"
    judged = "" if kept.value is None else f" (held-out {_judged_by(event.unit)} {_short(kept.value)})"
    early = ", early: validation got no better" if event.early else ""
    return f"finished at {event.step} in {clock(event.seconds)}{early}; kept the {which} of {kept.step}{judged}"


def _judged_by(unit: str) -> str:
    return unit if unit == "distance" else "loss"


def _short(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.3g}"


def clock(seconds: float) -> str:
    """1:02:03, 2:03, 45s."""
    if not 0 <= seconds < 1e9:
        return "?"
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}" if minutes else f"{whole}s"
