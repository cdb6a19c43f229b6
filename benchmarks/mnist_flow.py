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
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, mnist, parser, trained, written
from harness import Busy
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Density, Family
from likely.fields import made as family_of
from likely.rng import Keyed
from likely.scoring import score_cells
from likely.spaces import Image
from likely.training import Engine, Examples

SPACE = Image(1, 28, 28, 256)
FAMILY = "realnvp,width=128,depth=2,rate=0.002"
PROMISED = 1.30  # bits per dimension after 60 minutes
BITS = 784 * math.log(2)
HELD_OUT = 1_000


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


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=60.0, batch=64)
    made.add_argument("--family", default=FAMILY, help="NAME,field=value,...")
    made.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    made.add_argument("--draws", type=int, default=16, help="of the noise, for the tighter bound")
    made.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    made.add_argument("--channels-last", action=argparse.BooleanOptionalAction, default=False)
    return begun(made)


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments()
    torch.set_flush_denormal(True)
    family: Family = family_of("Family", args.family)
    lift = Lift.of(family, SPACE)
    model = family.build(lift.space)
    engine = Engine(compile=args.compile, probe=False, threads=args.threads or None, channels_last=args.channels_last)
    rows = mnist(args.data, "train")
    spent = trained(
        model, Examples(rows[:-HELD_OUT]), args, validation=Examples(rows[-HELD_OUT:]), engine=engine, lift=lift
    )
    model.eval()
    test, start = mnist(args.data, "t10k")[: args.images], time.perf_counter()
    one, several = bits(model, lift, test, 1), bits(model, lift, test, args.draws)
    told = {
        **head("mnist_flow", args, busy, family, model, spent),
        "images_seen": spent["steps"] * args.batch,
        "scored_minutes": (time.perf_counter() - start) / 60,
        "images": len(test),
        "kind": "upper bound on bits/dim (uniform dequantisation)",
        "bits_per_dim": {"one draw": one[0], "stderr": one[1]},
        "bits_per_dim_weighted": {"draws": args.draws, "bits": several[0], "stderr": several[1]},
        "round_trip": round_trip(model, lift, test[:500]),
        "promised": PROMISED,
        "published": {"RealNVP": 1.06, "Glow": 1.05},
    }
    written(told, "mnist_flow.json")


if __name__ == "__main__":
    main()
