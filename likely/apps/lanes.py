"""Who does the work of a comparison: this process, or several beside it.

Each of several is a fresh process (spawned: nothing of this one's threads is inherited), takes one task at a time, and
answers with plain numbers; models go by the folder. One that dies takes its task along, which is then tried once more,
alone; when this process dies, they end themselves.
"""

import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar, final

from likely.apps.arena import Arena, Task
from likely.errors import LikelyError

R = TypeVar("R")
Listen = Callable[[str], Iterable[Any]]  # a title to those who hear its training
LOOK = 2.0  # seconds between looks at whether the process that started this one is there


class Lanes(ABC):
    """Does tasks, several at a time or one by one."""

    count: int

    @abstractmethod
    def done(self, tasks: Sequence[Task[R]], arena: Arena, listen: Listen) -> Iterator[tuple[Task[R], R]]:
        """Each task with what came of it, as they end."""


@final
class Here(Lanes):
    """One after another, in this process."""

    count = 1

    def done(self, tasks: Sequence[Task[R]], arena: Arena, listen: Listen) -> Iterator[tuple[Task[R], R]]:
        for task in tasks:
            yield task, task.done(arena, listen(task.title))


@final
class Beside(Lanes):
    """In so many processes beside this one; what cannot be told to another process is done here, last."""

    def __init__(self, count: int) -> None:
        self.count = count

    def done(self, tasks: Sequence[Task[R]], arena: Arena, listen: Listen) -> Iterator[tuple[Task[R], R]]:
        apart = [task for task in tasks if not task.alone]
        lost: list[Task[R]] = []
        yield from self._pooled(apart, arena, self.count, lost)
        for task in lost:
            again: list[Task[R]] = []
            yield from self._pooled([task], arena, 1, again)
            if again:
                raise LikelyError(f"the process of {task.title} ended twice", expected="memory for it",
                                  remedy="fewer --processes")  # fmt: skip
        yield from Here().done([task for task in tasks if task.alone], arena, listen)

    def _pooled(
        self, tasks: Sequence[Task[R]], arena: Arena, count: int, lost: list[Task[R]]
    ) -> Iterator[tuple[Task[R], R]]:
        if not tasks:
            return
        others = set(multiprocessing.active_children())
        threads = max(1, (os.cpu_count() or 1) // self.count)
        pool = ProcessPoolExecutor(
            min(count, len(tasks)), multiprocessing.get_context("spawn"), _begun, (threads, os.getpid())
        )
        try:
            known: dict[Future[R], Task[R]] = {pool.submit(_done, task, arena): task for task in tasks}
            for future in as_completed(known):
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.append(known[future])
                else:
                    yield known[future], result
        except BaseException:
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()  # a training hears it, saves its state and ends
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _done(task: Task[R], arena: Arena) -> R:
    return task.done(arena)


def _begun(threads: int, parent: int) -> None:
    """A process of its own: as many threads as are its share, deaf to the keyboard, gone when its parent is."""
    import torch

    torch.set_num_threads(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_ends_with, args=(parent,), daemon=True).start()


def _ends_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


def lanes_of(processes: int) -> Lanes:
    """This process alone, or several beside it."""
    return Here() if processes == 1 else Beside(processes)
