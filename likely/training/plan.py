"""From a budget to a recipe: what is not given is measured or follows from the number of rows."""

import math
import time
from dataclasses import dataclass, replace
from typing import final

import torch

from likely.contracts import Counted, Model, Trained
from likely.errors import BudgetTooSmall, FieldError, LikelyError
from likely.training.apart import ROWS, drawn_of
from likely.training.arranged import compilable, compiler
from likely.training.average import WIDTHS
from likely.training.budget import Budget, default_batch, default_steps
from likely.training.counting import chunk_of
from likely.training.crowd import crowded, crowding
from likely.training.engine import Engine
from likely.training.examples import Examples, Source, in_memory
from likely.training.judge import by_draws
from likely.training.lift import Lifting
from likely.training.probe import Probing, Uncompiled, timed
from likely.training.recipe import Precision, Probe, Recipe
from likely.training.remembered import key, recall, remember
from likely.training.trial import Timing, Trial

VALIDATIONS = 40  # in a training
JUDGING_SHARE = 0.15  # of the time may go into validation
FEWEST, FEWEST_ROWS = 8, 64  # validations that should be, and held-out rows even where they are dear
DRAWN_VALIDATIONS, DRAWN_SHARE = 16, 0.04  # the same of models judged by what they draw: none of them stops early
WORTH_MEASURING = 200  # rounds: shorter trainings take plain defaults
REPORT_EVERY = 0.25  # seconds
SWEEP, SWEEP_SHARE = len(WIDTHS) / 2, 0.05  # validations that judging every width in the end takes; of the time at most
SLACK = 1.03  # what the loop itself, reports and saves take beside the rounds


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is known before the recipe."""

    model: Model
    data: Source
    validation: Examples | None
    budget: Budget
    engine: Engine
    lift: Lifting | None
    seed: int
    batch: int | None
    processes: int
    place: str
    began: float  # time.perf_counter() when the budget started to run

    def recipe(self) -> Recipe:
        """The recipe, before step 1."""
        if isinstance(self.model, Trained):
            return self._trained(in_memory(self.data), self.model)
        return self._counted()

    # Counted models ------------------------------------------------------------------------------------------------

    def _counted(self) -> Recipe:
        recipe = self._draft(steps=1, batch=1)
        if not isinstance(self.data, Examples) or not isinstance(self.model, Counted) or self.budget.seconds is None:
            return replace(recipe, passes=self.budget.steps)
        each = self._trial(self.data).counting(recipe) * len(self.data)
        passes = int(self._left() / each)
        if passes < 1:
            raise _too_small(self.budget, "one pass over the data", each)
        return replace(recipe, passes=passes)

    # Trained models ------------------------------------------------------------------------------------------------

    def _trained(self, data: Examples, model: Trained) -> Recipe:
        batch = self._batch(data)
        steps = self.budget.steps or default_steps(len(data), batch)
        draft = self._checked(self._draft(steps=steps, batch=batch), data)
        if self.budget.seconds is None and (steps < WORTH_MEASURING or not self.engine.probe):
            return self._by_rows(draft)
        trial = self._trial(data)
        timing = trial.rounds(draft, most=5, seconds=max(0.05, 0.02 * self._seconds(math.inf)))
        draft = self._probed(trial, draft, timing)
        if self.budget.seconds is None:
            return self._by_rows(draft)
        return self._timed(trial, draft)

    def _checked(self, draft: Recipe, data: Examples) -> Recipe:
        """Compilation that was asked for is tried before it is trusted."""
        if not draft.compile:
            return draft
        why = self._uncompiled(draft, data)
        kept = replace(draft, compile=not why)
        return replace(kept, probes=(*draft.probes, Probe("compile", str(not why), {}, why)))

    def _uncompiled(self, draft: Recipe, data: Examples) -> str:
        """Why the networks cannot be compiled; empty where they can."""
        if compiler() is None:
            return "there is no C++ compiler"
        if not compilable(self.model):
            return "the model has no networks of its own"
        try:
            timed(self._trial(data), draft)
        except Uncompiled as reason:
            return str(reason)
        return ""

    def _probed(self, trial: Trial, draft: Recipe, timing: Timing) -> Recipe:
        if not self.engine.probe:
            return replace(draft, round_seconds=timing.usual)
        rows = tuple(trial.data.x.shape[1:])
        question = key(self.model, rows=rows, draft=_open(draft), engine=_asked(self.engine), processes=self.processes)
        known = _recalled(draft, recall(question))
        if known is not None:
            again = trial.rounds(known, most=4, seconds=0.02 * self._seconds(60.0))
            return replace(known, round_seconds=again.usual, probes=draft.probes + known.probes)
        probed = Probing(trial, self.engine, draft, timing, self.budget.seconds).all()
        if probed.probes:
            remember(question, _answers(probed))
        return replace(probed, probes=draft.probes + probed.probes)

    def _timed(self, trial: Trial, draft: Recipe) -> Recipe:
        """Rounds and validations that fill the seconds left."""
        few = trial.rounds(draft, most=200, seconds=min(3.0, 0.03 * self._left()))
        each = few.usual * SLACK
        draft, judging = self._priced(trial, draft, each)
        most, share = (DRAWN_VALIDATIONS, DRAWN_SHARE) if self._drawn else (VALIDATIONS, JUDGING_SHARE)
        validations = max(1, min(most, int(share * self._left() / max(judging, 1e-9))))
        swept = 0 < SWEEP * judging <= SWEEP_SHARE * self._left()
        steps = int((self._left() - (validations + 1 + SWEEP * swept) * judging) / each)
        if steps < 1:
            raise _too_small(self.budget, "one round of training with its validation", each + 2 * judging)
        every = max(1, math.ceil(steps / validations))
        return self._spread(replace(draft, steps=steps, round_seconds=few.usual), every, swept=swept)

    def _priced(self, trial: Trial, draft: Recipe, each: float) -> tuple[Recipe, float]:
        """How many held-out rows are judged, and the seconds of it; none where judging would outlast learning."""
        if self.validation is None:
            return draft, 0.0
        if not self._drawn or self._drawing() / draft.batch * each < self._left() / 2:
            row = 2 * trial.judging(self.validation, draft)
            draft = replace(draft, judged=self._affordable(row, draft))
            judging = row * self._judged(draft)
            if not self._drawn or 2 * judging < self._left():  # in the end it is judged once more
                return draft, judging
        return replace(draft, judged=0), 0.0

    def _affordable(self, row: float, draft: Recipe) -> int:
        """Held-out rows to judge by, at so many seconds each: fewer, where else there were too few validations."""
        if self._drawn or row == 0:
            return draft.judged
        return min(draft.judged, max(FEWEST_ROWS, int(JUDGING_SHARE * self._left() / (FEWEST * row))))

    def _by_rows(self, recipe: Recipe) -> Recipe:
        """Validations by the number of rows, where the budget is one of steps: judging a row costs a third of it."""
        if self._drawing() > recipe.steps * recipe.batch:
            recipe = replace(recipe, judged=0)  # judged once, it would take longer than it learns
        swept = 0 < SWEEP * 2 / 3 * self._judged(recipe) <= SWEEP_SHARE * recipe.steps * recipe.batch
        return self._spread(recipe, self._rows_a_validation(recipe), swept=swept)

    def _spread(self, recipe: Recipe, validate_every: int, *, swept: bool) -> Recipe:
        """Everything that follows from the number of steps."""
        steps = recipe.steps
        report = max(1, steps // 100)
        if recipe.round_seconds is not None:
            report = max(1, min(report, round(REPORT_EVERY / recipe.round_seconds)))
        return replace(
            recipe,
            warmup=min(100, steps // 20),
            validate_every=max(1, validate_every),
            average_wide=Recipe.average_wide if swept and steps >= WORTH_MEASURING else None,
            guard=max(50, min(500, steps // 40)),
            report=report,
            patience=steps if self._follows() or self._drawn else recipe.patience,
        )

    def _rows_a_validation(self, recipe: Recipe) -> int:
        """Steps between validations, so that judging stays cheap beside learning."""
        if self._drawn:
            dear = math.ceil(self._drawing() / JUDGING_SHARE / recipe.batch)
            return max(math.ceil(recipe.steps / DRAWN_VALIDATIONS), dear)
        rows = 2 * self._judged(recipe) / 3
        return max(math.ceil(recipe.steps / VALIDATIONS), math.ceil(rows / JUDGING_SHARE / recipe.batch))

    def _drawing(self) -> float:
        """What a validation by draws costs, of the weights and their average, in rows of a round."""
        held = 0 if self.validation is None else len(self.validation)
        dear = self.model.dear if isinstance(self.model, Trained) and self._drawn else 0.0
        return 2 * dear * drawn_of(held) if held else 0.0

    def _judged(self, recipe: Recipe) -> int:
        return 0 if self.validation is None else min(len(self.validation), recipe.judged)

    # Parts ---------------------------------------------------------------------------------------------------------

    def _batch(self, data: Examples) -> int:
        if self.batch is not None and self.batch < 1:
            raise FieldError(f"batch={self.batch}", expected="at least 1 row")
        cells_of_a_row = math.prod(data.x.shape[1:])
        batch = min(len(data), self.batch or default_batch(len(data), cells_of_a_row))
        return max(self.processes, batch - batch % self.processes)

    def _draft(self, *, steps: int, batch: int) -> Recipe:
        data, engine = self.data, self.engine
        full = engine.precision == Precision.AUTO
        threads, probes = self._threads()
        return Recipe(
            rows=len(data) if isinstance(data, Examples) else None,
            steps=steps,
            batch=batch,
            chunk=chunk_of(math.prod(data.x.shape[1:])) if isinstance(data, Examples) else chunk_of(1),
            device=self.place,
            processes=self.processes,
            threads=threads,
            probes=probes,
            precision=Precision.FP32 if full else engine.precision,
            channels_last=bool(engine.channels_last),
            compile=bool(engine.compile),
            judged=ROWS if self._drawn else Recipe.judged,
            judge_batch=max(batch, 256),
            torch=torch.__version__,
        )

    def _follows(self) -> bool:
        """Whether some player learns from what another one moves: then no judgement stops the training early."""
        return isinstance(self.model, Trained) and any(player.follows for player in self.model.players().values())

    @property
    def _drawn(self) -> bool:
        """Whether held-out rows can only be held against what the model draws."""
        return isinstance(self.model, Trained) and by_draws(self.model, self.model.players())

    def _threads(self) -> tuple[int, tuple[Probe, ...]]:
        """torch's own number, unless other programs keep the cores busy."""
        threads = self.engine.threads or torch.get_num_threads()
        if threads == 1 or self.engine.threads is not None or not self.engine.probe:
            return threads, ()
        seconds = crowding(threads)
        return (1, (Probe("threads", "1", seconds),)) if crowded(seconds) else (threads, ())

    def _trial(self, data: Examples) -> Trial:
        return Trial(model=self.model, data=data, seed=self.seed, lift=self.lift, processes=self.processes)

    def _left(self) -> float:
        return self._seconds(math.inf) - (time.perf_counter() - self.began)

    def _seconds(self, otherwise: float) -> float:
        return otherwise if self.budget.seconds is None else self.budget.seconds


def _too_small(budget: Budget, what: str, seconds: float) -> BudgetTooSmall:
    return BudgetTooSmall(
        f"the budget of {budget} ends before {what} does (it takes {seconds:.2g} s here)",
        expected="time for one at least",
        remedy=f"a budget of {max(1, math.ceil(10 * seconds))}s or more, or one in steps",
    )


def _open(draft: Recipe) -> list[object]:
    return [draft.batch, draft.threads, draft.device, draft.precision, draft.channels_last, draft.compile]


def _asked(engine: Engine) -> list[object]:
    return [engine.precision, engine.compile, engine.channels_last, engine.threads]


def _answers(recipe: Recipe) -> dict[str, object]:
    found = recipe.to_json()
    return {name: found[name] for name in ("threads", "precision", "channels_last", "compile", "probes")}


def _recalled(draft: Recipe, answers: object) -> Recipe | None:
    """The draft with earlier answers, where they are readable."""
    if not isinstance(answers, dict):
        return None
    try:
        return Recipe.from_json({**draft.to_json(), **answers})
    except (LikelyError, TypeError, KeyError):
        return None
