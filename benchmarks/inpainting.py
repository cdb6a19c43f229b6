"""The lower half of a picture, drawn given its upper half: by particles and by each heuristic, from one denoiser.

    python benchmarks/inpainting.py --run runs/inpainting --minutes 60 [--set mnist] [--images 500]
    python benchmarks/inpainting.py --run runs/inpainting --model FOLDER --given-class

A diffusion without condition is trained for so many minutes (or taken from a fitted model's folder, `--model`), and
completes so many test images. Told of each way: how often a classifier, which learned from real training images alone,
names the class that the whole picture truly has (of the whole pictures themselves, and of upper halves over grey lower
ones, it is told beside); the lower half's peak signal-to-noise ratio; seconds an image; and the particles' share. Known
pixels must come back as they were. The way "learned" is a recipe's own, with `holes=patches`: a part of the picture is
shown to the denoiser while it learns. The aim is 90 % of classes by one of the ways. `--given-class` gives each
picture's class to a model that was fitted with one: another question, with figures of its own.

Results: benchmarks/results/inpainting_SET.json, inpainting_SET_given_class.json; of every way in the run's folder,
which is not drawn again.
"""

import argparse
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from _adversarial import mnist_like
from _training import begun, command, engine, parser, remembered, written
from harness import machine

import likely
from likely.apps.sight import accuracy, coded, learned_sight
from likely.data import Images
from likely.fields import made
from likely.metrics.classifier import Classified
from likely.training import Lines

RECIPE = "diffusion,network=unet,network.width=32"
LEARNED = "learned"
WAYS = ("Twisted", "Twisted,particles=4", "PiGDM", "DPS", "Replacing", "RePaint,steps=250")


def fitted_to(args: argparse.Namespace, train: Images) -> Any:
    """The denoiser: a folder's, or trained now."""
    if args.model is not None:
        return likely.load(args.model)
    place, plain = args.run / "model", Images(train.pixels, train.levels)
    settings = {"engine": engine(args), "listeners": [Lines(sys.stderr)]}
    if place.exists():
        return likely.resume(place, plain, **settings)
    return likely.fit(plain, made("Family", args.recipe), budget=args.steps or f"{args.minutes}m", batch=args.batch,
                      seed=args.seed, folder=place, certify=False, **settings)  # fmt: skip


def run(
    fitted: Any, way: str, test: Images, shown: Images, hole: np.ndarray, sight: Classified, seed: int
) -> dict[str, Any]:
    """One way, on all test images, of which the model is shown this."""
    start = time.perf_counter()
    completion = fitted.complete(
        shown, hole=hole, by=None if way == LEARNED else made("Reconstruction", way), seed=seed
    )
    seconds = time.perf_counter() - start
    pixels = completion.rows if isinstance(completion.rows, np.ndarray) else completion.rows.pixels
    pixels = pixels.reshape(test.pixels.shape)
    assert np.array_equal(pixels[:, ~hole], test.pixels[:, ~hole]), "known pixels were changed"
    right = sight.classes(Images(pixels, test.levels)) == coded(test, sight.label, sight.levels)
    return {
        "way": way, "kind": completion.way, "share": completion.share, "class": float(right.mean()),
        "class_se": float(right.std() / math.sqrt(len(right))), "psnr": psnr(pixels, test, hole),
        "seconds_an_image": seconds / len(test),
    }  # fmt: skip


def psnr(pixels: np.ndarray, test: Images, hole: np.ndarray) -> float:
    """Of what was unknown, in dB: a draw is not a mean, so the highest is not the best."""
    wrong = ((pixels[:, hole].astype(float) - test.pixels[:, hole]) ** 2).mean()
    return float(20 * math.log10(test.levels - 1) - 10 * math.log10(wrong))


def main() -> None:
    """Every way, then the file of results."""
    parsed = parser(__doc__, minutes=60.0, batch=128)
    parsed.add_argument("--set", choices=("fashion-mnist", "mnist"), default="fashion-mnist")
    parsed.add_argument("--model", type=Path, default=None, help="a fitted model's folder: nothing is trained")
    parsed.add_argument("--given-class", action="store_true", help="each picture's class is given to the model")
    parsed.add_argument("--recipe", default=RECIPE, help="the family and its fields, as on likely's command line")
    parsed.add_argument("--images", type=int, default=500, help="test images completed")
    parsed.add_argument("--ways", nargs="+", default=list(WAYS))
    parsed.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    args, busy = begun(parsed)
    train, test = (mnist_like(args.data, args.set, part) for part in ("train", "t10k"))
    sight = learned_sight(train, steps=args.sight_steps, folder=args.run)
    test = test.take(np.arange(args.images))
    fitted, hole = fitted_to(args, train), np.zeros(test.pixels.shape[1:3], dtype=bool)
    hole[hole.shape[0] // 2 :] = True
    done, shown = [], test if args.given_class else Images(test.pixels, test.levels)
    for way in args.ways:
        kept = args.run / f"{way.replace(',', '_')}_{args.images}.json"
        done.append(remembered(kept, lambda way=way: run(fitted, way, test, shown, hole, sight, args.seed)))
        told = {name: value for name, value in done[-1].items() if isinstance(value, float)}
        print(way, ", ".join(f"{name} {value:.4g}" for name, value in told.items()), flush=True)
    grey = test.pixels.copy()
    grey[:, hole] = test.levels // 2
    halves = sight.classes(Images(grey, test.levels)) == coded(test, sight.label, sight.levels)
    written(
        {
            "benchmark": "inpainting", "set": args.set, "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "model": repr(fitted), "images": args.images, "ways": done,
            "classifier": sight.name, "whole": accuracy(sight, test), "half": float(halves.mean()),
            "machine": machine(), "others": busy.others(),
        },
        f"inpainting_{args.set}{'_given_class' * args.given_class}.json",
    )  # fmt: skip


if __name__ == "__main__":
    main()
