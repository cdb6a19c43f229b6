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
import gzip
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Busy, machine
from safetensors.torch import load_file, save_file
from torch import Tensor

from likely.codecs.lift import Lift
from likely.contracts import Density, Model
from likely.families.made import MADE
from likely.rng import Keyed
from likely.spaces import Image
from likely.training import Budget, Engine, Examples, JsonLines, Lines, Precision, follow, learn

SPACE = Image(1, 28, 28, 2)
PROMISED = {60: 85.5}  # nats, by minutes of training
BINARISED = 1  # a fork of the seed
BLOCK = 500  # images scored at a time


def images(data: Path, part: str) -> Tensor:
    """(N, 1, 28, 28) intensities in [0, 1]."""
    with gzip.open(data / "images" / "mnist" / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    return pixels.view(-1, 1, 28, 28).float() / 255


def trained(model: Model, args: argparse.Namespace) -> dict[str, float]:
    """The model with its trained weights, from the run's folder where it is finished; what the training took."""
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        start, train = time.perf_counter(), images(args.data, "train")
        learned, held = train[: len(train) - args.held], train[len(train) - args.held :]
        finished = follow(
            learn(
                model,
                Examples(learned),
                validation=Examples(held) if args.held else None,
                budget=Budget(steps=args.steps) if args.steps else Budget(seconds=60 * args.minutes),
                seed=args.seed,
                folder=args.run / "training",
                engine=Engine(
                    compile=args.compile, probe=False, threads=args.threads or None, precision=Precision(args.precision)
                ),
                lift=Lift.redrawn(SPACE),
                batch=args.batch,
                resume=(args.run / "training").exists(),
            ),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        seconds = max(finished.seconds, time.perf_counter() - start)
        save_file(finished.kept.weights, weights)
        told.write_text(json.dumps({"minutes": seconds / 60, "steps": finished.step}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


def nats(model: Density, args: argparse.Namespace) -> Tensor:
    """-log p of every test image (N,), each binarised once."""
    test = Keyed(args.seed).fork(BINARISED).bernoulli(images(args.data, "t10k"))[: args.images]
    with torch.no_grad():
        return -torch.cat([model.log_prob(block).double() for block in test.split(BLOCK)])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--width", type=int, default=1536, help="units of each hidden layer")
    parser.add_argument("--depth", type=int, default=2, help="hidden layers")
    parser.add_argument("--ensemble", type=int, default=1, help="orders that are learned, and averaged")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--held", type=int, default=2_000, help="training images that choose among weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", default="fp32", help="fp32, bf16 or auto")
    parser.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    return parser.parse_args()


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # pixels that are never on have gradients that shrink without end
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    family = MADE(
        width=args.width, depth=args.depth, any_order=False, ensemble=args.ensemble, rate=args.rate, decay=args.decay
    )
    model = family.build(SPACE)
    took = trained(model, args)
    found = nats(model.eval(), args)
    told = {
        "benchmark": "mnist_made",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "asked_steps": args.steps,
        "trained_minutes": took["minutes"],
        "steps": took["steps"],
        "images": len(found),
        "nats": found.mean().item(),
        "stderr": (found.std() / len(found) ** 0.5).item(),
        "promised": PROMISED.get(round(args.minutes)),
    }
    results = Path(__file__).parent / "results" / f"mnist_made_{args.minutes:g}.json"
    results.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
