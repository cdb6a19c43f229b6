"""Does a GAN find every mode of 25 Gaussians, of a ring of 8 and along a spiral, how evenly, and how good is a sample?

    python benchmarks/toys_gan.py --minutes 5 --run runs/toys_gan [--sets grid ring] [--family gan,packing=2]

The grid and the ring are PacGAN's: 25 Gaussians of standard deviation 0.05 two apart, 8 of 0.01 on the unit circle;
100,000 draws to learn from. So are the figures, of 2,500 samples: a sample is good within three standard deviations of
a mode, a mode is found where one good sample is nearest to it, and the reverse KL is that of all samples' nearest modes
from the even law (its expectation for real draws is (modes - 1) / 5,000). Those of 10,000 samples stand beside them. On
the spiral, whose density is known and smooth along its arms, a mode is one of 20 stretches of equal mass, a sample is
good within three standard deviations of the arm. `gaussians-25` and `gaussians-8` are the library's own, wider sets.

Every seed is a new training and new data; mean and standard deviation over seeds. Stopped at any moment, the same
command goes on with the seeds that are not done. Results: benchmarks/results/toys_gan.json.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
import torch
from _training import begun, command, parser, remembered, spread, written
from harness import Busy, machine

from likely.data.generate import Clusters, Curves, Grid, Plane, Ring, Spirals
from likely.fitting import fit
from likely.metrics.modes import WITHIN, Census, census, expected_reverse_kl
from likely.training import Engine

SETS: dict[str, Plane] = {
    "grid": Grid(noise=0.05),
    "ring": Ring(radius=1.0, noise=0.01),
    "spirals": Spirals(),
    "gaussians-25": Grid(),
    "gaussians-8": Ring(),
}
USUAL = ("grid", "ring", "spirals")
ROWS, DRAWN, PUBLISHED = 100_000, 10_000, 2_500  # to learn from; drawn; of them, as the paper draws
STRETCHES, NODES = 10, 2_000  # of each arm of a spiral
FIGURES = ("modes", "good", "reverse_kl")
PAPER = "Lin et al. (2018), table 1, ten trials, mean and standard error: their repository fjxmlzn/PacGAN"
PEERS = {
    "grid": {
        "GAN": {"modes": (17.3, 0.8), "good": (0.948, 0.007), "reverse_kl": (0.70, 0.07)},
        "ALI": {"modes": (24.1, 0.4), "good": (0.957, 0.006), "reverse_kl": (0.14, 0.03)},
        "PacGAN4": {"modes": (24.8, 0.2), "good": (0.936, 0.006), "reverse_kl": (0.04, 0.01)},
    },
    "ring": {
        "GAN": {"modes": (6.3, 0.5), "good": (0.982, 0.002), "reverse_kl": (0.45, 0.09)},
        "ALI": {"modes": (6.6, 0.3), "good": (0.976, 0.004), "reverse_kl": (0.36, 0.04)},
        "PacGAN2": {"modes": (7.9, 0.1), "good": (0.956, 0.020), "reverse_kl": (0.07, 0.03)},
    },
}
PROMISED = {"modes": "all", "good": 0.97, "reverse_kl": 0.03}


def counted(plane: Plane, points: np.ndarray) -> Census:
    """Which modes of the law these points are of."""
    match plane:
        case Clusters():
            return census(points, plane.centres, plane.noise)
        case Curves():
            return along(plane, points)
    raise SystemExit(f"{plane} has no modes")


def along(curves: Curves, points: np.ndarray) -> Census:
    """Stretches of curves as modes."""
    from scipy.spatial import cKDTree

    pieces, at = curves.pieces(), (np.arange(NODES) + 0.5) / NODES
    away, node = cKDTree(np.concatenate([curve(at) for curve in pieces])).query(points)
    stretch, modes = node * STRETCHES // NODES, STRETCHES * len(pieces)
    near = away < WITHIN * curves.noise
    return Census(np.bincount(stretch, minlength=modes), np.bincount(stretch[near], minlength=modes), len(points))


def judged(plane: Plane, points: np.ndarray) -> dict[str, float]:
    """The three figures of some samples, and the reverse KL of the good ones alone."""
    seen = counted(plane, points)
    return {
        "modes": seen.modes,
        "good": seen.good_share,
        "reverse_kl": seen.reverse_kl,
        "reverse_kl_good": seen.reverse_kl_good,
    }


def run(args: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """One set and seed: learned, drawn from, judged."""
    plane, busy = SETS[name], Busy()
    rows = pd.DataFrame(plane.draw(ROWS, np.random.default_rng(seed)), columns=pd.Index(["x", "y"]))
    engine = Engine(threads=args.threads or torch.get_num_threads(), compile=False)
    start = time.perf_counter()
    budget = args.steps or f"{60 * args.minutes:g}s"
    fitted = fit(rows, args.family, budget=budget, seed=seed, engine=engine, batch=args.batch or None, certify=False)
    took = time.perf_counter() - start
    points = np.asarray(fitted.sample(DRAWN, seed=seed), dtype=float)
    return {
        "seed": seed, "fit_s": round(took, 1), "others": busy.others(),
        **judged(plane, points[:PUBLISHED]), f"of {DRAWN}": judged(plane, points),
    }  # fmt: skip


def real(plane: Plane) -> dict[str, Any]:
    """What the law's own draws get."""
    points = plane.draw(DRAWN, np.random.default_rng(99))
    told, modes = judged(plane, points[:PUBLISHED]), len(counted(plane, points).counts)
    expected = expected_reverse_kl(modes, PUBLISHED)
    return {**told, "of": modes, "reverse_kl_expected": expected, f"of {DRAWN}": judged(plane, points)}


def table(args: argparse.Namespace, name: str, progress: Callable[[str], None]) -> dict[str, Any]:
    """One set: every seed, their mean and spread."""
    done = []
    for seed in range(args.seeds):
        done.append(remembered(args.run / f"{name}_{seed}.json", lambda seed=seed: run(args, name, seed)))
        progress(f"{name}, seed {seed}: " + ", ".join(f"{figure} {done[-1][figure]:.4g}" for figure in FIGURES))
    return {
        "set": repr(SETS[name]), **{figure: spread([each[figure] for each in done]) for figure in FIGURES},
        "real draws": real(SETS[name]), "published": PEERS.get(name, {}), "seeds": done,
    }  # fmt: skip


def main() -> None:
    """Every set and seed, then the file of results."""
    made = parser(__doc__, minutes=5.0, batch=0)
    made.add_argument("--family", default="gan", help="NAME,field=value,...")
    made.add_argument("--sets", nargs="+", choices=SETS, default=USUAL)
    made.add_argument("--seeds", type=int, default=5, help="how many; the first is 0")
    args, busy = begun(made)
    told = {
        "benchmark": "toys_gan", "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command(), "family": args.family,
        "minutes": None if args.steps else args.minutes, "steps": args.steps or None,
        "rows": ROWS, "samples": PUBLISHED, "promised": PROMISED, "source of the published": PAPER,
        "sets": {name: table(args, name, lambda line: print(line, flush=True)) for name in args.sets},
        "machine": machine(), "others": busy.others(),
    }  # fmt: skip
    written(told, "toys_gan.json")


if __name__ == "__main__":
    main()
