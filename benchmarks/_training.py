"""What the benchmarks that train for so many minutes share: their command line, the run's folder, the head of a result.

A run is a folder: the training's state, its log, the kept weights, and what it took. Stopped at any moment, the same
command goes on from the last saved state; finished, it is not trained again.
"""

import argparse
import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from harness import Busy, command, machine
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from likely.contracts import Model
from likely.doctor import Checkup, attended
from likely.training import Budget, Engine, Examples, JsonLines, Lines, follow, learn
from likely.training.lift import Lifting

RESULTS = Path(__file__).parent / "results"


def parser(doc: str | None, *, minutes: float, batch: int) -> argparse.ArgumentParser:
    """The arguments that every such benchmark has."""
    made = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    made.add_argument("--minutes", type=float, default=minutes, help="of training, wall-clock")
    made.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    made.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    made.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    made.add_argument("--batch", type=int, default=batch, help="rows of a step")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--threads", type=int, default=0)
    made.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto", help="auto: it is measured")
    return made


def engine(args: argparse.Namespace, *, channels_last: bool | None = None) -> Engine:
    """As it was asked; a precision that is said is not tried against another, and nothing is compiled."""
    threads = args.threads or None
    if args.precision == "auto":
        return Engine(threads=threads, compile=False, channels_last=channels_last)
    return Engine(threads=threads, compile=False, channels_last=channels_last is not False,
                  precision=args.precision, probe=False)  # fmt: skip


def begun(made: argparse.ArgumentParser, words: Sequence[str] | None = None) -> tuple[argparse.Namespace, Busy]:
    """What was asked; the run's folder, the threads and torch's own source of the first weights are set by it."""
    args, busy = made.parse_args(words), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    return args, busy


def mnist(data: Path, part: str) -> Tensor:
    """(N, 1, 28, 28) grey levels 0 .. 255; `part` is train or t10k."""
    with gzip.open(data / "images" / "mnist" / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    return pixels.view(-1, 1, 28, 28).float()


def trained(
    model: Model,
    rows: Examples,
    args: argparse.Namespace,
    *,
    validation: Examples | None = None,
    lift: Lifting | None = None,
    engine: Engine,
    checkup: Checkup | None = None,
) -> dict[str, float]:
    """The model with its kept weights, from the run's folder where it is finished; what the training took.

    With a checkup a doctor stands beside: what was noticed is in the run's log.
    """
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        start = time.perf_counter()
        events = learn(
            model,
            rows,
            validation=validation,
            budget=Budget(steps=args.steps) if args.steps else Budget(seconds=60 * args.minutes),
            seed=args.seed,
            folder=args.run / "training",
            engine=engine,
            lift=lift,
            batch=args.batch,
            resume=(args.run / "training").exists(),
        )
        finished = follow(
            events if checkup is None else attended(events, checkup),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        seconds = max(finished.seconds, time.perf_counter() - start)
        save_file({name: tensor.contiguous() for name, tensor in finished.kept.weights.items()}, weights)
        told.write_text(json.dumps({"minutes": seconds / 60, "steps": finished.step}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


def noticed(run: Path) -> list[str]:
    """What was noticed while a run was trained, in its order."""
    log = run / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text().split("\n")[:-1]] if log.exists() else []
    return [line["what"] for line in lines if line["event"] == "noticed"]


def remembered(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the file says; where there is none, what is made now and written there: no seed is done twice."""
    if not path.exists():
        told = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told, indent=1, default=str) + "\n")
        part.replace(path)
    return json.loads(path.read_text())


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation over seeds, and each."""
    return {
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values) if len(values) > 1 else None,
        "each": list(values),
    }


def head(
    name: str, args: argparse.Namespace, busy: Busy, family: object, model: nn.Module, spent: dict[str, float]
) -> dict[str, Any]:
    """What every result begins with: the question, the machine, the model, what the training was asked and took."""
    return {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command(),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "batch": args.batch,
        "asked_steps": args.steps,
        "trained_minutes": spent["minutes"],
        "steps": spent["steps"],
    }


def written(told: dict[str, Any], file: str, folder: Path = RESULTS) -> None:
    """The result as a file, and on the screen."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=1, default=str)
    (folder / file).write_text(text + "\n")
    print(text)
