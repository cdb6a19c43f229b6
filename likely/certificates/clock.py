"""Time that is limited: work is done in slices, and what does not fit is left out and told."""

import time
from collections.abc import Iterator
from typing import final

QUICK = 0.1  # seconds that a slice may take for the next one to be larger


class OutOfTime(Exception):
    """The time is up before there is enough to tell."""


@final
class Clock:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.perf_counter() + seconds

    @property
    def left(self) -> float:
        return self.ends - time.perf_counter()

    def stop(self) -> None:
        """The time is up now."""
        self.ends = 0.0

    def share(self, part: float) -> "Clock":
        """Part of what is left, for one thing."""
        return Clock(max(self.left, 0.0) * part)

    def slices(self, n: int, *, first: int = 4, most: int = 512) -> Iterator[slice]:
        """0 .. n - 1 in slices that grow while they are quick; they end early where the time is up."""
        at, size = 0, first
        while at < n and self.left > 0:
            began = time.perf_counter()
            yield slice(at, min(at + size, n))
            at += size
            size = min(4 * size, most) if time.perf_counter() - began < QUICK else size
