import json
import sys
from pathlib import Path

import pytest

from likely.errors import CannotSave, FieldError
from likely.training import Stepped, follow, learn
from likely.training.log import Board, JsonLines
from tests.training.runner import recipe, rows
from tests.training.toys import Gaussian


def test_every_event_is_a_line_of_json(tmp_path: Path) -> None:
    log = JsonLines(tmp_path / "deep" / "log.jsonl")
    follow(learn(Gaussian(4), rows(50, 1), validation=rows(20, 2), recipe=recipe(40)), log)
    said = [json.loads(line) for line in (tmp_path / "deep" / "log.jsonl").read_text().split("\n")[:-1]]
    kinds = [each["event"] for each in said]
    assert (kinds[0], kinds[-1]) == ("planned", "finished")
    assert kinds.count("stepped") == 4
    assert all(each["lengths"]["gaussian"] > 0 for each in said if each["event"] == "stepped")
    assert said[0]["recipe"]["steps"] == 40


def test_a_number_that_json_has_not(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "log") as log:
        log(Stepped(step=1, steps=2, losses={"a": float("nan")}, rate=1.0, left=float("inf")))
    assert json.loads((tmp_path / "log").read_text())["losses"] == {"a": None}


def test_a_line_that_a_kill_cut_off_stays_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"event": "st')
    for _ in range(2):
        with JsonLines(tmp_path / "log") as log:
            log(Stepped(step=1, steps=2, losses={}, rate=1.0, left=0.0))
    lines = (tmp_path / "log").read_text().split("\n")
    assert lines[0] == '{"event": "st'
    assert [json.loads(line)["event"] for line in lines[1:-1]] == ["stepped", "stepped"]


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotSave):
        JsonLines(tmp_path / "file" / "log")


def test_a_board_needs_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(FieldError, match="not installed"):
        Board(tmp_path)


def test_a_board_has_the_curves(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    follow(learn(Gaussian(4), rows(50, 1), validation=rows(20, 2), recipe=recipe(40)), Board(tmp_path))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"loss/gaussian" in written
    assert b"gradient/gaussian" in written
    assert b"held out/weights" in written
