"""Nats a time step of Bach's chorales: which of 88 keys sound at each quarter note, on the splits of the literature.

    python benchmarks/chorales.py --minutes 10 --run runs/chorales_10 [--data FOLDER] [--family wavenet,dropout=0.5]

Protocol of Boulanger-Lewandowski, Bengio and Vincent (2012): 229 chorales to learn from, 76 to choose the weights by,
77 to test; no transposition. The figure is minus the sum of log p of all steps of the test chorales over the number of
their steps (`nats`); the mean of each chorale's own mean is beside it (`nats_piece`). It is exact, and says nothing
of where a chorale ends. Quoted in the literature, not seen in the authors' own files: RNN-RBM 6.27, RNN-NADE 5.56; with
keys that are independent at a step, GRU 8.43 and TCN 8.10.

Stopped at any moment, the same command goes on. Results: benchmarks/results/chorales_MINUTES.json.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Busy, machine
from safetensors.torch import load_file, save_file
from torch import Tensor

from likely.data import chorales
from likely.fields import made
from likely.spaces import Series
from likely.training import Budget, Engine, Examples, JsonLines, Lines, follow, learn

FAMILY = "wavenet,width=64,skips=256,reach=64,stacks=1,dropout=0.3,decay=0.01"
QUOTED = {"RNN-RBM": 6.27, "RNN-NADE": 5.56, "GRU, keys apart": 8.43, "TCN, keys apart": 8.10}


def rolls(data: Path) -> dict[str, Tensor]:
    """(N, 88, T) by side, NaN past the end of a chorale: not asked, so that it costs and tells nothing."""
    sides = chorales(data / "music" / "jsb-chorales-quarter.json")
    longest = max(panel.values.shape[1] for panel in sides.values())
    told = {side: torch.from_numpy(panel.values).float().transpose(1, 2) for side, panel in sides.items()}
    return {side: torch.nn.functional.pad(x, (0, longest - x.shape[2]), value=float("nan")) for side, x in told.items()}


def steps(x: Tensor) -> Tensor:
    """How many steps each chorale has."""
    return (~x.isnan()).any(1).sum(1)


def trained(model: Any, sides: dict[str, Tensor], args: argparse.Namespace) -> dict[str, float]:
    """The model with its kept weights, from the run's folder where it is finished; what the training took."""
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        finished = follow(
            learn(
                model,
                Examples(sides["train"]),
                validation=Examples(sides["valid"]),
                budget=Budget(steps=args.steps) if args.steps else Budget(seconds=60 * args.minutes),
                seed=args.seed,
                folder=args.run / "training",
                engine=Engine(probe=False, threads=args.threads or None),
                batch=args.batch,
                resume=(args.run / "training").exists(),
            ),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        save_file(finished.kept.weights, weights)
        told.write_text(json.dumps({"minutes": finished.seconds / 60, "steps": finished.step}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


def main() -> None:
    """Train, score, write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=10.0, help="of training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--family", default=FAMILY)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    args, busy = parser.parse_args(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    sides, family, start = rolls(args.data), made("Family", args.family), time.perf_counter()
    model = family.build(Series(88, sides["train"].shape[2], 2))
    took = trained(model, sides, args)
    model.eval()
    told: dict[str, Any] = {
        "benchmark": "chorales",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "trained_minutes": took["minutes"],
        "steps": took["steps"],
        "minutes": (time.perf_counter() - start) / 60,
        "quoted": QUOTED,
    }
    with torch.no_grad():
        for side, x in sides.items():
            nats, count = -model.log_prob(x).double(), steps(x)
            mine = nats / count
            told[side] = {
                "chorales": len(x),
                "steps": int(count.sum()),
                "nats": float(nats.sum() / count.sum()),
                "nats_piece": float(mine.mean()),
                "stderr": float(mine.std() / len(x) ** 0.5),
            }
    results = Path(__file__).parent / "results" / f"chorales_{args.minutes:g}.json"
    results.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
