"""One of several processes: python -m torch.distributed.run ... tests/training/together.py KIND OUT."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from likely.training import Engine, Finished, Stepped, Validated, learn
from tests.training.runner import recipe, rows
from tests.training.toys import Coded, Game, Gaussian, Noisy


def still(model: torch.nn.Module) -> torch.nn.Module:
    """Without dropout, whose noise is each process's own."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


KINDS = {"gaussian": lambda: Gaussian(4), "noisy": lambda: Noisy(4), "game": lambda: Game(4), "coded": lambda: Coded(4)}


def curve(kind: str, processes: int, folder: Path | None = None) -> list[float]:
    """Every loss of the training, and every validation."""
    torch.manual_seed(0)
    model = still(KINDS[kind]())
    asked = replace(recipe(40), processes=processes, report=1)
    engine = Engine(device="cpu", devices=processes)
    found = []
    for event in learn(model, rows(300, 1), validation=rows(64, 2), recipe=asked, engine=engine, folder=folder):
        match event:
            case Stepped():
                found += event.losses.values()
            case Validated():
                found += [event.value, event.average]
            case Finished():
                found += event.kept.weights.get("mean", torch.zeros(0)).tolist()
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = Path(sys.argv[2])
    found = curve(sys.argv[1], 2, out / "run")
    rank = torch.distributed.get_rank()
    (out / f"{rank}.json").write_text(json.dumps(found))
    torch.distributed.destroy_process_group()
