"""How well does a code tell a digit that the model has never seen: an encoder's, and one that a search finds?

Mean squared error of a pixel (black is 0, white is 1) between held-out digits and what their codes decode to, beside
the nearest of 1,000 samples; and what a search costs a row.

    python benchmarks/codes_of_digits.py [--repeats SEEDS] [--only TEXT] [--results FOLDER]
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench

from likely.apps.codes import decoded
from likely.contracts import Latent
from likely.data import Images, read
from likely.fitted import Fitted
from likely.fitting import fit
from likely.searching import Search
from likely.training import Engine

SAMPLES = 1000
BUDGETS = {"gan": "60s", "bigan": "60s", "vae,latent=16": "60s"}


def missed(told: np.ndarray, rows: Images) -> float:
    """(mean over rows and pixels)."""
    return float(((told - rows.points()) ** 2).mean())


def judged(fitted: Fitted, held: Images) -> dict[str, float]:
    """Every way to a code."""
    samples, x = fitted.sample_rows(SAMPLES).points(), held.points()
    found = {"nearest sample": float(((x[:, None] - samples[None]) ** 2).mean(-1).min(1).mean())}
    if isinstance(fitted.model, Latent):
        found["encoder"] = missed(decoded(fitted, fitted.encode(held)).points(), held)
    start = time.perf_counter()
    codes = fitted.encode(held, search=Search())
    took = (time.perf_counter() - start) / len(held)
    return found | {"search": missed(decoded(fitted, codes).points(), held), "search_s_a_row": took}


def main() -> None:
    """Every family and seed, then the file of results."""
    bench, digits = Bench("codes_of_digits", __doc__), read("digits")
    order = np.random.default_rng(0).permutation(len(digits))
    held, rows = digits.take(order[:200]), digits.take(order[200:])
    assert isinstance(held, Images)
    for family, budget in BUDGETS.items():
        for seed in range(bench.args.repeats) if bench.args.only in family else ():
            engine = Engine(threads=torch.get_num_threads())
            seen = judged(fit(rows, family, budget=budget, seed=seed, engine=engine, certify=False), held)
            bench.note(f"{family}, seed {seed}: by search", seen.pop("search"), "squared error a pixel", **seen)
    bench.write()


if __name__ == "__main__":
    main()
