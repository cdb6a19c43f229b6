"""The wall-clock that a comparison may take, and how one piece of it is cut off."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from types import FrameType
from typing import final

AGAIN = 0.5  # seconds between alarms


class Overrun(BaseException):
    """A piece took longer than it may. Not an `Exception`: what forgives errors on the way must not forgive this."""


@final
@dataclass(frozen=True)
class Allowance:
    """Seconds that may be spent, those of earlier runs among them; None: as many as it takes."""

    seconds: float | None
    before: float = 0.0  # spent in earlier runs
    began: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> float:
        return self.before + time.perf_counter() - self.began

    def left(self, share: float = 1.0) -> float:
        """Seconds until this share of them is spent."""
        return inf if self.seconds is None else max(0.0, share * self.seconds - self.spent)


@contextmanager
def cut_off(seconds: float) -> Iterator[None]:
    """What is within is stopped by `Overrun` after so many seconds; only a main thread can be stopped.

    An alarm that goes off while C code calls back, or while an object is deleted, is heard by nobody: it sounds again.
    """
    stoppable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if seconds == inf or not stoppable:
        yield
        return
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Overrun
