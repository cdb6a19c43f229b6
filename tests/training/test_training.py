"""Divergence, roll-back, interruption."""

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import final

import pytest
import torch

from likely.contracts import Density, Player, Trained, Turn
from likely.errors import Diverged, Interrupted
from likely.spaces import reals
from likely.training import Engine, Event, Finished, Observed, RolledBack, Stepped, checkpoint, follow, learn
from tests.training.runner import recipe, rows, sha, trained
from tests.training.toys import Gaussian, Mean, Noisy

DATA, HELD_OUT = rows(300, 1), rows(64, 2)


@final
class Fragile(Density, Trained):
    """Breaks where `breaks` says so, given its own weights and how often it was called."""

    def __init__(self, breaks: Callable[["Fragile"], float]) -> None:
        super().__init__(reals(4))
        self.w, self.breaks = torch.nn.Parameter(torch.zeros(4)), breaks
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def log_prob(self, x, c=None):
        return -(x - self.w).square().sum(1)

    def sample(self, n, c=None, *, rng):
        return self.w.expand(n, -1)

    def players(self):
        return {"fragile": Player(self, rate=0.5)}

    def turns(self, x, c=None, *, rng):
        self.calls.add_(1)
        yield Turn("fragile", lambda: -self.log_prob(x).mean() * self.breaks(self))


def at_call(when: int, value: float, times: int = 1) -> Callable[[Fragile], float]:
    """Breaks at a certain step, so many times: as if a lower rate had helped."""
    left = [times]

    def breaks(model: Fragile) -> float:
        if int(model.calls) != when or not left[0]:
            return 1.0
        left[0] -= 1
        return value

    return breaks


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e12])
def test_back_to_the_last_good_state_with_half_the_rate(value: float) -> None:
    model = Fragile(at_call(37, value))
    events = list(learn(model, DATA, recipe=recipe(60)))
    back = [e for e in events if isinstance(e, RolledBack)]
    assert [(e.step, e.to, e.scale) for e in back] == [(37, 30, 0.5)]
    assert [e.step for e in events if isinstance(e, Stepped)][-1] == 60
    assert bool(model.w.isfinite().all())


def test_giving_up_leaves_the_last_good_weights_and_saves_no_garbage(tmp_path: Path) -> None:
    model = Fragile(at_call(37, float("nan"), times=10**6))
    with pytest.raises(Diverged, match="lower rate"):
        follow(learn(model, DATA, recipe=recipe(60), folder=tmp_path, engine=Engine(save_every=0)))
    assert bool(model.w.isfinite().all())
    state = checkpoint.read(tmp_path)
    assert state is not None
    assert all(bool(t.isfinite().all()) for name, t in state.now.tensors.items() if "usual" not in name)


def test_a_weight_that_breaks_after_its_turn_is_found_before_it_is_kept() -> None:
    class After(Gaussian):  # type: ignore[misc]
        def turns(self, x, c=None, *, rng):
            def spoil() -> None:
                with torch.no_grad():
                    self.log_std.fill_(float("inf"))

            yield Turn("gaussian", lambda: -self.log_prob(x).mean(), after=spoil)

    with pytest.raises(Diverged):
        follow(learn(After(4), DATA, recipe=recipe(60)))


def interrupt(events: Iterable[Event], step: int, number: int = signal.SIGINT) -> None:
    """Run, with a signal at this step's report."""
    for event in events:
        if isinstance(event, Stepped) and event.step == step:
            os.kill(os.getpid(), number)


def fragile_run(folder: Path, broken: float, stop_at: int | None) -> str:
    """A run that breaks at step 37 where the weights went exactly so far, as they do with the full rate."""

    def breaks(model: Fragile) -> float:
        return float("nan") if int(model.calls) == 37 and distance(model) == broken else 1.0

    asked = {"recipe": replace(recipe(60), report=5), "folder": folder, "resume": True, "validation": HELD_OUT}
    if stop_at is not None:
        with pytest.raises(Interrupted):
            interrupt(learn(Fragile(breaks), DATA, **asked), stop_at)
    events = list(learn(Fragile(breaks), DATA, **asked))
    assert [e.to for e in events if isinstance(e, RolledBack)] == [30]
    assert isinstance(events[-1], Finished)
    return sha(events[-1])


def distance(model: Fragile) -> float:
    return float(model.w.detach().abs().sum())


def test_roll_backs_are_the_same_after_an_interruption(tmp_path: Path) -> None:
    """Interrupted between the last good state (30) and the break (37), the resumed run goes back to the same place."""
    far: list[float] = []

    def watch(model: Fragile) -> float:
        if int(model.calls) != 37:
            return 1.0
        far.append(distance(model))
        return float("nan") if len(far) == 1 else 1.0

    follow(learn(Fragile(watch), DATA, recipe=recipe(60)))
    full, half = far
    assert full != half
    whole = fragile_run(tmp_path / "whole", full, None)
    assert fragile_run(tmp_path / "at 35", full, 35) == whole
    assert fragile_run(tmp_path / "at 20", full, 20) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_says_how_to_resume_and_costs_nothing(tmp_path: Path, number: int) -> None:
    whole = sha(trained(tmp_path / "whole", "noisy"))
    handler, folder = signal.getsignal(number), tmp_path / "run"
    torch.manual_seed(0)
    odd = replace(recipe(200), report=7)
    events = learn(Noisy(4), DATA, validation=HELD_OUT, recipe=odd, folder=folder)
    with pytest.raises(Interrupted) as raised:
        interrupt(events, 77, number)
    assert signal.getsignal(number) == handler
    assert f"likely resume {folder}" in str(raised.value)
    assert raised.value.exit_code == 130
    state = checkpoint.read(folder)
    assert state is not None
    assert state.good is not None
    assert (state.now.course.step, state.good.course.step) == (77, 70)
    assert sha(trained(folder, "noisy")) == whole


def test_without_a_folder_nothing_is_saved_and_that_is_said() -> None:
    with pytest.raises(Interrupted, match="nothing was saved"):
        interrupt(learn(Noisy(4), DATA, recipe=recipe(200)), 30)


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    def impatient(model: Fragile) -> float:
        if int(model.calls) == 15:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return 1.0

    with pytest.raises(Interrupted, match="step 10"):
        follow(learn(Fragile(impatient), DATA, recipe=recipe(60), folder=tmp_path))


def test_a_counted_model_is_interrupted_after_its_pass(tmp_path: Path) -> None:
    model = Mean(4, rounds=50)
    events = learn(model, DATA, folder=tmp_path)
    with pytest.raises(Interrupted, match="pass"):
        interrupt_counting(events)
    assert int(model.passes) == 1
    other = Mean(4, rounds=50)
    follow(learn(other, DATA, folder=tmp_path, resume=True))
    assert int(other.passes) == 50


def interrupt_counting(events: Iterable[Event]) -> None:
    for event in events:
        if isinstance(event, Observed):
            os.kill(os.getpid(), signal.SIGINT)
