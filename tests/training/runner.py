"""A training in a process of its own, to be killed: python -m tests.training.runner once|storm FOLDER KIND [KILLS SEED]

`once` trains (resuming where there is a state) and prints the hash of the final and kept weights. `storm` forks that
again and again and kills each child at a random moment, then lets the last one finish.
"""

import hashlib
import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from likely.training import Engine, Examples, Finished, Recipe, checkpoint, follow, learn
from tests.training.toys import Both, Coded, Game, Noisy

KINDS = {"noisy": lambda: Noisy(4), "game": lambda: Game(4), "both": lambda: Both(4), "coded": lambda: Coded(4)}


def rows(count: int, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    return Examples(torch.randn(count, 4, generator=generator) * torch.tensor([1.0, 2.0, 3.0, 0.5]))


def recipe(steps: int) -> Recipe:
    return Recipe(
        rows=300, steps=steps, batch=32, warmup=10, validate_every=20, guard=10, report=10, judged=64, patience=99
    )


def trained(folder: Path, kind: str, *, steps: int = 200, save_every: float = 0.0) -> Finished:
    torch.manual_seed(0)
    model = KINDS[kind]()
    engine = Engine(save_every=save_every)
    events = learn(
        model, rows(300, 1), validation=rows(64, 2), folder=folder, recipe=recipe(steps), engine=engine, resume=True
    )
    return follow(events)


def sha(finished: Finished) -> str:
    whole = hashlib.sha256()
    for candidate in (finished.final, finished.kept):
        whole.update(f"{candidate.step} {candidate.averaged} {candidate.value!r}".encode())
        for name, tensor in sorted(candidate.weights.items()):
            whole.update(name.encode() + tensor.numpy().tobytes())
    return whole.hexdigest()


def child(folder: Path, kind: str, sabotage: str = "") -> int:
    """Fork a training; it prints its hash if it gets to the end."""
    pid = os.fork()
    if pid == 0:
        if sabotage:
            dies_while(sabotage)
        print(sha(trained(folder, kind)), flush=True)
        os._exit(0)
    return pid


def dies_while(moment: str) -> None:
    """The third save kills its own process: half written, written but not renamed, or just renamed."""
    count, write, rename = itertools.count(1), checkpoint.save_file, os.replace

    def writing(tensors, path, metadata):
        if moment == "writing" and next(count) == 3:
            write(tensors, path, metadata=metadata)
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        write(tensors, path, metadata=metadata)

    def renaming(part, path):
        if moment == "written" and next(count) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(part, path)
        if moment == "renamed" and next(count) == 4:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.save_file, os.replace = writing, renaming


def storm(folder: Path, kind: str, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    began = time.perf_counter()
    os.waitpid(child(folder / "whole", kind), 0)
    whole = time.perf_counter() - began
    landed, fresh = 0, 0
    while landed < kills:
        pid = child(folder / f"killed-{fresh}", kind)
        time.sleep(chance.uniform(0.02, 0.5) * whole)
        if os.waitpid(pid, os.WNOHANG)[0]:
            fresh += 1  # it finished before the kill and printed its hash
            continue
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        landed += 1
    os.waitpid(child(folder / f"killed-{fresh}", kind), 0)


def sabotaged(folder: Path, kind: str) -> None:
    """Killed in the middle of a save, in three ways, one after the other in the same folder."""
    os.waitpid(child(folder / "whole", kind), 0)
    for moment in ("writing", "written", "renamed"):
        _, status = os.waitpid(child(folder / "killed", kind, moment), 0)
        print(f"killed {moment}: {os.WIFSIGNALED(status)}", flush=True)
    os.waitpid(child(folder / "killed", kind), 0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, folder, kind = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    match what:
        case "once":
            print(sha(trained(folder, kind)))
        case "storm":
            storm(folder, kind, int(sys.argv[4]), int(sys.argv[5]))
        case "sabotaged":
            sabotaged(folder, kind)
