"""The engine's questions, answered by measurement: threads, memory layout, precision, compilation.

Each candidate plays a few rounds on a copy of the model; a candidate is taken where it is clearly faster. All of it may
cost a small share of the training, and what was not worth asking is left at its plain default.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import final

from likely.training.arranged import compilable, compiler, convolves
from likely.training.engine import Engine
from likely.training.recipe import Precision, Probe, Recipe
from likely.training.trial import Timing, Trial

SHARE = 0.04  # of the training's time may go into probes
CLEARLY = {
    "threads": 0.9,
    "channels_last": 0.9,
    "precision": 0.75,
    "compile": 0.8,
}  # taken below this share of the time
WORTH = {"threads": 0.5, "channels_last": 5.0, "precision": 10.0, "compile": 900.0}  # asked from so many seconds on
AGREEMENT = 0.01  # by which bf16 losses may differ from full precision
ROUNDS = 5  # of each candidate


@final
@dataclass
class Probing:
    """The recipe so far, the time it takes a round, and the time left for questions."""

    trial: Trial
    engine: Engine
    recipe: Recipe
    timing: Timing
    budget: float | None  # seconds of the training, where it was given in seconds
    probes: list[Probe] = field(default_factory=list)
    spent: float = 0.0

    def all(self) -> Recipe:
        """Ask everything that is open and worth asking."""
        for candidates in (self._threads, self._layouts, self._precisions, self._compilations):
            self._ask(*candidates())  # each question starts from the earlier answers
        return replace(self.recipe, probes=tuple(self.probes), round_seconds=self.timing.usual)

    @property
    def seconds(self) -> float:
        """How long the training takes, as it looks now."""
        return self.recipe.steps * self.timing.usual if self.budget is None else self.budget

    def _threads(self) -> tuple[str, list[Recipe]]:
        now = self.recipe.threads
        fewer = sorted({1, now // 2} - {0, now}) if self.engine.threads is None else []
        return "threads", [replace(self.recipe, threads=t) for t in fewer]

    def _layouts(self) -> tuple[str, list[Recipe]]:
        asked = self.engine.channels_last is None and convolves(self.trial.model)
        return "channels_last", [replace(self.recipe, channels_last=True)] * asked

    def _precisions(self) -> tuple[str, list[Recipe]]:
        asked = self.engine.precision == Precision.AUTO and not _double(self.trial)
        return "precision", [replace(self.recipe, precision=Precision.BF16)] * asked

    def _compilations(self) -> tuple[str, list[Recipe]]:
        asked = self.engine.compile is None and compiler() is not None and bool(compilable(self.trial.model))
        return "compile", [replace(self.recipe, compile=True)] * asked

    def _ask(self, question: str, candidates: list[Recipe]) -> None:
        measured = {_said(self.recipe, question): self.timing.least}
        for candidate in candidates:
            if self._affordable(question):
                self._try(question, candidate, measured)
        if len(measured) > 1:
            self.probes.append(Probe(question, _said(self.recipe, question), measured))

    def _affordable(self, question: str) -> bool:
        if self.seconds < WORTH[question]:
            return False
        return question == "compile" or self.spent + (ROUNDS + 1) * self.timing.usual < SHARE * self.seconds

    def _try(self, question: str, candidate: Recipe, measured: dict[str, float]) -> None:
        try:
            timing = timed(self.trial, candidate)
        except Uncompiled:
            return
        measured[_said(candidate, question)] = timing.least
        self.spent += timing.first + ROUNDS * timing.usual
        agrees = question != "precision" or agree(timing.losses, self.timing.losses)
        if timing.least < CLEARLY[question] * self.timing.least and agrees:
            self.recipe, self.timing = candidate, timing


class Uncompiled(Exception):
    """The networks do not compile here; the message says why."""


def timed(trial: Trial, recipe: Recipe) -> Timing:
    """A few rounds of a candidate. The compiler's failures are of every kind, and each means: not here."""
    if not recipe.compile:
        return trial.rounds(recipe, most=ROUNDS + 1, seconds=5.0)
    from torch._dynamo.utils import counters

    counters.clear()
    try:
        with warnings.catch_warnings(action="ignore"):  # the compiler's own
            timing = trial.rounds(recipe, most=ROUNDS + 1, seconds=5.0)
    except Exception as reason:
        raise Uncompiled(f"{type(reason).__name__}: {str(reason).strip().partition(chr(10))[0]}") from reason
    if counters["stats"]["unique_graphs"] == 0:  # a compiler that compiles nothing says nothing
        raise Uncompiled("no network was compiled")
    return timing


def agree(mixed: tuple[float, ...], full: tuple[float, ...]) -> bool:
    """Whether losses in mixed precision are those of full precision, but for rounding."""
    pairs: Iterator[tuple[float, float]] = zip(mixed, full, strict=False)
    return all(abs(a - b) <= AGREEMENT * (1 + abs(b)) for a, b in pairs)


def _said(recipe: Recipe, question: str) -> str:
    return str(getattr(recipe, question))


def _double(trial: Trial) -> bool:
    return any(w.dtype.itemsize == 8 for w in trial.model.parameters())
