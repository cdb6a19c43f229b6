"""Exact nats of pixel models on dynamically binarised MNIST: all 10,000 test images.

    python benchmarks/mnist_pixels.py --family pixelcnn --minutes 60 --run runs/pixelcnn_60 [--data FOLDER]

Every batch of the 60,000 training images is binarised anew, a pixel by its intensity as probability; the test images
once, by a fixed seed. The figure is the mean over the test images of -log p(x) in nats, exact. Training is given so
many minutes of wall-clock, all planning included; the evaluation comes after it and its time is told apart. No test
image is looked at before: what is kept are the weights after the last step.

Stopped at any moment, the same command goes on from its last saved state. `--steps` trains so many steps whatever they
take. Results: benchmarks/results/mnist_FAMILY_MINUTES.json.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import RESULTS, begun, head, mnist, parser, trained, written
from harness import Busy
from torch import Tensor

from likely.codecs.lift import Lift
from likely.fields import made as family_of
from likely.rng import Keyed
from likely.spaces import Image
from likely.training import Engine, Examples

SPACE = Image(1, 28, 28, 2)
PROMISED = {"pixelcnn": 83.0, "pixelrnn": 81.5}  # nats in 60 minutes: the second where there is a GPU
RECIPES = {
    "pixelcnn": "pixelcnn,patch=2,width=64,blocks=6,hidden=128,rate=2e-3",
    "pixelrnn": "pixelrnn,patch=2,width=64,layers=3,hidden=128,rate=2e-3",
}
BLOCK = 500  # test images scored at a time
BINARISED = 1  # fork of the seed


def scores(score: Callable[[Tensor], Tensor], args: argparse.Namespace) -> Tensor:
    """log p of every test image (N,)."""
    test = Keyed(args.seed).fork(BINARISED).bernoulli(mnist(args.data, "t10k") / 255)[: args.images]
    with torch.no_grad():
        return torch.cat([score(block.to(args.device or "cpu")).double().cpu() for block in test.split(BLOCK)])


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=60.0, batch=64)
    made.add_argument("--family", choices=RECIPES, default="pixelcnn")
    made.add_argument("--recipe", default="", help="the family with other fields, as on likely's command line")
    made.add_argument(
        "--device", default=None, help="cuda where there is one; none: likely's choice, and scores on the CPU"
    )
    made.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    made.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    return begun(made)


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments()
    torch.set_flush_denormal(True)  # pixels that are never on have gradients that shrink without end
    family = family_of("Family", args.recipe or RECIPES[args.family])
    model = family.build(SPACE)
    engine = Engine(
        device=args.device, compile=args.compile, channels_last=True, probe=False, threads=args.threads or None
    )
    spent = trained(model, Examples(mnist(args.data, "train") / 255), args, engine=engine, lift=Lift.redrawn(SPACE))
    model.to(args.device or "cpu").eval()
    start = time.perf_counter()
    nats = -scores(model.log_prob, args)
    told = {
        **head("mnist_pixels", args, busy, family, model, spent),
        "scored_minutes": (time.perf_counter() - start) / 60,
        "images": len(nats),
        "nats": nats.mean().item(),
        "stderr": (nats.std() / len(nats) ** 0.5).item(),
        "promised": PROMISED[args.family],
    }
    file = f"mnist_{args.family}_{args.minutes:g}.json"
    written(told, file, RESULTS if len(nats) == 10_000 else args.run)  # a rehearsal leaves no figure


if __name__ == "__main__":
    main()
