import torch

from likely.training import crowd
from likely.training.crowd import crowded, crowding


def test_both_are_measured_and_threads_left_as_they_were() -> None:
    seconds = crowding(2)
    assert list(seconds) == ["2", "1"]
    assert all(taken > 0 for taken in seconds.values())
    assert torch.get_num_threads() == 1


def test_crowded_where_threads_wait_for_one_another() -> None:
    assert crowded({"2": 0.02, "1": 0.001})
    assert not crowded({"2": 0.0011, "1": 0.001})


def test_a_long_wait_is_cut_short(monkeypatch) -> None:
    monkeypatch.setattr(crowd, "LONGEST", 0.0)
    assert crowding(1)["1"] > 0
