"""How few network calls does a sample want: flow matching (noise independent, or by transport), diffusion, score?

moons, checkerboard, gaussians-25: one network's shape, the same rows, steps and batch for all; each model is then
walked in 1 to 256 calls by the samplers that suit it. Of 5,000 draws: the share that is good (where the true density is
at least that of 99 % of real points), and the energy distance from as many real points, beside that of other real
points (one call gives the mean, a mode of the grid: good, and far). Of flow matching also the likelihood by its
ODE on fresh points, how far below the truth, and its errors.

    python benchmarks/toys_flow_matching.py --threads 1 [--only moons] [--steps 8000]

`--only` writes a file of its own.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench

from likely.backbones import MLP
from likely.data.generate import PLANES, Plane
from likely.diffusion import AnnealedLangevin, Euler, Heun, PredictorCorrector, Sampler, Transport, UniPC
from likely.families.diffusion import Diffusion
from likely.families.flow_matching import FlowMatching
from likely.families.score import Score
from likely.rng import Keyed
from likely.spaces import reals
from likely.training import Budget, Engine, Examples, Precision, learn

NAMES = ("moons", "checkerboard", "gaussians-25")
ROWS, HELD, DRAWN, SCORED = 100_000, 2_000, 5_000, 2_000
CALLS = (1, 2, 4, 8, 16, 32, 64, 256)
SHAPE = MLP(width=128, depth=3, residual=True, normalised=True)
ENGINE = Engine(precision=Precision.FP32, compile=False, threads=1, probe=False)
FAMILIES: dict[str, tuple[Any, dict[str, Sampler]]] = {
    "flow matching": (FlowMatching(network=SHAPE), {"Euler": Euler(), "Heun": Heun()}),
    "flow matching, transport": (
        FlowMatching(network=SHAPE, pairing=Transport()),
        {"Euler": Euler(), "Heun": Heun()},
    ),
    "diffusion": (Diffusion(network=SHAPE), {"Euler": Euler(), "Heun": Heun(), "UniPC": UniPC()}),
    "score": (
        Score(network=SHAPE),
        {"annealed Langevin": AnnealedLangevin(size=0.5), "predictor, corrector": PredictorCorrector()},
    ),
}


def standardised(points: np.ndarray, like: np.ndarray) -> torch.Tensor:
    """Points in units of the training rows' spread."""
    return torch.from_numpy((points - like.mean(0)) / like.std(0)).float()


def learned(family: Any, x: torch.Tensor, steps: int) -> Any:
    """The family's model after so many steps."""
    torch.manual_seed(0)
    model = family.build(reals(2))
    held, rows = Examples(x[:HELD]), Examples(x[HELD:])
    for _ in learn(model, rows, budget=Budget(steps=steps), validation=held, engine=ENGINE, batch=256):
        pass
    return model


def good(plane: Plane, points: np.ndarray, fresh: np.ndarray) -> float:
    """The share of points where the true density is at least that of 99 % of real ones."""
    return float((plane.log_prob(points) >= np.quantile(plane.log_prob(fresh), 0.01)).mean())


def energy(a: torch.Tensor, b: torch.Tensor) -> float:
    """2 E|A - B| - E|A - A'| - E|B - B'|, each pair of different points once."""
    within = sum(float(torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))) for x in (a, b))
    return 2 * float(torch.cdist(a, b).mean()) - within


def drawn(model: Any, family: Any, sampler: Sampler, calls: int) -> torch.Tensor:
    """Draws by this sampler in so many calls."""
    with torch.no_grad():
        return model.walked(DRAWN, way=replace(family, sampler=sampler, steps=calls), rng=Keyed(7)).x


def judged(bench: Bench, label: str, sets: tuple[Plane, np.ndarray, np.ndarray], draw: Callable[[], Any]) -> None:
    """Good ones and the distance of one sample."""
    plane, points, fresh = sets
    x = draw()
    own = x.double().numpy() * points.std(0) + points.mean(0)
    bench.note(f"{label}: good", good(plane, own, fresh), "", energy=energy(x, standardised(fresh[:DRAWN], points)))


def scored(bench: Bench, label: str, model: Any, sets: tuple[Plane, np.ndarray, np.ndarray]) -> None:
    """The ODE's likelihood of fresh points beside the truth, with its errors."""
    plane, points, fresh = sets
    said = model.log_prob_estimate(standardised(fresh[:SCORED], points), rng=Keyed(3))
    gap = plane.log_prob(fresh[:SCORED]) - (said.value.double().numpy() - np.log(points.std(0)).sum())
    errors = {"by_chance": float(said.stderr.mean()), "by_solver": float(said.error.mean())}
    bench.note(f"{label}: nats below the truth", gap.mean(), "nats", stderr=gap.std() / SCORED**0.5, **errors)


def more(parser: argparse.ArgumentParser) -> None:
    """How long to train."""
    parser.add_argument("--steps", type=int, default=8000, help="of training")


def main() -> None:
    """Every set, family, sampler and number of calls."""
    bench = Bench("toys_flow_matching", __doc__, more=more)
    bench.name += f"_{bench.args.only}" * bool(bench.args.only)
    for name in NAMES:
        if bench.args.only not in name:
            continue
        plane = PLANES[name]
        points, fresh, other = (plane.draw(n, np.random.default_rng(s)) for s, n in enumerate((ROWS, 20_000, DRAWN)))
        sets = plane, points, fresh
        judged(bench, f"{name}, real points", sets, lambda other=other, like=points: standardised(other, like))
        for said, (family, samplers) in FAMILIES.items():
            start = time.perf_counter()
            model = learned(family, standardised(points, points), bench.args.steps)
            bench.note(f"{name}, {said}: time to fit", time.perf_counter() - start, "s")
            if isinstance(family, FlowMatching):
                scored(bench, f"{name}, {said}", model, sets)
            for way, sampler in samplers.items():
                for calls in CALLS:
                    label = f"{name}, {said}, {way}, {calls} calls"
                    judged(bench, label, sets, lambda at=(model, family, sampler, calls): drawn(*at))
    bench.write()


if __name__ == "__main__":
    main()
