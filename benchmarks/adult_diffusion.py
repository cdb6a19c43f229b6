"""Diffusions of adult beside a circuit: are drawn rows told from real ones, and do they teach as much?

    python benchmarks/adult_diffusion.py --minutes 30 --threads 2 --run runs/adult_diffusion [--rows masked,diffusion]

Every row of the table is a family fitted for so many minutes to the training part (32,561 rows), whose draws are judged
as in `adult.py`, which holds the protocol of arXiv:2603.23016: 2 (1 - AUC) of default boosted trees (xgboost) and of
logistic regression against the training part, columns, pairs, and the AUC of income, on the test part, by trees that
learned drawn rows. Published there on a GPU: TabDiff 0.841 and 0.913, TabSyn 0.794 and 0.910.

    masked      MaskedDiffusion: cells of all kinds hidden, and revealed one at a time
    diffusion   Diffusion: every cell spread to a real
    latent      LatentDiffusion, where the library has one
    circuit     Circuit, the reference, in as many minutes

What is finished is not fitted again, and a fit that was stopped goes on from its last saved state: the same command.
`--validate` judges another way, for choosing: a fifth of the training part is not fitted, and draws are judged against
those rows. Results: benchmarks/results/adult_diffusion_MINUTES.json.
"""

import argparse
import json
import os
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
import torch
from adult import NAMES, PUBLISHED, SCHEMA, judged, part, told, utility
from harness import Busy, machine

import likely
from likely.fitting import is_finished
from likely.names import table
from likely.training import Engine, unfinished

ROWS = {
    "masked": "masked-diffusion",
    "diffusion": "diffusion",
    "latent": "latent-diffusion",
    "circuit": "circuit,bins=256",
}
PROMISED = {30: {"told apart (trees)": 0.75, "utility": 0.896}}


def parts(args: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows to learn from, rows that draws are told from, and rows on which income is told."""
    train = part(args.data, "train")
    if not args.validate:
        return train, train, part(args.data, "test")
    held = np.random.default_rng(0).permutation(len(train)) < len(train) // 5
    kept = train[held].reset_index(drop=True)
    return train[~held].reset_index(drop=True), kept, kept


def fitted(said: str, learned: pd.DataFrame, folder: Path, args: argparse.Namespace) -> likely.Fitted[Any]:
    """The family after so many minutes: loaded, gone on with, or begun."""
    engine = Engine(threads=args.threads or None)
    if is_finished(folder):
        return likely.load(folder)
    if unfinished(folder):
        return likely.resume(folder, learned, engine=engine)
    return likely.fit(learned, said, budget=args.steps or f"{args.minutes:g}m", batch=args.batch or None,
                      seed=args.seed, schema=SCHEMA, certify=False, folder=folder, engine=engine)  # fmt: skip


def row(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """One family: fitted, drawn, judged."""
    learned, real, test = parts(args)
    start, busy = time.perf_counter(), Busy()
    model = fitted(args.said.get(name, ROWS[name]), learned, args.run / name, args)
    seconds, began = time.perf_counter() - start, time.perf_counter()
    draws = [model.sample(len(learned), seed=args.seed + 1 + draw)[NAMES] for draw in range(args.draws)]
    sampling = (time.perf_counter() - began) / args.draws
    figures = [judged(real, drawn, test, args.seed + place) for place, drawn in enumerate(draws)]
    return {
        "described": repr(model.model.family),
        "parameters": sum(w.numel() for w in model.model.parameters()),
        "seconds": round(seconds, 1), "sampling_seconds": round(sampling, 1), "others": busy.others(),
        "figures": {key: told([each[key] for each in figures]) for key in figures[0]},
    }  # fmt: skip


def asked(args: argparse.Namespace) -> list[str]:
    """The rows of the table that the library can fill."""
    names = args.rows.split(",")
    if strange := [name for name in names if name not in ROWS]:
        raise SystemExit(f"there is no row called {', '.join(strange)}; there are {', '.join(ROWS)}")
    missing = [name for name in names if name == "latent" and "LatentDiffusion" not in table("Family")]
    for name in missing:
        print(f"{name}: the library has no such family", flush=True)
    return [name for name in names if name not in missing]


def remembered(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """A row that was judged before, else one that is judged now."""
    path = args.run / f"{name}.json"
    if not path.exists():
        args.run.mkdir(parents=True, exist_ok=True)
        found = row(name, args)
        path.write_text(json.dumps(found, indent=1) + "\n")
    return json.loads(path.read_text())


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--minutes", type=float, default=30, help="of training, each row")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--batch", type=int, default=0, help="rows of a step; 0 leaves the choice to the library")
    parser.add_argument("--run", type=Path, required=True, help="folder of the runs: made, or gone on with")
    parser.add_argument("--rows", default=",".join(ROWS), help="which families, by the names above")
    parser.add_argument("--said", nargs="*", default=[], help="other families: masked=masked-diffusion,rate=5e-4")
    parser.add_argument("--draws", type=int, default=3, help="of as many rows as were learned from")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate", action="store_true", help="judge on held-out training rows, and write no result")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args()
    args.said = dict(each.split("=", 1) for each in args.said)
    return args


def main() -> None:
    """Row after row."""
    args = arguments()
    warnings.filterwarnings("ignore", message="lbfgs failed to converge")  # logistic regression as it comes
    if args.threads:
        torch.set_num_threads(args.threads)
    found = {}
    for name in asked(args):
        found[name] = remembered(name, args)
        shown = {key: each["mean"] for key, each in found[name]["figures"].items()}
        print(f"{name:10} {found[name]['seconds']:7.0f} s  {shown}", flush=True)
    if args.validate or args.steps:
        return
    learned, _, test = parts(args)
    document = {
        "benchmark": "adult_diffusion", "date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(),
        "command": f"python benchmarks/adult_diffusion.py --minutes {args.minutes:g} --threads {args.threads}",
        "minutes": args.minutes, "rows": found, "utility of real rows": round(utility(learned, test), 4),
        "promised": PROMISED.get(round(args.minutes), {}), "published": PUBLISHED,
    }  # fmt: skip
    path = args.results / f"adult_diffusion_{args.minutes:g}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
