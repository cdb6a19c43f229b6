"""Are other programs using the cores? Then threads wait for one another, and two can be fifty times slower than one."""

import time

import torch

CELLS = 131_072  # enough for torch to share the work among its threads
REPEATS, LONGEST = 8, 0.2  # runs, and the seconds after which nothing more has to be learned
CROWDED = 3.0  # times as long as one thread takes


def crowding(threads: int) -> dict[str, float]:
    """Seconds of a small parallel task, by number of threads: `threads` of them, and one."""
    before = torch.get_num_threads()
    try:
        return {str(count): _taken(count) for count in (threads, 1)}
    finally:
        torch.set_num_threads(before)


def crowded(seconds: dict[str, float]) -> bool:
    """Whether one thread is to be preferred without asking further."""
    most, one = seconds.values()
    return most > CROWDED * one


def _taken(threads: int) -> float:
    torch.set_num_threads(threads)
    x = torch.full((CELLS,), 0.5)
    began = time.perf_counter()
    for repeat in range(REPEATS):
        torch.sin(x)
        if time.perf_counter() - began > LONGEST:
            return (time.perf_counter() - began) / (repeat + 1)
    return (time.perf_counter() - began) / REPEATS
