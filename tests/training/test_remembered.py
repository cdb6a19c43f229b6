from pathlib import Path

import pytest
import torch

from likely.training import remembered


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIKELY_CACHE", str(tmp_path / "file"))
    remembered.remember("question", 1)
    assert remembered.recall("question") is None


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LIKELY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert remembered.place() == tmp_path / "likely"
    remembered.remember("a", {"threads": 1})
    assert remembered.recall("a") == {"threads": 1}


def test_a_question_is_the_models_shape_on_this_machine() -> None:
    small, large = torch.nn.Linear(2, 2), torch.nn.Linear(2, 3)
    assert remembered.key(small, batch=3) == remembered.key(torch.nn.Linear(2, 2), batch=3)
    assert len({remembered.key(small, batch=3), remembered.key(small, batch=4), remembered.key(large, batch=3)}) == 3


def test_only_so_many_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    for question in "abc":
        remembered.remember(question, question)
    assert [remembered.recall(question) for question in "abc"] == [None, "b", "c"]


def test_a_cache_of_something_else_is_no_answer(own_cache: Path) -> None:
    (own_cache / remembered.FILE).write_text("[1, 2]")
    assert remembered.recall("a") is None
