"""How many of the 1,000 kinds of stacked digits does a GAN make, and how evenly? 26,000 samples.

    python benchmarks/stacked_mnist.py --minutes 55 --run runs/stacked_mnist [--rows default dcgan] [--seeds 0]

Three random MNIST digits are the colour channels of a picture of 28 x 28; 128,000 such pictures to learn from, as
PacGAN has them. A classifier of digits that learned from real ones alone (its accuracy on the 10,000 test digits is
told) names the digits of each channel of a sample. Modes are the kinds that it names at least once, the KL is that of
their shares from the even law in nats; 26,000 real stacks of test digits are judged beside. Two rows: the library's
default game (relativistic, R1 and R2) on convolutions, and a plain DCGAN (non-saturating, batch norm in both players,
no penalty), with what the doctor finds; a third, asked for by name, is the first with pairs judged as one. Digits for
validation are no training digits, and no test digits.

Stopped at any moment, the same command goes on: what is trained is not trained again. Results:
benchmarks/results/stacked_mnist.json, of every row and seed in the run's folder.
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

from likely.apps.sight import accuracy, learned_sight
from likely.data import Images, stacked
from likely.metrics.classifier import Classified
from likely.metrics.modes import expected_reverse_kl, reverse_kl

LEARNED, HELD_DIGITS, HELD, DRAWN, MODES = 128_000, 5_000, 2_000, 26_000, 1_000
TOLD_APART = 0.99  # of the test digits, by a classifier that is worth asking
DEFAULT = (
    "gan,latent=64,codes=0,generator=dcgan,generator.width=32,critic=dcgan,critic.width=48,critic.normalised=false,"
    "game.penalty.real=0.1,game.penalty.fake=0.1,game.penalty.last=0.1,lazily=4,rate=0.0005,critic_rate=0.0005"
)
ROWS = {
    "default": DEFAULT,
    "packed": DEFAULT + ",packing=2",
    "dcgan": "gan,latent=100,codes=0,game=non-saturating,generator=dcgan,critic=dcgan,rate=0.0002,critic_rate=0.0002,"
    "momentum=0.5,memory=0.999,anneal=false",
}
USUAL = ("default", "dcgan")
PROMISED = {"modes": 995, "kl": 0.1}
PUBLISHED = {  # modes and KL; mean and standard error of ten trials where there are two numbers
    "DCGAN, in VEEGAN's paper": ((99.0,), (3.40,)),
    "VEEGAN": ((150.0,), (2.95,)),
    "DCGAN, PacGAN's own": ((78.9, 6.46), (4.50, 0.127)),
    "PacDCGAN2": ((1000.0, 0.0), (0.06, 0.003)),
    "source": "Lin et al. (2018), table 2: their repository fjxmlzn/PacGAN",
}


def kinds(sight: Classified, pictures: Images) -> np.ndarray:
    """The kind 0 .. 999 of each picture: its three digits as they are named."""
    digits = [sight.classes(Images(np.ascontiguousarray(pictures.pixels[..., [at]]))) for at in range(3)]
    return digits[0] * 100 + digits[1] * 10 + digits[2]


def judged(sight: Classified, pictures: Images) -> dict[str, Any]:
    """The two figures, and how even each channel's digits are."""
    counts = np.bincount(kinds(sight, pictures), minlength=MODES)
    channels = [counts.reshape(10, 10, 10).sum(tuple({0, 1, 2} - {at})) for at in range(3)]
    return {
        "modes": int((counts > 0).sum()), "kl": reverse_kl(counts), "commonest": int(counts.max()),
        "rarest": int(counts.min()), "kl of each channel": [reverse_kl(each) for each in channels],
    }  # fmt: skip


def run(args: argparse.Namespace, name: str, seed: int, text: str, digits: Images, sight: Classified) -> dict[str, Any]:
    """One row and seed: trained, drawn from, judged."""
    order = np.random.default_rng(0).permutation(len(digits))
    learned, held = order[HELD_DIGITS:], order[:HELD_DIGITS]
    rows = [stacked(digits.take(part), n, seed) for part, n in ((learned, args.pictures), (held, HELD))]
    one = played(args, name, seed, text, *rows)
    pictures, seconds = drawn(one, args.drawn, seed=seed)
    return {**one.told, **judged(sight, pictures), "samples": args.drawn, "sampling_s": round(seconds, 1)}


def main() -> None:
    """Every row and seed, then the file of results."""
    made = parser(__doc__, minutes=55.0, batch=64)
    made.add_argument("--pictures", type=int, default=LEARNED, help="to learn from (fewer only for a rehearsal)")
    made.add_argument("--drawn", type=int, default=DRAWN, help="samples (fewer only for a rehearsal)")
    made.add_argument("--sight-steps", type=int, default=None, help="of the classifier (fewer only for a rehearsal)")
    arguments(made, ROWS, USUAL)
    args, busy = begun(made)
    digits, test = (mnist_like(args.data, "mnist", part) for part in ("train", "t10k"))
    sight = learned_sight(digits, steps=args.sight_steps, folder=args.run)
    right, real = accuracy(sight, test), judged(sight, stacked(test, args.drawn))
    print(f"{sight.name}: {right:.2%} of the test digits; real stacks: {real['modes']} modes, KL {real['kl']:.4f}")
    for name, text in families(args, ROWS).items():
        for seed in args.seeds:
            told = remembered(
                args.run / f"{name}_{seed}.json",
                lambda name=name, seed=seed, text=text: run(args, name, seed, text, digits, sight),
            )
            print(f"{name}, seed {seed}: {told['modes']} modes, KL {told['kl']:.4f}", flush=True)
    done = done_before(args, ROWS)
    written(
        {
            "benchmark": "stacked_mnist", "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command(), "classifier": sight.name, "classifier_accuracy": right,
            "classifier_good_enough": right >= TOLD_APART, "promised": PROMISED, "published": PUBLISHED,
            "rows": {name: summary([each for each in done if each["row"] == name]) for name in ROWS},
            "real test digits": real, "kl_expected_of_real": expected_reverse_kl(MODES, args.drawn),
            "machine": machine(), "others": busy.others(),
        },
        "stacked_mnist.json",
    )  # fmt: skip


def summary(done: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A row of the table: mean and spread over its seeds, and each."""
    if not done:
        return None
    return {**{figure: spread([each[figure] for each in done]) for figure in ("modes", "kl")}, "seeds": done}


if __name__ == "__main__":
    main()
