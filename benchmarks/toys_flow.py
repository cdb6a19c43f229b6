"""RealNVP(Spline()) on points in the plane whose density is known: nats above the true entropy.

moons, spirals, checkerboard, gaussians-25: 100,000 generated rows to learn from, 20,000 fresh ones to be judged on, by
likely's own training loop with the family's defaults. The gap is the mean of log p_true - log p_model over the fresh
rows, so that the sampling error of the entropy itself cancels.

    python benchmarks/toys_flow.py --threads 1 [--only moons]

`--only` writes a file of its own.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench

from likely.bijections import Flow, Spline
from likely.data.generate import PLANES, Plane
from likely.families.realnvp import RealNVP
from likely.spaces import reals
from likely.training import Budget, Engine, Examples, Precision, learn

NAMES = ("moons", "spirals", "checkerboard", "gaussians-25")
ROWS, HELD, FRESH = 100_000, 5_000, 20_000
STEPS = 12_000
BELOW = 0.05  # nats
FINER = {"gaussians-25": 32}  # bins: five narrow peaks a side ask for more than the default's 8
ENGINE = Engine(precision=Precision.FP32, compile=False, threads=1, probe=False)


def standardised(points: np.ndarray, like: np.ndarray) -> torch.Tensor:
    """Points in units of the training rows' spread."""
    return torch.from_numpy((points - like.mean(0)) / like.std(0)).float()


def learned(family: RealNVP, x: torch.Tensor, held: torch.Tensor) -> Flow:
    """The family's model after so many steps."""
    torch.manual_seed(0)
    model = family.flow(reals(2))
    lesson = learn(model, Examples(x), budget=Budget(steps=STEPS), validation=Examples(held), engine=ENGINE, batch=512)
    for _ in lesson:
        pass
    return model


def gap(plane: Plane, model: Flow, points: np.ndarray, like: np.ndarray) -> tuple[float, float]:
    """Mean and standard error of log p_true - log p_model, in nats of the data's own units."""
    with torch.no_grad():
        scores = model.log_prob(standardised(points, like)).double().numpy() - np.log(like.std(0)).sum()
    surplus = plane.log_prob(points) - scores
    return float(surplus.mean()), float(surplus.std() / len(surplus) ** 0.5)


def main() -> None:
    """Fit and judge each plane."""
    bench = Bench("toys_flow", __doc__)
    bench.name += f"_{bench.args.only}" * bool(bench.args.only)
    for name in NAMES:
        if bench.args.only not in name:
            continue
        plane = PLANES[name]
        points, fresh = (plane.draw(count, np.random.default_rng(seed)) for count, seed in ((ROWS, 0), (FRESH, 1)))
        x = standardised(points, points)
        start = time.perf_counter()
        spline = Spline(bins=FINER[name]) if name in FINER else Spline()
        model = learned(RealNVP(coupling=spline), x[HELD:], x[:HELD])
        seconds = time.perf_counter() - start
        above, error = gap(plane, model, fresh, points)
        bench.note(f"{name}: true entropy", float(-plane.log_prob(fresh).mean()), "nats")
        bench.note(f"{name}: time to fit", seconds, "s")
        bench.note(f"{name}: above the true entropy", above, "nats", stderr=error, reached=str(above < BELOW))
    bench.write()


if __name__ == "__main__":
    main()
