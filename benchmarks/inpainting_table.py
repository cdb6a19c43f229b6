"""Holes in pictures, filled by families of every kind: two sets, two holes, one table.

    python benchmarks/inpainting_table.py --run runs/holes --minutes 10 [--sets fashion-mnist frey] [--images 100]
        [--draws 8] [--families pixelcnn vae flow diffusion gan] [--steps 100]

Each family learns each set's pictures, without a condition, for so many minutes (or steps); then the lower half of so
many test pictures is unknown, or every second pixel at random, and each is completed several times. Told of each:

    psnr        of the mean of the draws over what was unknown, in dB; that of one draw is told beside
    diversity   standard deviation over a picture's draws, the mean over unknown pixels, in shares of white
    class       share of draws that a classifier, which learned real training pictures, gives the class that the whole
                picture has by its label; of the whole pictures themselves it is told beside (none of frey faces)
    seconds     of one draw of one picture, the draws of all pictures going together
    way, share  what `complete` says

Known pixels must come back as they were. Stopped at any moment the same command goes on: every cell of the table, and
every training, is a file of the run's folder. Results: benchmarks/results/inpainting_table.json.
"""

import argparse
import sys
import time
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from _adversarial import mnist_like
from _training import begun, command, parser, remembered, written
from harness import machine
from inpainting import fitted_to

from likely.apps.sight import accuracy, coded, learned_sight
from likely.data import Images
from likely.metrics.classifier import Classified

FAMILIES = {  # what is asked, and how many particles: few, where a picture's are dear
    "pixelcnn": ("pixelcnn,law=discretisedlogistic,width=32,blocks=4", 8),
    "vae": ("vae,latent=24", 128),
    "flow": ("realnvp,width=64,layers=4", 8),
    "diffusion": ("diffusion,network=unet,network.width=32", 4),
    "gan": ("gan,generator=dcgan,critic=dcgan", 32),
}
HELD = 0.1  # of the frey faces, which come without a split: the last ones of the film


def pictures(args: argparse.Namespace, name: str) -> tuple[Images, Images]:
    """Train and test pictures."""
    if name != "frey":
        train, test = (mnist_like(args.data, name, part) for part in ("train", "t10k"))
        return train, test.take(np.arange(args.images))
    faces = np.load(args.data / "images" / "frey_faces.npz")["images"][..., None]
    count = int(len(faces) * (1 - HELD))
    some = count + np.linspace(0, len(faces) - count - 1, min(args.images, len(faces) - count)).astype(int)
    return Images(faces[:count], 256), Images(faces[some], 256)


def holes(test: Images, seed: int) -> dict[str, Any]:
    """What is unknown: bool (N, H, W)."""
    half = np.zeros(test.pixels.shape[:3], dtype=bool)
    half[:, half.shape[1] // 2 :] = True
    return {"half": half, "random": np.random.default_rng(seed).random(half.shape) < 0.5}


def told(args: argparse.Namespace, fitted: Any, particles: int, test: Images, hole: Any,
         sight: Classified | None) -> dict[str, Any]:  # fmt: skip
    """One family, one set, one hole."""
    plain, start, drawn = Images(test.pixels, test.levels), time.perf_counter(), []
    for draw in range(args.draws):
        done = fitted.complete(plain, hole=hole, particles=particles, seed=args.seed + draw)
        drawn.append(done.rows if isinstance(done.rows, np.ndarray) else done.rows.pixels)
    seconds = (time.perf_counter() - start) / args.draws / len(test)
    made = np.stack(drawn).reshape(args.draws, *test.pixels.shape).astype(float)
    assert all(np.array_equal(each[~hole], test.pixels[~hole]) for each in made), "known pixels were changed"
    right = None
    if sight is not None:
        seen = np.stack([sight.classes(Images(each.astype(np.uint8), test.levels)) for each in made])
        right = float((seen == coded(test, sight.label, sight.levels)).mean())
    spread = made.std(0, ddof=1)[hole].mean() if args.draws > 1 else 0.0
    return {
        "psnr_of_mean": psnr(made.mean(0), test, hole), "psnr_of_one": psnr(made[0], test, hole),
        "diversity": float(spread / (test.levels - 1)), "class": right, "way": done.way, "share": done.share,
        "seconds": seconds, "particles": particles, "draws": args.draws, "images": len(test),
    }  # fmt: skip


def psnr(pixels: Any, test: Images, hole: Any) -> float:
    """Of what was unknown, in dB."""
    wrong = np.square(pixels[hole] - test.pixels[hole].astype(float)).mean()
    return float(20 * np.log10(test.levels - 1) - 10 * np.log10(wrong))


def of_family(args: argparse.Namespace, name: str, set_name: str, told_by: Classified | None) -> list[dict[str, Any]]:
    """Every hole, by one family's model of one set."""
    (recipe, particles), own = FAMILIES[name], copy(args)
    own.run, own.model, own.recipe = args.run / f"{set_name}_{name}", None, recipe
    (train, test), lines = pictures(args, set_name), []
    for hole, unknown in holes(test, args.seed).items():
        kept = own.run / f"{hole}_{args.images}_{args.draws}.json"
        make = lambda unknown=unknown: told(args, fitted_to(own, train), particles, test, unknown, told_by)  # noqa: E731
        line = {"set": set_name, "family": name, "hole": hole} | remembered(kept, make)
        lines.append(line)
        print(*(f"{key} {value:.4g}" if isinstance(value, float) else value for key, value in line.items()), flush=True)
    return lines


def main() -> None:
    """Every set and family, then the file of results."""
    parsed = parser(__doc__, minutes=10.0, batch=128)
    parsed.add_argument(
        "--sets", nargs="+", choices=("fashion-mnist", "mnist", "frey"), default=["fashion-mnist", "frey"]
    )
    parsed.add_argument("--families", nargs="+", choices=tuple(FAMILIES), default=list(FAMILIES))
    parsed.add_argument("--images", type=int, default=100, help="test pictures completed, of each set")
    parsed.add_argument("--draws", type=int, default=8, help="completions of each")
    parsed.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    args, busy = begun(parsed)
    lines, whole = [], {}
    for name in args.sets:
        train, test = pictures(args, name)
        folder = args.run / name
        folder.mkdir(exist_ok=True)
        sight = None if name == "frey" else learned_sight(train, steps=args.sight_steps, folder=folder)
        whole[name] = None if sight is None else accuracy(sight, test)
        for family in args.families:
            lines += of_family(args, family, name, sight)
    written(
        {
            "benchmark": "inpainting_table", "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "recipes": FAMILIES, "cells": lines, "whole": whole,
            "budget": f"{args.steps} steps" if args.steps else f"{args.minutes:g} minutes",
            "machine": machine(), "others": busy.others(),
        },
        "inpainting_table.json",
    )  # fmt: skip


if __name__ == "__main__":
    main()
