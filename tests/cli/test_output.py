"""Tables for people, JSON for programs."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.cli.output import emit_json, given_of, print_table, printable, records
from likely.errors import FieldError


def test_json_has_no_nan_and_no_numpy(capsys):
    emit_json({"a": float("nan"), "b": [np.float64("inf"), np.int64(3), np.float32(0.5)], 5: Path("x"), "c": (1, None)})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 3, 0.5], "5": "x", "c": [1, None]}


def test_records_have_null_for_missing():
    frame = pd.DataFrame({"x": [1.5, None], "c": ["a", None], "n": pd.array([1, None], dtype="Int64"),
                          "d": pd.to_datetime(["2020-01-01", None])})  # fmt: skip
    first, second = json.loads(json.dumps(records(frame), default=str))
    assert first == {"x": 1.5, "c": "a", "n": 1, "d": "2020-01-01 00:00:00"}
    assert set(second.values()) == {None}


def test_a_table_in_a_pipe_is_a_line_a_row(capsys):
    print_table("title", ("a", "b"), [("x" * 300, "[red]not markup[/red]"), (1, ":smile:")], note="\nnote\nmore")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "title"
    assert len(lines) == 7
    assert lines[2].endswith("[red]not markup[/red]")
    assert lines[3].endswith(":smile:")


def test_a_table_on_a_terminal_folds(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    print_table("", ("a", "b"), [("x" * 100, "y")])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 40


def test_no_rows_and_no_header(capsys):
    print_table("only a title", (), ())
    assert capsys.readouterr().out.strip() == "only a title"


def test_control_characters_are_spelled_out():
    assert printable("a\x1b[31m\tb\nü≥") == "a\\x1b[31m\\tb\\nü≥"


def test_given():
    assert given_of(["sex=Female", " age = 40 ", "note=a=b", "empty="]) == {
        "sex": "Female", "age": "40", "note": "a=b", "empty": "",
    }  # fmt: skip
    for wrong in ("sex", "=5"):
        with pytest.raises(FieldError):
            given_of([wrong])
