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
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Busy, machine
from safetensors.torch import load_file, save_file
from torch import Tensor

from likely.codecs.lift import Lift
from likely.fields import made
from likely.raster import Raster
from likely.rng import Keyed
from likely.spaces import Image
from likely.training import Budget, Engine, Examples, JsonLines, Lines, follow, learn

SPACE = Image(1, 28, 28, 2)
PROMISED = {"pixelcnn": 83.0, "pixelrnn": 81.5}  # nats in 60 minutes: the second where there is a GPU
RECIPES = {
    "pixelcnn": "pixelcnn,patch=2,width=64,blocks=6,hidden=128,rate=2e-3",
    "pixelrnn": "pixelrnn,patch=2,width=64,layers=3,hidden=128,rate=2e-3",
}
BLOCK = 500  # test images scored at a time
BINARISED = 1  # fork of the seed


def images(data: Path, part: str) -> Tensor:
    """(N, 1, 28, 28) intensities in [0, 1]."""
    with gzip.open(data / "images" / "mnist" / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    return pixels.view(-1, 1, 28, 28).float() / 255


def trained(model: Raster, args: argparse.Namespace) -> dict[str, float]:
    """The model with its trained weights, from the run's folder where it is finished; what the training took."""
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        start = time.perf_counter()
        finished = follow(
            learn(
                model,
                Examples(images(args.data, "train")),
                budget=Budget(steps=args.steps) if args.steps else Budget(seconds=60 * args.minutes),
                seed=args.seed,
                folder=args.run / "training",
                engine=Engine(
                    device=args.device,
                    compile=args.compile,
                    channels_last=True,
                    probe=False,
                    threads=args.threads or None,
                ),
                lift=Lift.redrawn(SPACE),
                batch=args.batch,
                resume=(args.run / "training").exists(),
            ),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        seconds = max(finished.seconds, time.perf_counter() - start)
        save_file({name: tensor.contiguous() for name, tensor in finished.kept.weights.items()}, weights)
        told.write_text(json.dumps({"minutes": seconds / 60, "steps": finished.step}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


def scores(score: Callable[[Tensor], Tensor], args: argparse.Namespace) -> Tensor:
    """log p of every test image (N,)."""
    test = Keyed(args.seed).fork(BINARISED).bernoulli(images(args.data, "t10k"))[: args.images]
    with torch.no_grad():
        return torch.cat([score(block.to(args.device or "cpu")).double().cpu() for block in test.split(BLOCK)])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--family", choices=RECIPES, default="pixelcnn")
    parser.add_argument("--recipe", default="", help="the family with other fields, as on likely's command line")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--device", default=None, help="cuda where there is one; none: likely's choice, and scores on the CPU"
    )
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
    family = made("Family", args.recipe or RECIPES[args.family])
    model = family.build(SPACE)
    took = trained(model, args)
    model.to(args.device or "cpu").eval()
    start = time.perf_counter()
    nats = -scores(model.log_prob, args)
    told = {
        "benchmark": "mnist_pixels",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "asked_steps": args.steps,
        "trained_minutes": took["minutes"],
        "steps": took["steps"],
        "batch": args.batch,
        "scored_minutes": (time.perf_counter() - start) / 60,
        "images": len(nats),
        "nats": nats.mean().item(),
        "stderr": (nats.std() / len(nats) ** 0.5).item(),
        "promised": PROMISED[args.family],
    }
    results = Path(__file__).parent / "results" / f"mnist_{args.family}_{args.minutes:g}.json"
    if len(nats) == 10_000:  # a rehearsal leaves no figure
        results.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
