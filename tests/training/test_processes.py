"""Two processes train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from likely.rng import Stepped
from likely.training.engine import Engine
from likely.training.processes import Alone, processes_of
from tests.training.together import curve

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gaussian", "noisy", "game", "coded"])
def test_two_gloo_processes_give_the_curve_of_one(tmp_path: Path, kind: str) -> None:
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tests.training.together"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command, kind, str(tmp_path)],
        cwd=ROOT,
        env=environment,
        timeout=200,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    torch.testing.assert_close(torch.tensor(first), torch.tensor(curve(kind, 1)), atol=1e-5, rtol=1e-5)
    assert (tmp_path / "run" / "state.safetensors").exists()


def test_alone_is_everybody() -> None:
    alone = processes_of(Engine())
    assert isinstance(alone, Alone)
    rows = torch.arange(6)
    assert alone.share(rows) is rows
    noise = Stepped(0, 1)
    assert alone.noise(noise, 6) is noise
    assert (alone.first, alone.agreed(3)) == (True, 3)


def test_gradients_are_the_players_own() -> None:
    own, other = (torch.ones(2, requires_grad=True) for _ in range(2))
    unused = torch.ones(1, requires_grad=True)
    loss, gradients = Alone().gradients("one", [own, unused], lambda: (own * other).sum())
    assert loss.item() == 2.0
    assert not loss.requires_grad
    assert gradients[0] is not None
    assert gradients[0].tolist() == [1.0, 1.0]
    assert gradients[1] is None
    assert other.grad is None


def test_a_loss_that_no_weight_moves_has_no_gradients():
    weight = torch.ones(2, requires_grad=True)
    value, gradients = Alone().gradients("model", [weight], lambda: torch.tensor(3.0))
    assert float(value) == 3.0
    assert gradients == [None]
