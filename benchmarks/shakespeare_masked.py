"""Tiny Shakespeare by hidden characters: a bound in bits a character, beside a Transformer of the same size.

    python benchmarks/shakespeare_masked.py --minutes 15 --threads 2 --run runs/shakespeare_masked [--data FOLDER]

Both learn rows of `length` characters of the first 90 % of the text as they lie, and are scored on rows of the last
10 %: MaskedDiffusion by its bound (over `draws` numbers of hidden characters; its standard error is over rows), the
Transformer exactly, each row on its own. Rows are short, so that both are worse than in `shakespeare.py`, where a
character is told from at least a window before it. Each is trained for so many minutes (or `--steps`); stopped at any
moment, the same command goes on. Results: benchmarks/results/shakespeare_masked_MINUTES.json, where all was asked for.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, parser, trained, written
from harness import Busy
from shakespeare import parts
from torch import Tensor

from likely.backbones.bidirectional import Bidirectional
from likely.contracts import Bound, Density, Family, Model
from likely.families.masked_diffusion import MaskedDiffusion
from likely.families.transformer import Transformer
from likely.rng import Keyed
from likely.spaces import Tokens
from likely.training import Engine, Examples

BIT, TOGETHER = 0.6931471805599453, 64  # nats; rows that are scored at one time


def families(args: argparse.Namespace) -> dict[str, Family[Any]]:
    """The same width, layers and heads."""
    network = Bidirectional(width=args.width, layers=args.layers, heads=args.heads)
    shape = {"width": args.width, "layers": args.layers, "heads": args.heads, "window": args.length}
    return {
        "masked": MaskedDiffusion(network=network, draws=args.draws, rate=args.rate),
        "transformer": Transformer(**shape, rate=args.rate),
    }


@torch.no_grad()
def bits(model: Model, rows: Tensor, seed: int) -> Tensor:
    """-log2 p, or its bound, a character: one a row."""
    found = []
    for at, some in enumerate(rows.split(TOGETHER)):
        if isinstance(model, Density):
            told = model.log_prob(some)
        else:
            assert isinstance(model, Bound)
            told = model.elbo(some, rng=Keyed(seed, rows=at * TOGETHER)).value
        found.append(-told.double() / BIT / rows.shape[1])
    return torch.cat(found)


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=15.0, batch=32)
    made.add_argument("--length", type=int, default=256, help="characters of a row")
    made.add_argument("--width", type=int, default=128)
    made.add_argument("--layers", type=int, default=4)
    made.add_argument("--heads", type=int, default=4)
    made.add_argument("--rate", type=float, default=2e-3)
    made.add_argument("--draws", type=int, default=16)
    made.add_argument("--rows", type=int, default=0, help="that are scored; 0: all")
    made.add_argument("--only", default="masked,transformer")
    return begun(made)


def main() -> None:
    """One after the other."""
    args, busy = arguments()
    learned, held, vocabulary = parts(args.data)
    rows, judged = (codes[: len(codes) // args.length * args.length].view(-1, args.length) for codes in (learned, held))
    judged = judged[: args.rows or None]
    figures, folder = {}, args.run
    for name, family in families(args).items():
        if name not in args.only.split(","):
            continue
        args.run = folder / name
        args.run.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        model = family.build(Tokens(vocabulary.size, args.length))
        spent = trained(model, Examples(rows), args, engine=Engine(probe=False, threads=args.threads or None))
        model.eval()
        found = bits(model, judged, args.seed)
        figures[name] = head("shakespeare_masked", args, busy, family, model, spent) | {
            "bits": found.mean().item(), "stderr": (found.std() / len(found) ** 0.5).item(), "rows": len(found),
        }  # fmt: skip
        print(f"{name}: {found.mean():.3f} bits a character", flush=True)
        print(vocabulary.text([int(code) for code in model.sample(1, rng=Keyed(args.seed))[0] if code >= 0]))
    if not args.steps and not args.rows and len(figures) == len(families(args)):
        written({"benchmark": "shakespeare_masked", "figures": figures}, f"shakespeare_masked_{args.minutes:g}.json")


if __name__ == "__main__":
    main()
