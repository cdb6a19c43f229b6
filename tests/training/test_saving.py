from pathlib import Path

import torch

from likely.training.checkpoint import Moment
from likely.training.course import Course
from likely.training.saving import Saver, copied
from tests.training.runner import recipe

NOW = Moment(Course(step=7), {"model/w": torch.ones(2)})


def test_no_folder_no_save() -> None:
    saver = Saver(None, recipe(5), {}, 0.0)
    assert not saver.due
    assert saver.save(NOW) is None


def test_the_next_save_is_due_after_a_while(tmp_path: Path) -> None:
    seldom, always = Saver(tmp_path, recipe(5), {}, 60.0), Saver(tmp_path, recipe(5), {}, 0.0)
    for saver in (seldom, always):
        assert saver.due
        event = saver.save(NOW)
        assert event is not None
        assert (event.step, event.path) == (7, tmp_path / "state.safetensors")
    assert not seldom.due
    assert always.due


def test_copies_are_contiguous_and_rooms_are_used_again() -> None:
    x = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.ones((), dtype=torch.int64)}
    first = copied(x)
    assert first["a"].is_contiguous()
    assert torch.equal(first["a"], x["a"])
    x["a"].zero_()
    assert float(first["a"].sum()) == 15.0
    again = copied({**x, "b": torch.ones(3)}, first)
    assert again["a"].data_ptr() == first["a"].data_ptr()
    assert float(again["a"].sum()) == 0.0
    assert again["b"].shape == (3,)
