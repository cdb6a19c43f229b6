"""Do diffusion and a GAN find every mode of 25 narrow Gaussians, and how many of their samples are good?

A sample is good within 3 standard deviations of a centre (of the set's own draws 98.9 % are); a mode is covered when at
least one sample in 1,000 is good there (an even share is 40). Beside them: the held-out rows themselves, as a sample.

    python benchmarks/toys_diffusion_gan.py [--threads 2] [--only gan] [--results FOLDER]
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench

from likely.data.generate import PLANES, Grid, true_log_prob
from likely.fitting import fit
from likely.training import Engine

SET, DRAWN = "gaussians-25", 10_000
BUDGETS = {"diffusion": "100s", "gan": "300s"}
SEEDS = (0, 1, 2)


def judged(points: np.ndarray, grid: Grid) -> dict[str, float]:
    """Covered modes, good samples, and how even and how wide the modes are."""
    away = np.linalg.norm(points[:, None] - grid.centres[None], axis=-1)
    nearest, away = away.argmin(1), away.min(1)
    good = away < 3 * grid.noise
    counts = np.bincount(nearest[good], minlength=len(grid.centres))
    return {
        "modes": int((counts >= len(points) / 1000).sum()),
        "good": float(good.mean()),
        "good_4": float((away < 4 * grid.noise).mean()),
        "rarest": float(counts.min() / len(points)),
        "commonest": float(counts.max() / len(points)),
        "width": float(np.sqrt((away[good] ** 2).mean() / 2) / grid.noise),
    }


def main() -> None:
    """Every family and seed, then the file of results."""
    bench = Bench("toys_diffusion_gan", __doc__)
    grid = PLANES[SET]
    assert isinstance(grid, Grid)
    real = judged(grid.draw(DRAWN, np.random.default_rng(99)), grid)
    bench.note("real draws: good samples", real.pop("good"), "", **real)
    for family, budget in BUDGETS.items():
        for seed in SEEDS if bench.args.only in family else ():
            start = time.perf_counter()
            fitted = fit(SET, family, budget=budget, seed=seed, engine=Engine(threads=torch.get_num_threads()))
            took = time.perf_counter() - start
            seen = judged(np.asarray(fitted.sample(DRAWN, seed=seed)), grid)
            bench.note(f"{family}, seed {seed}: good samples", seen.pop("good"), "", fit_s=round(took, 1), **seen)
            if family == "diffusion":
                held_out = grid.draw(2000, np.random.default_rng(98))
                bound = fitted.score(held_out).mean
                bench.note(
                    f"{family}, seed {seed}: bound", bound, "nats", truth=float(true_log_prob(SET, held_out).mean())
                )
    bench.write()


if __name__ == "__main__":
    main()
