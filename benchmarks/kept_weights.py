"""What does choosing a game's weights by the distance of its draws cost, and does it choose well?

A GAN learns 25 narrow Gaussians twice with one recipe and one seed: judged on held-out rows, and not judged at all. The
two trainings are the same, so the difference in time is the judge's, and three ends can be held against the truth: the
weights that were kept, the 5 % average that an unjudged training keeps, and the last. The truth, which the judge never
sees: covered modes, good samples (3 standard deviations), and KL of the modes' shares from even ones. At every
validation it is also asked how the judge's order agrees with the truth's (Spearman over the validations).

    python benchmarks/kept_weights.py [--threads 2] [--only 0] [--results FOLDER]    # --only: of the seeds
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench
from toys_diffusion_gan import judged

import likely
from likely.contracts import Model
from likely.data.generate import PLANES, Grid
from likely.rng import Keyed
from likely.spaces import reals
from likely.training import Budget, Engine, Examples, Finished, Planned, Recipe, Validated, learn

SET, ROWS, DRAWN, SEEDS, STEPS = "gaussians-25", 10_000, 10_000, (0, 1, 2, 3, 4), 4000


def truth(model: Model, grid: Grid, scale: float) -> dict[str, float]:
    """What the model's draws are worth."""
    training = model.training
    with torch.no_grad():
        points = (model.eval().sample(DRAWN, rng=Keyed(7)) * scale).numpy()
    model.train(training)
    away = np.linalg.norm(points[:, None] - grid.centres[None], axis=-1)
    shares = np.bincount(away.argmin(1), minlength=len(grid.centres)) / len(points)
    seen = judged(points, grid)
    kl = float((shares[shares > 0] * np.log(shares[shares > 0] * len(shares))).sum())
    return {"modes": seen["modes"], "good": seen["good"], "kl": kl, "width": seen["width"]}


def run(seed: int, rows: Examples, held: Examples | None, recipe: Recipe | None, grid: Grid, scale: float):
    """One training: how it finished, seconds, the model, and at every validation the judge's number and the truth."""
    torch.manual_seed(seed)
    model = likely.GAN().build(reals(2))
    pairs, found, began, looking = [], recipe, time.perf_counter(), 0.0
    engine = Engine(threads=torch.get_num_threads(), probe=False)
    budget = Budget(steps=STEPS)
    for event in learn(model, rows, budget=budget, validation=held, seed=seed, engine=engine, recipe=recipe, batch=256):
        if isinstance(event, Planned):
            found = event.recipe
        if isinstance(event, Validated):
            start = time.perf_counter()
            pairs.append((event.value, 1 - truth(model, grid, scale)["good"]))
            looking += time.perf_counter() - start
        if isinstance(event, Finished):
            return event, time.perf_counter() - began - looking, model, pairs, found
    raise AssertionError("a training that does not finish")


def agreement(pairs: list[tuple[float, float]]) -> float:
    """Spearman's correlation."""
    ranks = np.argsort(np.argsort(np.array(pairs), axis=0), axis=0)
    return float(np.corrcoef(ranks.T)[0, 1])


def main() -> None:
    """Every seed, then the file of results."""
    bench, grid = Bench("kept_weights", __doc__), PLANES[SET]
    assert isinstance(grid, Grid)
    points = torch.from_numpy(grid.draw(ROWS, np.random.default_rng(0))).float()
    scale = float(points.std())
    rows, held = Examples(points[1000:] / scale), Examples(points[:1000] / scale)
    shares, gains = [], []
    for seed in (seed for seed in SEEDS if bench.args.only in str(seed)):
        chosen, took, model, pairs, recipe = run(seed, rows, held, None, grid, scale)
        kept = truth(model, grid, scale)
        model.load_state_dict(chosen.final.weights)
        last = truth(model, grid, scale)
        _, alone, averaged, _, _ = run(seed, rows, None, replace(recipe, average_wide=None), grid, scale)
        average = truth(averaged, grid, scale)
        shares.append(took / alone - 1)
        gains.append(kept["good"] - average["good"])
        bench.note(f"seed {seed}: good samples of the kept weights", kept.pop("good"), "", **kept,
                   step=chosen.kept.step, of=chosen.step, over=chosen.kept.width, distance=chosen.kept.value,
                   error=chosen.kept.error, last_distance=chosen.final.value, agreement=agreement(pairs),
                   average=average, last=last, seconds=took, seconds_unjudged=alone)  # fmt: skip
    bench.note("time that judging adds", statistics.median(shares), "of the training", each=shares)
    bench.note("good samples over the average's", statistics.mean(gains), "", each=gains)
    bench.note(
        "bytes of a run, with and without the last weights", float(disk(final=True)), "", without=disk(final=False)
    )
    bench.write()


def disk(*, final: bool) -> int:
    """Of a saved GAN."""
    fitted = likely.fit("moons", likely.GAN(), budget=20, engine=Engine(probe=False), certify=False)
    ended = (lambda: dict(fitted.model.state_dict())) if final else None
    with tempfile.TemporaryDirectory() as folder:
        replace(fitted, ended=ended).save(Path(folder) / "run")
        return sum(path.stat().st_size for path in (Path(folder) / "run").iterdir())


if __name__ == "__main__":
    main()
