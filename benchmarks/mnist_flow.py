"""Bits per dimension of a flow on MNIST, grey levels 0 .. 255, the 784 pixels as they are: all 10,000 test images.

    python benchmarks/mnist_flow.py --minutes 60 --run runs/mnist_flow_60 [--family NAME,field=value] [--data FOLDER]

Every batch is dequantised anew by uniform noise, so that the figure is an upper bound on the bits (kind: a bound). Two
numbers are told for the test images: with one draw of the noise, as papers do, and with several, importance-weighted,
which is a tighter bound on the same model. Of the 60,000 training images a few are held out to choose between the last
weights and their average. Training is given so many minutes of wall-clock, all planning included.

Published on these 784 pixels, after days: RealNVP 1.06, Glow 1.05 (Grathwohl et al., 2019, arXiv:1810.01367).

Stopped at any moment, the same command goes on from the last saved state. Results: benchmarks/results/mnist_flow.json.
"""

import argparse
import gzip
import json
import math
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

from likely.codecs import Lift
from likely.contracts import Density, Family, Trained
from likely.fields import made, to_json
from likely.rng import Keyed
from likely.scoring import score_cells
from likely.spaces import Image
from likely.training import Budget, Engine, Examples, JsonLines, Lines, follow, learn

SPACE = Image(1, 28, 28, 256)
FAMILY = "realnvp,width=128,depth=2,rate=0.002"
PROMISED = 1.30  # bits per dimension after 60 minutes
BITS = 784 * math.log(2)
HELD_OUT = 1_000


def images(data: Path, part: str) -> Tensor:
    """(N, 1, 28, 28) levels 0 .. 255."""
    with gzip.open(data / "images" / "mnist" / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    return pixels.view(-1, 1, 28, 28).float()


def trained(model: Trained, lift: Lift, args: argparse.Namespace) -> dict[str, float]:
    """The model with its trained weights, from the run's folder where it is finished; what the training took."""
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        start, rows = time.perf_counter(), images(args.data, "train")
        finished = follow(
            learn(
                model,
                Examples(rows[:-HELD_OUT]),
                validation=Examples(rows[-HELD_OUT:]),
                budget=Budget(seconds=60 * args.minutes),
                seed=args.seed,
                folder=args.run / "training",
                engine=Engine(
                    compile=args.compile, probe=False, threads=args.threads or None, channels_last=args.channels_last
                ),
                lift=lift,
                batch=args.batch,
                resume=(args.run / "training").exists(),
            ),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        seconds = max(finished.seconds, time.perf_counter() - start)
        save_file(finished.kept.weights, weights)
        told.write_text(json.dumps({"minutes": seconds / 60, "steps": finished.step, "batch": args.batch}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


def bits(model: Density, lift: Lift, test: Tensor, draws: int) -> tuple[float, float]:
    """Bits per dimension of the test images by so many draws of the noise, and the mean's standard error."""
    if draws > 1:
        nats, _ = score_cells(model, lift, test, None, draws=draws, seed=0)
        each = -nats / BITS
    else:
        parts = []
        with torch.no_grad():
            for at in range(0, len(test), 500):
                u, ladj = lift.up(test[at : at + 500], rng=Keyed(0, rows=at))
                parts.append(-(model.log_prob(u).double() + ladj) / BITS)
        each = torch.cat(parts)
    return each.mean().item(), (each.std() / len(each) ** 0.5).item()


def round_trip(model: Density, lift: Lift, test: Tensor) -> dict[str, float]:
    """How far codes decode from their images, in units of the range [-1, 1]; and the share of levels that changed."""
    with torch.no_grad():
        u, _ = lift.up(test, rng=Keyed(1))
        back = model.get_submodule("flow").inverse(model.get_submodule("flow")(u)[0])[0]  # type: ignore[operator]
    return {"largest": (back - u).abs().max().item(), "levels": (lift.down(back) != test).double().mean().item()}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, wall-clock")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--family", default=FAMILY, help="NAME,field=value,...")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    parser.add_argument("--draws", type=int, default=16, help="of the noise, for the tighter bound")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--channels-last", action=argparse.BooleanOptionalAction, default=False)
    return parser.parse_args()


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    family: Family = made("Family", args.family)
    lift = Lift.of(family, SPACE)
    model = family.build(lift.space)
    took = trained(model, lift, args)
    model.eval()
    test, start = images(args.data, "t10k")[: args.images], time.perf_counter()
    one, several = bits(model, lift, test, 1), bits(model, lift, test, args.draws)
    told = {
        "benchmark": "mnist_flow",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": to_json(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "trained_minutes": took["minutes"],
        "steps": took["steps"],
        "images_seen": took["steps"] * took["batch"],
        "scored_minutes": (time.perf_counter() - start) / 60,
        "images": len(test),
        "kind": "upper bound on bits/dim (uniform dequantisation)",
        "bits_per_dim": {"one draw": one[0], "stderr": one[1]},
        "bits_per_dim_weighted": {"draws": args.draws, "bits": several[0], "stderr": several[1]},
        "round_trip": round_trip(model, lift, test[:500]),
        "promised": PROMISED,
        "published": {"RealNVP": 1.06, "Glow": 1.05},
    }
    results = Path(__file__).parent / "results" / "mnist_flow.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
