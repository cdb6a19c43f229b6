"""MADE on dynamically binarised MNIST: exact nats of all 10,000 test images.

    python benchmarks/mnist_made.py --minutes 60 --run runs/mnist_made [--data FOLDER]

Every batch of the 60,000 training images is binarised anew, a pixel by its intensity as probability; the test images
once, by one fixed seed. Of the training images the last `--held` are not learned from: the averaged weights, or the
best seen, are chosen by them. Training is given so many minutes of wall-clock, all planning included. The figure is the
mean over the test images of -log p, exact, in nats; `--ensemble` averages the densities of several orders.

Stopped at any moment, the same command goes on from the last saved state. On a busy machine `--steps` trains as many
steps as the quiet one does in so many minutes. Promised after 60 minutes on two cores: 85.5 nats.
Results: benchmarks/results/mnist_made_MINUTES.json.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, mnist, parser, trained, written
from harness import Busy
from torch import Tensor

from likely.codecs.lift import Lift
from likely.contracts import Density
from likely.families.made import MADE
from likely.rng import Keyed
from likely.spaces import Image
from likely.training import Engine, Examples, Precision

SPACE = Image(1, 28, 28, 2)
PROMISED = {60: 85.5}  # nats, by minutes of training
BINARISED = 1  # a fork of the seed
BLOCK = 500  # images scored at a time


def nats(model: Density, args: argparse.Namespace) -> Tensor:
    """-log p of every test image (N,), each binarised once."""
    test = Keyed(args.seed).fork(BINARISED).bernoulli(mnist(args.data, "t10k") / 255)[: args.images]
    with torch.no_grad():
        return -torch.cat([model.log_prob(block).double() for block in test.split(BLOCK)])


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=60.0, batch=128)
    made.add_argument("--width", type=int, default=1536, help="units of each hidden layer")
    made.add_argument("--depth", type=int, default=2, help="hidden layers")
    made.add_argument("--ensemble", type=int, default=1, help="orders that are learned, and averaged")
    made.add_argument("--rate", type=float, default=2e-3)
    made.add_argument("--decay", type=float, default=0.0)
    made.add_argument("--held", type=int, default=2_000, help="training images that choose among weights")
    made.set_defaults(precision="fp32")
    made.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    made.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    return begun(made)


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments()
    torch.set_flush_denormal(True)  # pixels that are never on have gradients that shrink without end
    family = MADE(
        width=args.width, depth=args.depth, any_order=False, ensemble=args.ensemble, rate=args.rate, decay=args.decay
    )
    model = family.build(SPACE)
    train = mnist(args.data, "train") / 255
    learned, held = train[: len(train) - args.held], train[len(train) - args.held :]
    engine = Engine(
        compile=args.compile, probe=False, threads=args.threads or None, precision=Precision(args.precision)
    )
    spent = trained(
        model,
        Examples(learned),
        args,
        validation=Examples(held) if args.held else None,
        engine=engine,
        lift=Lift.redrawn(SPACE),
    )
    found = nats(model.eval(), args)
    told = {
        **head("mnist_made", args, busy, family, model, spent),
        "images": len(found),
        "nats": found.mean().item(),
        "stderr": (found.std() / len(found) ** 0.5).item(),
        "promised": PROMISED.get(round(args.minutes)),
    }
    written(told, f"mnist_made_{args.minutes:g}.json")


if __name__ == "__main__":
    main()
