"""MNIST or Fashion-MNIST, given the class: a diffusion's bits a pixel, its classes, and its samples beside GAN and VAE.

    python benchmarks/diffusion_pictures.py --set mnist --minutes 45 --run runs/mnist [--rows diffusion vae gan]

Every row is fitted as a person fits it, given the class, for so many minutes (`--of vae=20` says others for a row).
Told of the diffusion:

    bits      -log2 p(x) a pixel of the test images, an upper bound: the bound given the true class, and log2(10) for
              the class itself, which no model of x alone can do without; the levels are dequantised evenly
    steps     how far 10 calls of DPM-Solver++, along its own levels and along tuned ones, and 50 of DDIM end from
              where the flow ends, over the samples' spread (apps/tuned.py)
    flow      log p by the probability flow, an estimate with its two errors: that of some images is taken, and how far
              it lies from their bound is taken from the bound of all

and of every row, of the diffusion at every scale of guidance: how often a classifier, which learned from real training
images alone, names the class that was asked for; precision, recall, density and coverage, KID and the Fréchet distance
in the classifier's features, of as many samples as test images, whose classes they are given. Training images, judged
in the same way, say what a perfect sampler gets. `inpainting.py --model RUN/diffusion` completes by the same model.

Stopped at any moment, the same command goes on. Results: benchmarks/results/diffusion_pictures_SET.json.
"""

import argparse
import math
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from _adversarial import mnist_like
from _training import begun, command, engine, parser, remembered, written
from fashion_gan import FIGURES, judged, line
from harness import machine

import likely
from likely.apps.sight import accuracy, coded, learned_sight
from likely.apps.steps import steps
from likely.apps.tuned import tuned
from likely.data import Images
from likely.descent import Descent
from likely.diffusion import DDIM, DPMSolver, Karras
from likely.fields import made
from likely.metrics.classifier import Classified
from likely.rng import Keyed
from likely.training import Lines

LABEL, CLASSES = "label", 10
ROWS = {
    "diffusion": "diffusion,schedule=geometric,schedule.low=0.002,network=unet,network.width=32,network.blocks=1,"
    "network.waves=9,rate=0.001",
    "vae": "vae,latent=32",
    "gan": "gan,latent=64,codes=0,generator=residual,generator.width=32,critic=residual,critic.width=32,"
    "told=projected,game=hinge,rate=0.0002,critic_rate=0.0004,memory=0.9",
}
FEW, MANY, REFERENCE = 10, 50, 400  # network calls
PROMISED = {"bits": 1.1, "asked class": 0.97}


def fitted(args: argparse.Namespace, row: str, text: str, train: Images) -> Any:
    """A row's model from the run's folder, trained now or gone on with."""
    place, minutes = args.run / row, dict(each.split("=") for each in args.of).get(row, args.minutes)
    settings = {"engine": engine(args), "listeners": [Lines(sys.stderr)]}
    if place.exists():
        return likely.resume(place, train, **settings)
    return likely.fit(
        train, made("Family", text), budget=f"{args.steps} steps" if args.steps else f"{minutes}m", batch=args.batch,
        seed=args.seed, condition=LABEL, folder=place, certify=False,
        init=None if args.init is None else args.init / row, **settings,
    )  # fmt: skip


# How likely test images are -----------------------------------------------------------------------------------------


def bits(nats: Any, pixels: int) -> np.ndarray[Any, Any]:
    """-log2 p a pixel of each image, its class told with it."""
    return (math.log(CLASSES) - np.asarray(nats, dtype=np.float64)) / pixels / math.log(2)


def likelihood(args: argparse.Namespace, model: Any, test: Images) -> dict[str, Any]:
    """The bound of the test images; of the first ones the flow's estimate beside it."""
    start, pixels = time.perf_counter(), test.pixels[0].size
    scores = model.score(test.take(np.arange(min(args.scored, len(test)))), draws=args.draws)
    each, seconds = bits(scores.nats, pixels), time.perf_counter() - start
    bound = {
        "kind": f"at most ({scores.kind} nats), dequantised evenly", "bits": float(each.mean()),
        "stderr": float(each.std() / math.sqrt(len(each))), "images": len(each), "seconds": round(seconds, 1),
    }  # fmt: skip
    return bound | {"flow": flow(args, model, test, each)} if args.flow_images else bound


def flow(args: argparse.Namespace, model: Any, test: Images, bound: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The estimate by the probability flow, of the first images."""
    some, start = test.take(np.arange(args.flow_images)), time.perf_counter()
    x, ladj, c = model.cells(some)
    u, up = model.lift.up(x, rng=Keyed(args.seed))
    found = model.model.likelihood(u, c, steps=args.flow_steps, probes=args.probes, rng=Keyed(args.seed).fork(1))
    pixels, seconds = test.pixels[0].size, time.perf_counter() - start
    each, unit = bits(found.value + up + ladj, pixels), pixels * math.log(2)
    less = bound[: len(each)] - each
    return {
        "kind": "an estimate, dequantised evenly: the bound of all less its mean distance on the first",
        "bits": float(bound.mean() - less.mean()),
        "stderr": float(math.sqrt(bound.var() / len(bound) + less.var() / len(less))), "images": len(each),
        "of the first": float(each.mean()), "their bound": float(bound[: len(each)].mean()),
        "by chance, an image": float(found.stderr.mean()) / unit, "by its solver": float(found.error.mean()) / unit,
        "seconds": round(seconds, 1),
    }  # fmt: skip


def ended(args: argparse.Namespace, model: Any) -> dict[str, Any]:
    """Few calls beside more, from the same noise."""
    found = tuned(model, FEW, n=args.walked, reference=REFERENCE, seed=args.seed)
    along = {levels: steps(model, (FEW, MANY), samplers={"DDIM": DDIM(), "DPM-Solver++": DPMSolver()}, levels=levels,
                           n=args.walked, reference=REFERENCE, seed=args.seed + 1)
             for levels in (None, Karras())}  # fmt: skip
    told = {
        f"{name}, {calls} calls, {'own levels' if levels is None else 'Karras'}": each.of(name).at(calls)
        for levels, each in along.items() for name, calls in (("DDIM", MANY), ("DPM-Solver++", FEW))
    }  # fmt: skip
    return {"tuned levels": found.levels.levels, f"DPM-Solver++, {FEW} calls, tuned": found.error, **told,
            "rows": args.walked, "reference": REFERENCE, "walks": found.walks}  # fmt: skip


# What is drawn -------------------------------------------------------------------------------------------------------


def drawings(args: argparse.Namespace, model: Any, test: Images, scale: float | None) -> Images:
    """A sample of each test image's class, a diffusion's by guidance."""
    assert test.about is not None
    way = None if scale is None else Descent(steps=args.calls, sampler=DPMSolver(), levels=Karras(), guidance=scale)
    return model.sample_rows(1, {LABEL: test.about.frame[LABEL].tolist()}, descent=way, seed=args.seed)


def sampled(
    args: argparse.Namespace, model: Any, test: Images, sight: Classified, scale: float | None
) -> dict[str, Any]:
    """The samples, judged."""
    start = time.perf_counter()
    rows = drawings(args, model, test, scale)
    seconds = time.perf_counter() - start
    return {**judged(test, Images(rows.pixels), coded(test, LABEL, sight.levels), sight),
            "milliseconds an image": 1000 * seconds / len(test)}  # fmt: skip


def told(
    args: argparse.Namespace, row: str, text: str, train: Images, test: Images, sight: Classified
) -> dict[str, Any]:
    """All of a row."""
    model, some = fitted(args, row, text, train), test.take(np.arange(args.images))
    card = {"family": text, "steps": (model.card.measures.get("final") or {}).get("step"),
            "parameters": sum(weight.numel() for weight in model.model.parameters())}  # fmt: skip
    if row != "diffusion":
        found = {
            "plain": remembered(args.run / f"{row}_samples.json", partial(sampled, args, model, some, sight, None))
        }
    else:
        card["likelihood"] = remembered(args.run / "likelihood.json", partial(likelihood, args, model, test))
        card["steps_to_the_flow"] = remembered(args.run / "steps.json", partial(ended, args, model))
        print(card["likelihood"], card["steps_to_the_flow"], flush=True)
        found = {f"guidance {scale:g}": remembered(args.run / f"{row}_{scale:g}.json",
                                                   partial(sampled, args, model, some, sight, scale))
                 for scale in args.scales}  # fmt: skip
    for name, each in found.items():
        print(f"{row}, {name}: {line(each)}", flush=True)
    return card | {"samples": found}


def main() -> None:
    """Every row, then the file of results."""
    made_of = parser(__doc__, minutes=45.0, batch=64)
    made_of.add_argument("--set", choices=("mnist", "fashion-mnist"), default="mnist")
    made_of.add_argument("--rows", nargs="+", choices=ROWS, default=["diffusion"])
    made_of.add_argument("--init", type=Path, default=None, metavar="RUN", help="a run whose models are gone on with")
    made_of.add_argument("--family", action="append", default=[], metavar="ROW=TEXT", help="another family for a row")
    made_of.add_argument("--of", action="append", default=[], metavar="ROW=MINUTES", help="other minutes for a row")
    made_of.add_argument("--scales", type=float, nargs="+", default=[1.0, 1.5, 2.0, 3.0])
    made_of.add_argument("--calls", type=int, default=20, help="network calls a sample")
    made_of.add_argument("--images", type=int, default=10_000, help="samples, and test images beside them")
    made_of.add_argument("--scored", type=int, default=10_000, help="test images whose bound is told")
    made_of.add_argument("--draws", type=int, default=2, help="of the levels' dequantisation, an image")
    made_of.add_argument("--walked", type=int, default=8, help="samples by which few calls are told from more")
    made_of.add_argument("--flow-images", type=int, default=50, help="of which the flow's estimate is told too")
    made_of.add_argument("--flow-steps", type=int, default=32)
    made_of.add_argument("--probes", type=int, default=2)
    made_of.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    args, busy = begun(made_of)
    train, test = (mnist_like(args.data, args.set, part) for part in ("train", "t10k"))
    sight = learned_sight(train, steps=args.sight_steps, folder=args.run)
    some = test.take(np.arange(args.images))
    others = train.take(np.random.default_rng(1).permutation(len(train))[: args.images])
    floor = judged(some, others, coded(others, LABEL, sight.levels), sight)
    print(f"{sight.name}: {accuracy(sight, test):.2%} of the test images\ntraining images: {line(floor)}", flush=True)
    texts = ROWS | dict(each.split("=", 1) for each in args.family)
    rows = {row: told(args, row, texts[row], train, test, sight) for row in args.rows}
    written(
        {
            "benchmark": "diffusion_pictures", "set": args.set, "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "features": sight.name, "classifier_accuracy": accuracy(sight, test),
            "figures": list(FIGURES), "rows": rows, "training images": floor, "promised": PROMISED,
            "machine": machine(), "others": busy.others(),
        },
        f"diffusion_pictures_{args.set}.json",
    )  # fmt: skip


if __name__ == "__main__":
    main()
