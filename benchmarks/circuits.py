"""Circuits on the binary tables of the density estimation literature: test log-likelihoods beside the records.

    python benchmarks/circuits.py --data FOLDER [--only nltcs] [--budget 10m] [--seed 0]

Train, valid and test are the splits of the literature; whatever was chosen (hidden states, trees, rate, when to stop)
was chosen on the validation rows alone, the test rows are read once, at the end. Exact log-likelihoods, mean nats a
row. Results: benchmarks/results/circuits.json, one entry a table.
"""

import argparse
import gzip
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Busy, machine

from likely.distributions.hierarchy import HiddenTree
from likely.families.circuit import Circuit
from likely.fields import made
from likely.spaces import Category, Vector
from likely.training import Budget, Engine, Examples, Lines, follow, learn

CHOSEN = {
    "nltcs": Circuit(hierarchy=HiddenTree(hidden=64, trees=1), rate=0.05),
    "plants": Circuit(hierarchy=HiddenTree(hidden=64, trees=4), rate=0.05, apart=True),
    "jester": Circuit(hierarchy=HiddenTree(hidden=32, trees=1), rate=0.05),
    "dna": Circuit(hierarchy=HiddenTree(hidden=16, trees=1), rate=0.05),
}
PROMISED = {"nltcs": -6.01, "plants": -12.4, "jester": -52.6, "dna": -80.5}


def table(data: Path, name: str, part: str) -> torch.Tensor:
    """(N, D) of 0 and 1."""
    with gzip.open(data / "tables" / "binary" / f"{name}.{part}.data.gz", "rt") as file:
        return torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))


def score(model, x: torch.Tensor) -> torch.Tensor:
    """log p of every row: (N,)."""
    with torch.no_grad():
        return torch.cat([model.log_prob(rows) for rows in x.split(2048)])


def run(name: str, args: argparse.Namespace) -> dict:
    """One table: learned, its test rows scored once."""
    family = made("Family", args.family) if args.family else CHOSEN[name]
    train, valid = table(args.data, name, "train"), table(args.data, name, "valid")
    torch.manual_seed(args.seed)
    model = family.build(Vector((Category(2),) * train.shape[1]))
    start, busy = time.perf_counter(), Busy()
    finished = follow(
        learn(
            model, Examples(train), validation=Examples(valid), budget=Budget.parse(args.budget), seed=args.seed,
            batch=args.batch, engine=Engine(threads=args.threads or None, probe=False, device="cpu"),
        ),
        *([Lines(sys.stderr)] if args.loud else []),
    )  # fmt: skip
    seconds, test = time.perf_counter() - start, score(model, table(args.data, name, "test"))
    return {
        "table": name, "train": list(train.shape), "family": repr(family), "seed": args.seed, "steps": finished.step,
        "kept_step": finished.kept.step, "averaged": finished.kept.averaged, "seconds": round(seconds, 1),
        "others": busy.others(), "valid": score(model, valid).mean().item(), "test": test.mean().item(),
        "stderr": (test.std() / len(test) ** 0.5).item(), "promised": PROMISED[name],
        "parameters": sum(weight.numel() for weight in model.parameters()),
    }  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--only", default="", help="one table")
    parser.add_argument("--family", default="", help='other than chosen: "circuit,hierarchy=shallow"')
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--loud", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "circuits.json")
    return parser.parse_args()


def main() -> None:
    """The tables asked for, one after the other."""
    args = arguments()
    known = json.loads(args.results.read_text())["tables"] if args.results.exists() else {}
    for name in [args.only] if args.only else CHOSEN:
        told = run(name, args) | {"command": " ".join(["python", *sys.argv])}
        told |= {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
        print(json.dumps({k: v for k, v in told.items() if k not in ("machine", "command", "date")}), flush=True)
        known[name] = told
        args.results.write_text(json.dumps({"benchmark": "circuits", "tables": known}, indent=1) + "\n")


if __name__ == "__main__":
    main()
