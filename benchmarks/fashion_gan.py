"""Fashion-MNIST, given its class: a residual GAN beside DCGAN and WGAN-GP, as many minutes each.

    python benchmarks/fashion_gan.py --minutes 30 --run runs/fashion_gan [--rows residual dcgan wgan-gp] [--seeds 0 1]

Precision, recall, density, coverage, KID and the Fréchet distance of 10,000 samples beside the 10,000 test images, in
the features of a classifier that learned from real training images alone (its name and its accuracy on the test images
are told), never called FID. Samples are given the test images' own classes, so that the classes are as frequent. How
often the classifier names the class that was asked for is told, too. 10,000 training images, judged in the same way,
say what a perfect sampler gets. All rows are given the class: the residual one by projection and class-conditional
normalisation, the others as an input beside the noise and beside the image's summary.

Stopped at any moment, the same command goes on: what is trained is not trained again. Results:
benchmarks/results/fashion_gan.json, of every row and seed in the run's folder.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from _adversarial import arguments, done_before, drawn, families, mnist_like, played
from _training import begun, command, parser, remembered, spread, written
from harness import machine

from likely.apps.sight import accuracy, coded, learned_sight
from likely.data import Images
from likely.metrics import coverage, frechet_distance, kernel_distance
from likely.metrics.classifier import Classified

HELD = 2_000  # training images, for validation
ROWS = {
    "residual": "gan,latent=64,codes=0,generator=residual,generator.width=32,critic=residual,critic.width=32,"
    "told=projected,game=hinge,rate=0.0002,critic_rate=0.0004,memory=0.9",
    "dcgan": "gan,latent=100,codes=0,game=non-saturating,generator=dcgan,critic=dcgan,rate=0.0002,critic_rate=0.0002,"
    "momentum=0.5,memory=0.999,anneal=false",
    "wgan-gp": "gan,latent=100,codes=0,game=wasserstein,turns=5,generator=dcgan,critic=dcgan,critic.normalised=false,"
    "rate=0.0001,critic_rate=0.0001,memory=0.9,anneal=false",
}
FIGURES = ("precision", "recall", "density", "coverage", "KID", "Fréchet distance", "asked class")


def measured(real: Images, synthetic: Images, sight: Classified) -> dict[str, Any]:
    """Every measure with its interval."""
    distances = (kernel_distance(real, synthetic, sight=sight), frechet_distance(real, synthetic, sight=sight))
    found = [*coverage(real, synthetic, sight=sight).values(), *(each for each in distances if each is not None)]
    return {each.name: each.value for each in found} | {
        "intervals": {each.name: [each.low, each.high] for each in found},
        "ideals": {each.name: each.ideal for each in found},
        "rows": found[0].rows,
    }


def judged(real: Images, synthetic: Images, asked: np.ndarray, sight: Classified) -> dict[str, Any]:
    """The measures, and how often the class that was asked for is named."""
    return {**measured(real, synthetic, sight), "asked class": float((sight.classes(synthetic) == asked).mean())}


def run(
    args: argparse.Namespace, name: str, seed: int, text: str, train: Images, test: Images, sight: Classified
) -> dict[str, Any]:
    """One row and seed: trained, drawn from, judged."""
    order = np.random.default_rng(0).permutation(len(train))
    one = played(args, name, seed, text, train.take(order[HELD:]), train.take(order[:HELD]), sight.label)
    pictures, seconds = drawn(one, len(test), test, seed=seed)
    asked = coded(test, sight.label, sight.levels)
    return {**one.told, **judged(test, pictures, asked, sight), "sampling_s": round(seconds, 1)}


def main() -> None:
    """Every row and seed, then the file of results."""
    made = parser(__doc__, minutes=30.0, batch=64)
    made.add_argument("--images", type=int, default=10_000, help="test images (fewer only for a rehearsal)")
    made.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    arguments(made, ROWS, tuple(ROWS))
    args, busy = begun(made)
    train, test = (mnist_like(args.data, "fashion-mnist", part) for part in ("train", "t10k"))
    sight, test = learned_sight(train, steps=args.sight_steps, folder=args.run), test.take(np.arange(args.images))
    others = train.take(np.random.default_rng(1).permutation(len(train))[: args.images])
    right, floor = accuracy(sight, test), judged(test, others, coded(others, sight.label, sight.levels), sight)
    print(f"{sight.name}: {right:.2%} of the test images\ntraining images: {line(floor)}", flush=True)
    for name, text in families(args, ROWS).items():
        for seed in args.seeds:
            told = remembered(
                args.run / f"{name}_{seed}.json",
                lambda name=name, seed=seed, text=text: run(args, name, seed, text, train, test, sight),
            )
            print(f"{name}, seed {seed}: {line(told)}", flush=True)
    done = done_before(args, ROWS)
    written(
        {
            "benchmark": "fashion_gan", "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "features": sight.name, "classifier_accuracy": right,
            "rows": {name: summary([each for each in done if each["row"] == name]) for name in ROWS},
            "training images": floor, "machine": machine(), "others": busy.others(),
        },
        "fashion_gan.json",
    )  # fmt: skip


def line(told: dict[str, Any]) -> str:
    """The figures on one line."""
    return ", ".join(f"{figure} {told[figure]:.4g}" for figure in FIGURES)


def summary(done: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A row of the table: mean and spread over its seeds, and each."""
    if not done:
        return None
    return {**{figure: spread([each[figure] for each in done]) for figure in FIGURES}, "seeds": done}


if __name__ == "__main__":
    main()
