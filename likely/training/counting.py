"""Passes over the data for models that learn by counting."""

import time
from collections.abc import Iterator

from likely.contracts import Counted
from likely.errors import EmptyData
from likely.rng import Keyed
from likely.training.course import Course
from likely.training.events import Observed
from likely.training.examples import Examples, Source, cells, passes
from likely.training.judge import dtype_of
from likely.training.lift import Lifting, lifted
from likely.training.recipe import Recipe

COUNTED = 0xC0  # fork of the seed
PAUSE = 0.2  # seconds between reports within a pass


def one_pass(
    model: Counted, data: Source, recipe: Recipe, course: Course, *, seed: int, lift: Lifting | None
) -> Iterator[Observed]:
    """Show every row once, then end the pass: `course.counted` where the model asks for no other."""
    seen, told, turn = 0, time.perf_counter(), course.passes + 1
    rows = len(data) if isinstance(data, Examples) else None
    for part in passes(data, recipe.chunk):
        observe(model, part, seen, seed=seed, lift=lift)
        seen += len(part)
        if time.perf_counter() - told > PAUSE:
            told = time.perf_counter()
            yield Observed(turn=turn, rows=seen, of=rows)
    if seen == 0:
        raise EmptyData("there are no rows to learn from")
    more = model.finish()
    course.passes = turn
    course.counted = not more or (recipe.passes is not None and turn >= recipe.passes)
    yield Observed(turn=turn, rows=seen, of=rows, ended=True)


def observe(model: Counted, part: Examples, start: int, *, seed: int, lift: Lifting | None) -> None:
    """Show one chunk; row i has the same noise in every pass, however the rows are cut into chunks."""
    device = next((b.device for b in model.buffers()), part.x.device)
    x = cells(part.x.to(device), dtype_of(model))
    if lift is not None:
        x, _ = lifted(x, lift, Keyed(seed).fork(COUNTED).at(start))
    model.observe(x, *(None if t is None else t.to(device) for t in (part.c, part.weight)))


def chunk_of(cells_of_a_row: int) -> int:
    """Rows to observe at a time: a chunk of about 64 MB."""
    return max(1024, min(131_072, 2**24 // max(1, cells_of_a_row)))
