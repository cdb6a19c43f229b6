"""Spline flows on UCI tables: the test log-likelihood of ours beside zuko's and nflows', equal time and equal steps.

    python benchmarks/uci_flows.py --data FOLDER [--only kin8nm] [--kind coupling] [--seconds 12] [--steps 0] [--seed 0]

Tables: power plant, kin8nm, white wine (eleven measurements), the first 1,523 rows of MINIBOONE. Columns recorded to
few decimals are spread evenly over what was rounded away, with one seed, for all alike: a density of rounded numbers
has no upper limit. 80 % of the rows to learn from, 10 % to stop by, 10 % to test on; standardised by the first. Five
transforms of 8 bins on [-5, 5], networks of 2 x 64 hidden units, batches of 256. All are trained by one loop: ours
(Adam at --rate, cosine to zero, the weights or their average that the validation rows prefer), for as many steps as
--seconds of one processor hold (measured first, so that a busy machine is fair), or for --steps. Figures are mean
nats a row in standardised units, ± standard error of the mean; and, since all score the same rows, the mean
difference to ours ± its standard error. Results: benchmarks/results/uci_flows.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
import splines
import torch
from harness import Busy, machine
from splines import Kind
from torch import Tensor

from likely.bijections import Coupled, Sequential
from likely.contracts import Density, Player, Trained, Turn
from likely.families.spline_flow import SplineFlow
from likely.rng import Rng
from likely.spaces import reals
from likely.training import Budget, Engine, Examples, follow, learn

LAYERS, WIDTH, BATCH = 5, 64, 256
TABLES = {
    "power plant": "uci_power_plant.txt",
    "kin8nm": "uci_kin8nm.txt",
    "white wine": "winequality-white.csv",
    "miniboone": "miniboone_first1523.npy",
}


def rows(data: Path, name: str) -> np.ndarray:
    """The table's numbers, spread over what was rounded away."""
    path = data / "tables" / TABLES[name]
    if path.suffix == ".npy":
        return np.load(path)
    x = pd.read_csv(path).to_numpy(float)[:, :11] if path.suffix == ".csv" else np.loadtxt(path)
    steps = np.array([step(column) for column in x.T])
    return x + (np.random.default_rng(0).random(x.shape) - 0.5) * steps


def step(column: np.ndarray) -> float:
    """The decimals a column was recorded to, as a distance; 0 where they are many."""
    for decimals in range(6):
        if np.abs(column * 10**decimals - np.rint(column * 10**decimals)).max() < 1e-6:
            return 10.0**-decimals
    return 0.0


def split(x: np.ndarray, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """To learn from, to stop by, to test on; standardised by the first."""
    x = x[np.random.default_rng(seed).permutation(len(x))]
    learned, valid, test = np.split(x, [int(0.8 * len(x)), int(0.9 * len(x))])
    mean, std = learned.mean(0), learned.std(0)
    return tuple(torch.from_numpy((part - mean) / std).float() for part in (learned, valid, test))  # type: ignore


class Peer(Density, Trained):
    """A peer's flow, as our loop takes it."""

    def __init__(self, made: splines.Flow, columns: int, rate: float) -> None:
        super().__init__(reals(columns), None)
        self.module, self.rate, self.score = made.module, rate, made.log_prob

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.score(x)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        raise AssertionError("nothing is drawn here")

    def players(self) -> dict[str, Player]:
        return {"flow": Player(self, rate=self.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("flow", lambda: -self.score(x).mean())


def model_of(who: str, kind: Kind, learned: Tensor, rate: float) -> Density:
    """One contestant."""
    columns = learned.shape[1]
    if who == "likely":
        wiring = Coupled() if kind is Kind.COUPLING else Sequential()
        return SplineFlow(wiring=wiring, layers=LAYERS, width=WIDTH, rate=rate).build(reals(columns))
    make = {"zuko": splines.zuko, "nflows": splines.nflows}[who]
    return Peer(make(columns, learned, kind), columns, rate)


def trained(
    who: str, kind: Kind, parts: tuple[Tensor, Tensor, Tensor], args: argparse.Namespace
) -> tuple[dict, Tensor]:
    """What a contestant's training took, and log p of every test row."""
    learned, valid, test = parts
    steps = args.steps or round(args.seconds / cost(who, kind, learned, args))
    torch.manual_seed(args.seed)
    model = model_of(who, kind, learned, args.rate)
    start, busy = time.process_time(), Busy()
    finished = follow(
        learn(
            model, Examples(learned), validation=Examples(valid), seed=args.seed, batch=BATCH,
            budget=Budget(steps=steps), engine=Engine(threads=args.threads, probe=False, device="cpu"),
        )
    )  # fmt: skip
    told = {"seconds": round(time.process_time() - start, 1), "budget": steps, "steps": finished.step}
    told |= {"kept": finished.kept.step}
    with torch.no_grad():
        scores = [torch.cat([model.log_prob(some) for some in part.split(1024)]) for part in (valid, test)]
    told |= {"parameters": sum(w.numel() for w in model.parameters()), "others": busy.others()}
    return told | {"valid": scores[0].mean().item()}, scores[1]


def cost(who: str, kind: Kind, learned: Tensor, args: argparse.Namespace) -> float:
    """CPU seconds of a step: of the last thirty of sixty."""
    spent = []
    for steps in (30, 60):
        model, engine = model_of(who, kind, learned, args.rate), Engine(threads=args.threads, probe=False, device="cpu")
        start = time.process_time()
        follow(learn(model, Examples(learned), seed=0, batch=BATCH, budget=Budget(steps=steps), engine=engine))
        spent.append(time.process_time() - start)
    return (spent[1] - spent[0]) / 30


def race(name: str, kind: Kind, args: argparse.Namespace) -> dict:
    """One table: ours and the peers, one after the other."""
    parts = split(rows(args.data, name), args.seed)
    found, first = {}, None
    for who in ("likely", "zuko", "nflows"):
        told, score = trained(who, kind, parts, args)
        first = score if first is None else first
        told |= {"test": error(score), "behind likely": error(first - score) if who != "likely" else None}
        found[who] = told
        print(f"{name:<12} {kind.value:<15} {who:<7} " + json.dumps(told), flush=True)
    asked = {"steps": args.steps} if args.steps else {"seconds": args.seconds}
    return {"table": name, "kind": kind.value, "rows": [len(part) for part in parts], "columns": parts[0].shape[1],
            **asked, "rate": args.rate, "seed": args.seed, "contestants": found}  # fmt: skip


def error(values: Tensor) -> dict[str, float]:
    """The mean and its standard error."""
    return {"mean": round(values.mean().item(), 4), "stderr": round((values.std() / len(values) ** 0.5).item(), 4)}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--only", default="", help="one table")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], default="", help="one kind of flow")
    parser.add_argument(
        "--seconds",
        type=float,
        default=12.0,
        help="of training, each: of one processor, so that a busy machine is fair",
    )
    parser.add_argument("--steps", type=int, default=0, help="of training, each, instead of seconds")
    parser.add_argument("--rate", type=float, default=2e-3, help="of all contestants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "uci_flows.json")
    return parser.parse_args()


def main() -> None:
    """Every table and kind asked for; results of other runs stay."""
    args = arguments()
    splines.LAYERS, splines.HIDDEN = LAYERS, WIDTH
    known = json.loads(args.results.read_text())["races"] if args.results.exists() else {}
    budget = f"--steps {args.steps}" if args.steps else f"--seconds {args.seconds:g}"
    for name in [args.only] if args.only else TABLES:
        for kind in [Kind(args.kind)] if args.kind else Kind:
            told = race(name, kind, args) | {
                "machine": machine(),
                "date": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            told["command"] = f"python benchmarks/uci_flows.py --only '{name}' --kind {kind.value} {budget}"
            known[f"{name}, {kind.value}, {budget[2:]}, seed {args.seed}"] = told
            args.results.write_text(json.dumps({"benchmark": "uci_flows", "races": known}, indent=1) + "\n")


if __name__ == "__main__":
    main()
