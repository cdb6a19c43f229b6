"""A kill at any moment costs nothing but time, a full disk nothing at all, and a spoilt file is refused."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from likely.errors import CannotSave, Corrupt
from likely.training import Engine, Examples, checkpoint, follow, learn
from likely.training.checkpoint import Moment, State
from likely.training.course import Course
from likely.training.recipe import Recipe
from tests.training.runner import recipe, rows, sha, trained
from tests.training.toys import Gaussian, Mean, Noisy

ROOT = Path(__file__).parents[2]


def process(*arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.training.runner", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def hashes(*arguments: str) -> list[str]:
    told, _ = process(*arguments).communicate(timeout=280)
    return told.split("\n")[:-1]


@pytest.mark.parametrize("kind", ["noisy", "game", "coded"])
def test_a_few_random_kills_leave_the_final_weights_bit_for_bit(tmp_path: Path, kind: str) -> None:
    found = hashes("storm", str(tmp_path), kind, "4", "11")
    assert len(found) >= 2
    assert len(set(found)) == 1


def test_kills_in_the_middle_of_a_save(tmp_path: Path) -> None:
    found = hashes("sabotaged", str(tmp_path), "noisy")
    assert [line for line in found if "killed" in line] == [
        f"killed {moment}: True" for moment in ("writing", "written", "renamed")
    ]
    assert found[0] == found[-1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noisy", "game", "both", "coded"])
def test_a_storm_of_kills(tmp_path: Path, kind: str) -> None:
    found = hashes("storm", str(tmp_path), kind, "40", "5")
    assert len(set(found)) == 1


@pytest.mark.slow
def test_twenty_processes_killed_at_random_moments(tmp_path: Path) -> None:
    whole = hashes("once", str(tmp_path / "whole"), "noisy")
    chance, landed, fresh = random.Random(3), 0, 0
    while landed < 20:
        started = process("once", str(tmp_path / f"killed-{fresh}"), "noisy")
        wait_for_state(tmp_path / f"killed-{fresh}")
        time.sleep(chance.uniform(0.0, 0.3))
        started.send_signal(signal.SIGKILL)
        told, _ = started.communicate()
        landed += told == ""
        if told:
            assert told.split("\n")[:-1] == whole
            fresh += 1
    assert hashes("once", str(tmp_path / f"killed-{fresh}"), "noisy") == whole


def wait_for_state(folder: Path) -> None:
    """Until the process has begun to train."""
    before = time.time()
    while time.time() - before < 20:
        state = folder / "state.safetensors"
        if state.exists() and state.stat().st_mtime > before - 0.01:
            return
        time.sleep(0.005)


def test_uninterrupted_and_resumed_at_the_end_are_the_same(tmp_path: Path) -> None:
    first = sha(trained(tmp_path, "noisy"))
    assert sha(trained(tmp_path, "noisy")) == first


def moment(size: int = 10) -> Moment:
    return Moment(Course(step=3), {"model/w": torch.arange(float(size))}, {"w": torch.ones(2)})


def test_a_state_comes_back_whole(tmp_path: Path) -> None:
    now = moment()
    good = Moment(Course(step=1, typical={"a": 0.1}), {"model/w": torch.zeros(10)}, now.best)
    checkpoint.save(tmp_path, State(recipe(5), {"seed": 3}, now, good))
    back = checkpoint.read(tmp_path)
    assert back is not None
    assert (back.recipe, back.identity, back.now.course) == (recipe(5), {"seed": 3}, now.course)
    assert torch.equal(back.now.tensors["model/w"], now.tensors["model/w"])
    assert back.good is not None
    assert back.good.course == good.course
    assert torch.equal(back.good.best["w"], torch.ones(2))
    assert back.good.best is back.now.best


def test_a_full_disk_leaves_the_earlier_state_untouched(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, State(recipe(5), {}, moment()))
    before = (tmp_path / "state.safetensors").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(CannotSave, match="cannot be written"):
            checkpoint.save(tmp_path, State(recipe(5), {}, moment(1_000_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "state.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]


def test_an_unwritable_folder_is_found_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotSave):
        follow(learn(Gaussian(4), rows(50, 0), folder=tmp_path / "file" / "run", recipe=recipe(5)))


@pytest.mark.parametrize("spoil", ["truncate", "noise", "empty", "no metadata", "metadata of another kind"])
def test_a_spoilt_state_is_refused(tmp_path: Path, spoil: str) -> None:
    path = checkpoint.save(tmp_path, State(recipe(5), {}, moment()))
    match spoil:
        case "truncate":
            path.write_bytes(path.read_bytes()[:-8])
        case "noise":
            path.write_bytes(random.Random(0).randbytes(2000))
        case "empty":
            path.write_bytes(b"")
        case "no metadata":
            save_file({"w": torch.ones(2)}, path)
        case _:
            save_file({"w": torch.ones(2)}, path, metadata={"likely": json.dumps({"recipe": [], "now": 3})})
    with pytest.raises(Corrupt):
        checkpoint.read(tmp_path)


def test_a_state_of_another_model_or_data_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, "noisy", steps=20)
    with pytest.raises(Corrupt, match="another model"):
        follow(learn(Gaussian(4), rows(300, 1), folder=tmp_path, resume=True))
    with pytest.raises(RuntimeError, match="other data or another seed"):
        follow(learn(Noisy(4), rows(300, 7), folder=tmp_path, resume=True))
    with pytest.raises(RuntimeError, match="other data or another seed"):
        follow(learn(Noisy(4), rows(300, 1), folder=tmp_path, resume=True, seed=5))


def test_a_recipe_without_a_state_is_taken_up(tmp_path: Path) -> None:
    checkpoint.write_recipe(tmp_path, recipe(12))
    assert follow(learn(Gaussian(4), rows(50, 0), folder=tmp_path, resume=True)).step == 12


def test_an_unreadable_recipe_is_refused(tmp_path: Path) -> None:
    for text in ("{", "[]", json.dumps({**recipe(3).to_json(), "steps": -1}), json.dumps({"steps": 3})):
        (tmp_path / "recipe.json").write_text(text)
        with pytest.raises(Corrupt):
            checkpoint.read_recipe(tmp_path)


def test_buffers_that_grew_are_put_back() -> None:
    model = Mean(2)
    checkpoint.restore(model, {**model.state_dict(), "total": torch.ones(5, dtype=torch.float64)})
    assert model.total.shape == (5,)
    with pytest.raises(Corrupt):
        checkpoint.restore(Gaussian(2), {"mean": torch.ones(3), "log_std": torch.ones(2)})
    with pytest.raises(Corrupt, match="missing"):
        checkpoint.restore(Gaussian(2), {"mean": torch.ones(2)})


def test_forget_removes_the_state_only(tmp_path: Path) -> None:
    trained(tmp_path, "noisy", steps=20)
    (tmp_path / ".state.safetensors.7.part").write_bytes(b"half")
    assert checkpoint.unfinished(tmp_path)
    checkpoint.forget(tmp_path)
    assert not checkpoint.unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.json"]


def test_saves_are_spaced_and_the_first_is_at_the_start(tmp_path: Path) -> None:
    said = [
        event.said()
        for event in learn(
            Gaussian(4), Examples(rows(50, 0).x), folder=tmp_path, recipe=recipe(100), engine=Engine(save_every=60)
        )
    ]
    assert [event["step"] for event in said if event["event"] == "saved"] == [0, 100]


def test_the_recipe_is_written_before_the_first_step(tmp_path: Path) -> None:
    events = learn(Gaussian(4), rows(50, 0), folder=tmp_path, recipe=recipe(5))
    next(events)
    assert Recipe.from_json(json.loads((tmp_path / "recipe.json").read_text())) == recipe(5)
    assert not (tmp_path / "state.safetensors").exists()
