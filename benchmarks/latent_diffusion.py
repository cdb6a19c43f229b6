"""Drawings in colour, 32 x 32: diffusion of pixels beside diffusion of an autoencoder's codes, as many minutes each.

    python benchmarks/latent_diffusion.py --minutes 30 --run runs/latent_diffusion [--rows pixels latent] [--calls 5 20]

What is asked: the same KID in at most a quarter of the sampling time. Each model is trained once; then it draws in
several numbers of network calls (DPM-Solver++, whatever it was trained with), and each of these ways has a KID, of
drawings beside as many real ones that were not learned from, and a time, the median of alternating runs. KID is in the
features of a classifier that learned the shapes of other real drawings (its accuracy is told). Real drawings judged in
the same way say what a perfect sampler gets. A code is told twice: by a draw of the decoder's law, which is the model,
and by the law's mean, which is what pictures are mostly shown as ("mean" beside the row's name).

The figure: of the pixels' ways the fastest whose KID lies within the interval of their best; of the latent ways the
fastest whose KID is at most that one's upper end; the ratio of their times. Stopped at any moment, the same command
goes on. Results: benchmarks/results/latent_diffusion.json.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from _adversarial import Played, arguments, families, played
from _training import begun, command, parser, remembered, written
from harness import machine
from torch import Tensor

from likely.apps.sight import accuracy, learned_sight
from likely.data import Images
from likely.data.shapes import shapes
from likely.diffusion import DPMSolver, Karras, Walks, Way
from likely.families.latent_diffusion import TwoTurns
from likely.metrics import kernel_distance
from likely.metrics.classifier import Classified
from likely.rng import Keyed

ROWS = {
    "pixels": "diffusion,network=unet,network.width=32,network.blocks=1,rate=0.001",
    "latent": "latent-diffusion,autoencoder=vae,autoencoder.latent=16,autoencoder.grid=4,autoencoder.beta=0.2,"
    "autoencoder.network=conv,autoencoder.network.width=32,denoiser=diffusion,denoiser.rate=0.001,"
    "denoiser.network=unet,denoiser.network.width=64,denoiser.network.blocks=1,denoiser.network.multipliers=(1,2)",
    "latent DiT": "latent-diffusion,autoencoder=vae,autoencoder.latent=16,autoencoder.grid=4,autoencoder.beta=0.2,"
    "autoencoder.network=conv,autoencoder.network.width=32,denoiser=diffusion,denoiser.rate=0.0005,"
    "denoiser.network=dit,denoiser.network.width=192,denoiser.network.depth=6,denoiser.network.patch=1",
}
LEARNED, HELD, JUDGING, REAL = 0, 1, 2, 3  # seeds of the drawings
AT_ONCE, TIMED = 250, 3  # drawings drawn together; times that a way is timed
PROMISED = 0.25


def ways(one: Played, calls: int, *, mean: bool) -> Callable[[int, Keyed], Tensor]:
    """What draws so many in so many calls."""
    model, way = one.model, Way(Karras(), DPMSolver(), calls)
    assert isinstance(model, Walks)
    if not mean:
        return lambda n, rng: model.walk(n, way=way, rng=rng).x
    assert isinstance(model, TwoTurns)
    law = model.prior.model
    assert isinstance(law, Walks)
    return lambda n, rng: model.decode(law.walk(n, way=way, rng=rng).x)


def drawings(one: Played, calls: int, n: int, *, mean: bool) -> Images:
    """n drawings as levels."""
    draw, parts = ways(one, calls, mean=mean), []
    with torch.no_grad():
        for at in range(0, n, AT_ONCE):
            parts.append(one.lift.down(draw(min(AT_ONCE, n - at), Keyed(0, rows=at))).cpu())
    pixels = torch.cat(parts).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    return Images(pixels.contiguous().numpy())


def judged(one: Played, calls: int, real: Images, sight: Classified, *, mean: bool) -> dict[str, Any]:
    """The KID of a way's drawings."""
    found = kernel_distance(real, drawings(one, calls, len(real), mean=mean), sight=sight)
    assert found is not None
    return {"calls": calls, "KID": found.value, "low": found.low, "high": found.high}


def timed(models: dict[str, Played], calls: list[int], n: int) -> dict[str, dict[int, float]]:
    """Milliseconds a drawing of every way, the median of alternating runs."""
    runs = [(name, count) for name in models for count in calls]
    seconds: dict[tuple[str, int], list[float]] = {run: [] for run in runs}
    with torch.no_grad():
        for turn in range(TIMED + 1):  # the first warms up
            for name, count in runs[turn % len(runs) :] + runs[: turn % len(runs)]:
                draw, start = ways(models[name], count, mean=False), time.perf_counter()
                models[name].lift.down(draw(n, Keyed(turn)))
                seconds[name, count] += [time.perf_counter() - start] * (turn > 0)
    return {name: {count: 1000 * statistics.median(seconds[name, count]) / n for count in calls} for name in models}


def figure(pixels: list[dict[str, Any]], latent: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The ratio of times at the same KID, as the docstring says it."""
    best = min(pixels, key=lambda each: each["KID"])
    reference = min((each for each in pixels if each["KID"] <= best["high"]), key=lambda each: each["ms"])
    good = [each for each in latent if each["KID"] <= reference["high"]]
    if not good:
        return {"reference": reference, "latent": None, "ratio": None, "least KID": min(each["KID"] for each in latent)}
    found = min(good, key=lambda each: each["ms"])
    return {"reference": reference, "latent": found, "ratio": found["ms"] / reference["ms"], "promised": PROMISED}


def learned(args: argparse.Namespace) -> dict[str, Played]:
    """Every row's model, trained or as it was."""
    train, held = shapes(args.drawings, seed=LEARNED), shapes(max(200, args.drawings // 20), seed=HELD)
    return {name: played(args, name.replace(" ", "_"), args.seed, text, train, held)
            for name, text in families(args, ROWS).items()}  # fmt: skip


def seen(
    args: argparse.Namespace, row: str, one: Played, calls: int, real: Images, sight: Classified
) -> dict[str, Any]:
    """What was measured of a way, or is now."""
    place = args.run / f"{row.replace(' ', '_').replace(',', '')}_{calls}_calls.json"
    return remembered(place, lambda: judged(one, calls, real, sight, mean=row.endswith("mean")))


def line(each: dict[str, Any]) -> str:
    """A way on one line."""
    return f"{each['calls']} calls, KID {each['KID']:.3g} [{each['low']:.3g}, {each['high']:.3g}], {each['ms']:.3g} ms"


def main() -> None:
    """Train, draw, judge, time, write."""
    made = parser(__doc__, minutes=30.0, batch=64)
    made.add_argument("--drawings", type=int, default=20_000, help="learned from")
    made.add_argument("--images", type=int, default=5_000, help="drawn for each KID")
    made.add_argument("--calls", nargs="+", type=int, default=[5, 8, 12, 20, 35])
    made.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    arguments(made, ROWS, tuple(ROWS))
    args, busy = begun(made)
    real, judging = shapes(args.images, seed=REAL), shapes(10_000 if args.sight_steps is None else 500, seed=JUDGING)
    sight = learned_sight(judging, "shape", steps=args.sight_steps, folder=args.run)
    floor = kernel_distance(real, shapes(args.images, seed=REAL + 1), sight=sight)
    assert floor is not None
    print(f"{sight.name}: {accuracy(sight, real):.2%}; real drawings: KID {floor.value:.3g} "
          f"[{floor.low:.3g}, {floor.high:.3g}]", flush=True)  # fmt: skip
    models = learned(args)
    times = timed(models, args.calls, min(AT_ONCE, args.images))
    told: dict[str, list[dict[str, Any]]] = {}
    for name, one in models.items():
        for mean in (False, True)[: 1 + isinstance(one.model, TwoTurns)]:
            row = name + ", mean" * mean
            told[row] = [seen(args, row, one, calls, real, sight) | {"ms": times[name][calls]} for calls in args.calls]
            print("\n".join(f"{row}: {line(each)}" for each in told[row]), flush=True)
    others = {name: rows for name, rows in told.items() if name != "pixels"}
    figures = {name: figure(told["pixels"], rows) for name, rows in others.items()} if "pixels" in told else {}
    print("\n".join(f"{name}: {found}" for name, found in figures.items()), flush=True)
    written(
        {
            "benchmark": "latent_diffusion", "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "features": sight.name, "accuracy": accuracy(sight, real),
            "real drawings": {"KID": floor.value, "low": floor.low, "high": floor.high},
            "trained": {name: one.told for name, one in models.items()}, "ways": told, "figures": figures,
            "machine": machine(), "others": busy.others(), "drawn": int(np.prod([args.images])),
        },
        "latent_diffusion.json",
    )  # fmt: skip


if __name__ == "__main__":
    main()
