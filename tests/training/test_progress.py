import io
import math
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from likely.errors import TrainingError
from likely.training import Event, Finished, Noticed, Observed, Planned, RolledBack, Stepped, Validated, follow, learn
from likely.training.events import Candidate
from likely.training.progress import Bar, Lines, Silent, clock, progress
from tests.training.runner import recipe, rows
from tests.training.toys import Gaussian

STEPPED = Stepped(step=40, steps=100, losses={"vae": 6.2149, "critic": -12345.6}, rate=123.4, left=61.2)
JUDGED = Validated(step=40, value=6.3, average=6.1, unit="nats", best=6.1, best_step=40)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_display_that_fits() -> None:
    assert isinstance(progress(quiet=True, stream=Terminal()), Silent)
    assert isinstance(progress(stream=Terminal()), Bar)
    assert isinstance(progress(stream=io.StringIO()), Lines)


def test_lines_say_rate_losses_best_and_time_left() -> None:
    out = io.StringIO()
    with Lines(out, every=0.0) as lines:
        for event in (Planned(recipe=recipe(100)), STEPPED, JUDGED):
            lines(event)
    last = out.getvalue().strip().split("\n")[-1]
    assert last == "40/100 · 123.4 steps/s · vae 6.215, critic -1.23e+04 · held-out loss 6.1 at 40 · 1:01 left"


def test_lines_are_few() -> None:
    out = io.StringIO()
    with Lines(out, every=60.0) as lines:
        for _ in range(100):
            lines(STEPPED)
    assert out.getvalue() == ""


def test_what_must_be_seen_is_said_at_once() -> None:
    out = io.StringIO()
    lines = Lines(out, every=60.0)
    lines(Noticed(what="the cores are busy"))
    lines(RolledBack(step=9, to=5, scale=0.5, why="the loss is nan"))
    lines(Planned(recipe=recipe(3), resumed=2))
    assert out.getvalue().split("\n")[:-1] == [
        "note: the cores are busy",
        "step 9: the loss is nan; back to step 5, rates times 0.5",
        "going on after step 2",
    ]


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_whole_training_is_followed(stream) -> None:
    out = stream()
    finished = follow(learn(Gaussian(4), rows(50, 1), validation=rows(20, 2), recipe=recipe(40)), progress(stream=out))
    assert "finished at 40" in out.getvalue()
    assert finished.step == 40


@pytest.mark.parametrize(("passes", "told"), [(1, "counted in 1 pass over"), (7, "counted in 7 passes over")])
def test_what_was_counted_kept_no_weights_of_a_step(passes: int, told: str) -> None:
    out, end = io.StringIO(), Candidate(step=passes, averaged=False, value=None, weights={})
    Lines(out)(Finished(step=passes, final=end, kept=end, counted=True))
    assert out.getvalue().startswith(told)
    assert "kept" not in out.getvalue()


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    follow(learn(Gaussian(4), rows(50, 1), recipe=recipe(10)), progress(quiet=True))
    assert capsys.readouterr() == ("", "")


def test_a_bar_knows_a_stream_of_unknown_length() -> None:
    out = Terminal()
    with Bar(out) as bar:
        bar(Observed(turn=1, rows=100))
        bar(Observed(turn=1, rows=200))
    assert "100/?" in out.getvalue()


def test_displays_are_closed_when_a_training_fails(tmp_path: Path) -> None:
    closed: list[bool] = []

    class Watch(Lines):  # type: ignore[misc]
        def close(self) -> None:
            closed.append(True)

    with pytest.raises(TrainingError):
        follow(iter([STEPPED]), Watch(io.StringIO()))
    assert closed == [True]


def test_a_listener_that_fails_leaves_the_machine_as_it_was() -> None:
    handler, threads = signal.getsignal(signal.SIGINT), torch.get_num_threads()

    def fails(event: Event) -> None:
        if isinstance(event, Stepped):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        follow(learn(Gaussian(4), rows(50, 1), recipe=replace(recipe(40), threads=2)), fails)
    assert signal.getsignal(signal.SIGINT) == handler
    assert torch.get_num_threads() == threads


def test_times_as_people_read_them() -> None:
    assert [clock(s) for s in (0.2, 59, 61, 3723, math.inf, math.nan)] == ["0s", "59s", "1:01", "1:02:03", "?", "?"]
