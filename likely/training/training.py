"""The rounds of a trained model: reports, validations, states one can roll back to, and what is kept in the end."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import final

from likely.contracts import Trained
from likely.errors import Diverged, Interrupted
from likely.training.arranged import uncompiled
from likely.training.checkpoint import Moment, State, Tensors, restore
from likely.training.course import Course
from likely.training.events import Candidate, Event, Finished, Noticed, RolledBack, Stepped, Validated
from likely.training.examples import Examples
from likely.training.interrupt import Interrupts
from likely.training.judge import Judge, by_draws
from likely.training.judgement import Judgement
from likely.training.lift import Lifting
from likely.training.processes import Processes
from likely.training.recipe import Recipe
from likely.training.rounds import Diverging, Rounds
from likely.training.saving import Saver, copied

SLOW = 5.0  # times as long as measured


@final
class Training:
    """A training between two of its rounds."""

    def __init__(
        self,
        model: Trained,
        data: Examples,
        validation: Examples | None,
        recipe: Recipe,
        course: Course,
        *,
        seed: int,
        lift: Lifting | None,
        processes: Processes,
        saver: Saver,
        interrupts: Interrupts,
    ) -> None:
        self.model, self.recipe, self.course = model, recipe, course
        self.processes, self.saver, self.interrupts = processes, saver, interrupts
        self.rounds = Rounds(model, data, recipe, seed=seed, lift=lift, processes=processes)
        self.judge = self._judge(validation, seed, lift)
        self.best: Tensors = {}  # the best weights so far
        self.good = Moment(course, {})
        self.clock = time.perf_counter() - course.seconds
        self.reported = (course.step, time.perf_counter())
        self.playing, self.told_slow = 0.0, False  # seconds in rounds since the last report

    def events(self, state: State | None) -> Generator[Event, None, Finished]:
        """Train to the end of the recipe, or until validations stop getting better."""
        self.model.train()
        if state is not None and state.now.course.begun:
            self._go_on(state)
        else:
            self.course.begun = True
            self._secure()
            yield from self._save(self.good)
        while not self._over:
            yield from self._round()
        return (yield from self._finish())

    # A round -------------------------------------------------------------------------------------------------------

    @property
    def _over(self) -> bool:
        return self.course.step >= self.recipe.steps or self.course.early

    @property
    def _asked_to_stop(self) -> bool:
        """Every process stops after the same round: the first one's wish counts, heard where reports are due."""
        if self.processes.count == 1:
            return self.interrupts.asked
        return self.course.step % self.recipe.report == 0 and self.processes.agreed(self.interrupts.asked)

    def _round(self) -> Iterator[Event]:
        """One round and what is due after it."""
        try:
            self._play()
            self.rounds.look_when_due(self.course)
            yield from self._due()
        except Diverging as reason:
            yield self._roll_back(str(reason))
        except KeyboardInterrupt:  # a second Ctrl-C, or one that reached another thread: this round is lost
            self.saver.save(self.good)
            raise self._interrupted(self.good.course.step) from None
        if self._asked_to_stop:
            yield from self._stop()

    def _play(self) -> None:
        began = time.perf_counter()
        self.rounds.play(self.course)
        self.playing += time.perf_counter() - began

    def _due(self) -> Iterator[Event]:
        step, recipe = self.course.step, self.recipe
        last = step >= recipe.steps
        if step % recipe.report == 0 or last:
            self.rounds.look(self.course)
            yield from self._slow()
            yield self._report()
        if self.judge is not None and (step % recipe.validate_every == 0 or last):
            self.rounds.look(self.course)
            yield self._validate(self.judge)
        if step % recipe.guard == 0 and not last:
            self.rounds.look(self.course)
            self._secure()
            if self.saver.due:
                yield from self._save(self.good)

    def _report(self) -> Stepped:
        now, step = time.perf_counter(), self.course.step
        before, then = self.reported
        rate = (step - before) / max(now - then, 1e-9)
        self.reported = (step, now)
        left = (self.recipe.steps - step) / rate if rate > 0 else math.inf
        losses, lengths, seconds = self.rounds.losses(), self.rounds.lengths(), now - self.clock
        return Stepped(
            step=step, steps=self.recipe.steps, losses=losses, lengths=lengths, rate=rate, left=left, seconds=seconds
        )

    def _slow(self) -> Iterator[Noticed]:
        """Rounds that take far longer than they were measured to: said once."""
        measured = (self.recipe.round_seconds or math.inf) * max(1, self.course.step - self.reported[0])
        times, self.playing = self.playing / measured, 0.0
        if self.told_slow or times < SLOW:
            return
        self.told_slow = True
        what = f"rounds take {times:.0f} times as long as measured"
        yield Noticed(what=f"{what}: if other programs keep the cores busy, fewer threads may be faster")

    # Validation ----------------------------------------------------------------------------------------------------

    def _judge(self, validation: Examples | None, seed: int, lift: Lifting | None) -> Judge | None:
        if validation is None or len(validation) == 0 or self.recipe.judged == 0:
            return None
        rounds, recipe = self.rounds, self.recipe
        rows = validation if by_draws(self.model, rounds.players) else validation.spread(recipe.judged)
        judge = Judge(
            self.model, rounds.players, rows.to(rounds.device),
            size=recipe.judge_batch, seed=seed, lift=lift, learned=rounds.data,
        )  # fmt: skip
        return judge if judge.able else None

    def _validate(self, judge: Judge) -> Validated:
        course, width = self.course, self.rounds.average.width
        raw, averaged = self._judged(judge, None), self._judged(judge, width)
        if course.judged(raw, averaged, width):
            self.best = self._weights(course.best_width)
        course.early = course.stale >= self.recipe.patience
        best = math.inf if course.best is None else course.best
        return Validated(
            step=course.step, value=raw.value, error=raw.error, average=averaged.value, unit=judge.unit,
            best=best, best_step=course.best_step, seconds=self._seconds,
        )  # fmt: skip

    def _sweep(self, judge: Judge) -> dict[float, float]:
        """Judge the end of the training at other widths of averaging than the one that was judged on the way."""
        found = {}
        for width in self.rounds.average.others:
            judgement = self._judged(judge, width)
            found[width] = judgement.value
            if self.course.weighed(judgement, width):
                self.best = self._weights(width)
        return found

    def _judged(self, judge: Judge, width: float | None) -> Judgement:
        with uncompiled(self.recipe), self._shown(width):
            return self.processes.agreed(judge.judged())

    def _weights(self, width: float | None) -> Tensors:
        with uncompiled(self.recipe), self._shown(width):
            return copied(self.model.state_dict())

    def _shown(self, width: float | None) -> AbstractContextManager[None]:
        """The model with the weights as they are, or averaged."""
        return nullcontext() if width is None else self.rounds.averaged(width, self.course.step)

    # States to go back to ------------------------------------------------------------------------------------------

    def _now(self, into: Tensors | None = None) -> Moment:
        self.course.seconds = self._seconds
        return Moment(self.course.copy(), copied(self.rounds.tensors(), into), self.best)

    def _secure(self) -> None:
        """This is a state one can roll back to, if its weights are numbers."""
        if not all(bool(w.isfinite().all()) for w in self.rounds.average.weights):
            raise Diverging("a weight is no longer a finite number")
        self.good = self._now(self.good.tensors)

    def _go_on(self, state: State) -> None:
        self.rounds.restore(state.now.tensors)
        self.best = state.now.best
        self.good = state.good or Moment(state.now.course.copy(), copied(state.now.tensors), state.now.best)

    def _roll_back(self, why: str) -> RolledBack:
        """Go back to the last good state with half the rate."""
        step, scale = self.course.step, self.course.scale / 2
        course = self.good.course.copy()
        course.scale, course.rollbacks = scale, self.course.rollbacks + 1
        self.rounds.restore(self.good.tensors)
        self.course, self.best = course, self.good.best
        self.good = Moment(course.copy(), self.good.tensors, self.best)
        if course.rollbacks > self.recipe.retries:
            raise self._diverged(why)
        self.reported = (course.step, time.perf_counter())
        return RolledBack(step=step, to=course.step, scale=scale, why=why, seconds=self._seconds)

    def _diverged(self, why: str) -> Diverged:
        return Diverged(
            f"the training diverged {self.course.rollbacks} times around step {self.course.step}: {why}",
            expected="finite losses at some rate; the model holds the last good weights, nothing was saved over them",
            remedy="a lower rate, and a look for infinite or huge values in the data",
        )

    # Saving and ending ---------------------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self.clock

    def _save(self, now: Moment, good: Moment | None = None) -> Iterator[Event]:
        saved = self.saver.save(now, good)
        if saved is not None:
            yield saved

    def _stop(self) -> Iterator[Event]:
        """Ctrl-C: the round is finished; save exactly this, and where one would have rolled back to."""
        self.rounds.look(self.course)
        now = self._now()
        yield from self._save(now, None if now.course.step == self.good.course.step else self.good)
        raise self._interrupted(now.course.step)

    def _interrupted(self, step: int) -> Interrupted:
        folder = self.saver.folder
        what = f"stopped after step {step} of {self.recipe.steps}"
        if folder is None:
            return Interrupted(f"{what}; nothing was saved, because no folder was given")
        return Interrupted(f"{what}; the state is saved in {folder}", remedy=f"likely resume {folder}")

    def _finish(self) -> Generator[Event, None, Finished]:
        course, judge = self.course, self.judge
        course.done = True
        yield from self._save(self._now())
        last = {"step": course.step, "value": course.last, "error": course.last_error}
        final = Candidate(**last, averaged=False, weights=self._weights(None))
        widths = {} if judge is None else self._sweep(judge)  # after the save: a resumed run does it again
        kept = self._kept(final)
        restore(self.model, kept.weights)
        return Finished(
            step=course.step, final=final, kept=kept, early=course.early, widths=widths, rule=self._rule(kept),
            unit="" if judge is None else judge.unit, seconds=self._seconds,
        )  # fmt: skip

    def _kept(self, final: Candidate) -> Candidate:
        """The best on the held-out rows; where nothing can judge, the average if a player asks for it."""
        course = self.course
        if course.best is not None:
            return Candidate(
                step=course.best_step, averaged=course.best_averaged, width=course.best_width,
                value=course.best, error=course.best_error, weights=self.best,
            )  # fmt: skip
        if any(player.averaged for player in self.rounds.players.values()):
            width = self.rounds.average.width
            return Candidate(step=course.step, averaged=True, width=width, value=None, weights=self._weights(width))
        return final

    def _rule(self, kept: Candidate) -> str:
        """How the kept weights were chosen, in one sentence."""
        if self.judge is None or kept.value is None:
            which = "average of the last weights" if kept.averaged else "last weights"
            why = (
                "judging would have taken longer than learning"
                if self.recipe.judged == 0
                else "nothing could judge them"
            )
            return f"the {which}, as {why}"
        of = f"of {self.course.judgements} judgements of the weights and their averages"
        return f"the smallest {self.judge.told}, never test rows, {of}"
