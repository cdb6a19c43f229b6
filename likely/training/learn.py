"""The one loop: any model, from its first row to the weights that are kept."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from likely.contracts import Concludes, Counted, Model, Prepared, Trained
from likely.errors import FieldError, Interrupted, TrainingError
from likely.rng import Keyed
from likely.training import checkpoint
from likely.training.arranged import arranged, uncompiled
from likely.training.budget import Budget
from likely.training.checkpoint import Moment, State, Tensors, under
from likely.training.counting import one_pass
from likely.training.course import Course
from likely.training.engine import Engine
from likely.training.events import Candidate, Event, Finished, Noticed, Planned
from likely.training.examples import Examples, Source, cells, in_memory, passes
from likely.training.interrupt import Interrupts
from likely.training.judge import dtype_of
from likely.training.lift import Lifting, lifted
from likely.training.order import SIGN, Order
from likely.training.plan import Plan
from likely.training.processes import Processes, processes_of
from likely.training.recipe import Recipe
from likely.training.saving import Saver, copied
from likely.training.training import Training

PREPARED, CONCLUDED = 0xFA, 0xCC  # forks of the seed
SHOWN, CELLS_SHOWN = 10_000, 2**19  # rows that a model sees before it learns; more, up to so many cells
SHOWN_AFTER, CELLS_SHOWN_AFTER = 20_000, 2**26  # rows that it sees after it has learned, and cells, at most


def learn(
    model: Model,
    data: Source,
    *,
    budget: Budget | None = None,
    validation: Examples | None = None,
    seed: int = 0,
    folder: Path | None = None,
    engine: Engine | None = None,
    lift: Lifting | None = None,
    batch: int | None = None,
    recipe: Recipe | None = None,
    init: dict[str, Tensor] | None = None,
    resume: bool = False,
) -> Iterator[Event]:
    """Teach the model and tell what happens; after `Finished` it holds the kept weights, ready to be used.

    `recipe` repeats an earlier training exactly (the budget is not asked). `init` are weights to go on from. With a
    folder the state is saved as it goes, and `resume` continues from there: same model, data and seed, same result.
    """
    lesson = Lesson(
        model=model, data=data, budget=budget or Budget(), validation=validation, seed=seed, folder=folder,
        engine=engine or Engine(), lift=lift, batch=batch, recipe=recipe, init=init, resume=resume,
        began=time.perf_counter(),
    )  # fmt: skip
    finished = yield from lesson.events()
    yield finished  # everything about the machine is as it was before


@final
@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What was asked of `learn`."""

    model: Model
    data: Source
    budget: Budget
    validation: Examples | None
    seed: int
    folder: Path | None
    engine: Engine
    lift: Lifting | None
    batch: int | None
    recipe: Recipe | None
    init: dict[str, Tensor] | None
    resume: bool
    began: float

    def events(self) -> Generator[Event, None, Finished]:
        """The whole training; the last event is returned."""
        with Interrupts() as interrupts, own_random_source(), _told(self.folder):
            processes = processes_of(self.engine)
            state = self._state()
            self._begin(fresh=state is None)
            recipe = self._recipe(state, processes)
            saver = Saver(self.folder if processes.first else None, recipe, self._identity(), self.engine.save_every)
            if saver.folder is not None:
                checkpoint.write_recipe(saver.folder, recipe)
            yield Planned(recipe=recipe, resumed=state.now.course.step if state else 0, seconds=self._seconds)
            yield from _notices(recipe)
            with arranged(self.model, recipe):
                finished = yield from self._taught(recipe, state, processes, saver, interrupts)
                finished = self._concluded(finished, recipe)
        self.model.eval()
        return finished

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self.began

    # Before the first row ------------------------------------------------------------------------------------------

    def _state(self) -> State | None:
        """The state to resume from, checked to be of this run."""
        if not self.resume:
            return None
        if self.folder is None:
            raise FieldError("resume without a folder", expected="the folder the run was started in")
        state = checkpoint.read(self.folder)
        if state is not None and state.identity != self._identity():
            raise TrainingError(
                f"the state in {self.folder} is of other data or another seed",
                expected=f"{state.identity}, found {self._identity()}",
                remedy="the data and seed of that run, or a new folder",
            )
        return state

    def _identity(self) -> dict[str, Any]:
        if self.folder is None or not isinstance(self.data, Examples):
            return {"seed": self.seed}
        known = {"seed": self.seed, "rows": list(self.data.x.shape), "sum": fingerprint(self.data.x)}
        return known if self.data.weight is None else known | {"weights": fingerprint(self.data.weight)}

    def _begin(self, *, fresh: bool) -> None:
        """Show the model a sample, which may fix its shapes; then the weights to go on from."""
        if isinstance(self.model, Prepared):
            self._prepare(self.model)
        if fresh and self.init is not None:
            checkpoint.restore(self.model, self.init)

    def _prepare(self, model: Prepared) -> None:
        x, c, rng = self._shown(PREPARED, lambda width: max(SHOWN, CELLS_SHOWN // width))
        model.prepare(x, c, rng=rng)

    def _shown(self, tag: int, most: Callable[[int], int]) -> tuple[Tensor, Tensor | None, Keyed]:
        """At most so many rows (by the cells of one) as the model sees them; and noise, torch's own seeded too."""
        rng = Keyed(self.seed).fork(tag)
        torch.default_generator.manual_seed(rng.seed & SIGN)
        sample, dtype = self._sample(most), dtype_of(self.model)
        x, _ = lifted(cells(sample.x, dtype), self.lift, rng.fork(1))
        return x, None if sample.c is None else cells(sample.c, dtype), rng

    def _sample(self, most: Callable[[int], int]) -> Examples:
        if not isinstance(self.data, Examples):
            return next(passes(self.data, SHOWN))
        data = in_memory(self.data)
        rows = min(len(data), max(1, most(max(1, math.prod(data.x.shape[1:])))))
        return data.take(Order(len(data), rows, self.seed, data.weight).at(0))

    def _recipe(self, state: State | None, processes: Processes) -> Recipe:
        """The recipe given, the one this run was started with, or a new one that every process agrees on."""
        started = checkpoint.read_recipe(self.folder) if self.resume and self.folder and state is None else None
        known = state.recipe if state is not None else self.recipe or started
        if known is None:
            known = Recipe.from_json(processes.agreed(self._plan(processes).recipe().to_json()))
        if known.processes != processes.count:
            expected = f"{known.processes} processes, as the recipe says"
            raise TrainingError(f"this training runs in {processes.count} processes", expected=expected)
        return replace(known, device=processes.place(self.engine)) if known.device.startswith("cuda") else known

    def _plan(self, processes: Processes) -> Plan:
        return Plan(
            model=self.model, data=self.data, validation=self.validation, budget=self.budget, engine=self.engine,
            lift=self.lift, seed=self.seed, batch=self.batch, processes=processes.count,
            place=processes.place(self.engine), began=self.began,
        )  # fmt: skip

    # Learning ------------------------------------------------------------------------------------------------------

    def _taught(
        self, recipe: Recipe, state: State | None, processes: Processes, saver: Saver, interrupts: Interrupts
    ) -> Generator[Event, None, Finished]:
        course = state.now.course.copy() if state is not None else Course(seconds=self._seconds)
        if isinstance(self.model, Counted) and not course.begun:
            if state is not None:
                checkpoint.restore(self.model, under(state.now.tensors, "model"))
            yield from self._count(self.model, recipe, course, saver, interrupts)
        if not isinstance(self.model, Trained):
            return self._counted(course)
        place = torch.device(recipe.device)
        training = Training(
            self.model, _placed(in_memory(self.data), place), self.validation, recipe, course,
            seed=self.seed, lift=self.lift, processes=processes, saver=saver, interrupts=interrupts,
        )  # fmt: skip
        return (yield from training.events(state))

    def _concluded(self, finished: Finished, recipe: Recipe) -> Finished:
        """The weights, once the model has looked back: from the saved state the same again, on every process."""
        if not isinstance(self.model, Concludes):
            return finished
        began, ends = time.perf_counter(), [finished.final, finished.kept]
        looked = [self._looked_back(self.model, end, recipe) for end in ends[ends[0].same(ends[1]) :]]
        seconds = finished.seconds + time.perf_counter() - began
        final = replace(finished.final, weights=looked[0])
        return replace(finished, final=final, kept=replace(finished.kept, weights=looked[-1]), seconds=seconds)

    def _looked_back(self, model: Concludes, end: Candidate, recipe: Recipe) -> Tensors:
        checkpoint.restore(model, end.weights)
        x, c, rng = self._shown(CONCLUDED, lambda width: min(SHOWN_AFTER, CELLS_SHOWN_AFTER // width))
        place = torch.device(recipe.device)
        with torch.no_grad(), uncompiled(recipe):
            model.eval().conclude(x.to(place), None if c is None else c.to(place), rng=rng)
        return copied(model.state_dict())

    def _count(
        self, model: Counted, recipe: Recipe, course: Course, saver: Saver, interrupts: Interrupts
    ) -> Iterator[Event]:
        """Pass after pass, saved in between. A first Ctrl-C waits for the end of the pass, a second does not."""
        clock = time.perf_counter() - course.seconds
        while not course.counted:
            try:
                for event in one_pass(model, self.data, recipe, course, seed=self.seed, lift=self.lift):
                    course.seconds = time.perf_counter() - clock
                    yield replace(event, seconds=course.seconds)
            except KeyboardInterrupt:
                raise _interrupted(f"in pass {course.passes + 1} over the data", self.folder) from None
            yield from self._between(model, course, saver, interrupts)

    def _between(self, model: Counted, course: Course, saver: Saver, interrupts: Interrupts) -> Iterator[Event]:
        if saver.due or course.counted or interrupts.asked:
            saved = saver.save(Moment(course.copy(), copied({f"model/{k}": t for k, t in model.state_dict().items()})))
            yield from [] if saved is None else [saved]
        if interrupts.asked and not course.counted:
            raise _interrupted(f"after {course.passes} passes over the data", self.folder)

    def _counted(self, course: Course) -> Finished:
        final = Candidate(step=course.passes, averaged=False, value=None, weights=copied(self.model.state_dict()))
        return Finished(step=course.passes, final=final, kept=final, seconds=course.seconds, counted=True)


def _placed(data: Examples, place: torch.device) -> Examples:
    """The rows on the device, where they take at most half of what is free there; otherwise batches are moved."""
    if place.type == "cuda" and 2 * data.x.nbytes > torch.cuda.mem_get_info(place)[0]:
        return data
    return data.to(place)


def _interrupted(what: str, folder: Path | None) -> Interrupted:
    remedy = "" if folder is None else f"likely resume {folder}"
    return Interrupted(f"stopped {what}", remedy=remedy)


def _notices(recipe: Recipe) -> Iterator[Noticed]:
    """What the probes found that a person may want to act on."""
    for probe in recipe.probes:
        if probe.why:
            yield Noticed(what=f"{probe.question} stays {probe.choice}: {probe.why}")
        worst, best = max(probe.seconds.values(), default=0.0), min(probe.seconds.values(), default=0.0)
        if probe.question == "threads" and worst > 3 * best:
            yield Noticed(what=f"the cores are busy: threads={probe.choice} is {worst / best:.0f} times faster")


def fingerprint(x: Tensor) -> int:
    """A number that any change of a cell, or of the rows' order, changes."""
    whole = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[x.dtype.itemsize]
    rows = torch.empty(len(x), dtype=torch.int64, device=x.device)
    for part, sums in zip(x.split(256), rows.split(256), strict=True):  # few at a time: they are widened to be summed
        torch.sum(part.contiguous().view(whole).reshape(len(part), -1), 1, dtype=torch.int64, out=sums)
    odd = torch.arange(1, 2 * len(x), 2, dtype=torch.int64, device=x.device)
    return int((rows * odd).sum())


@contextmanager
def _told(folder: Path | None) -> Iterator[None]:
    """An interrupt outside any round is told like one inside."""
    try:
        yield
    except KeyboardInterrupt:
        raise _interrupted("between two rounds", folder) from None


@contextmanager
def own_random_source() -> Iterator[None]:
    """torch's global source, which only training touches, is given back as it was."""
    before = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(before)
