"""IWAE-5000 of a VAE with one stochastic layer of 50 latents on dynamically binarised MNIST: all 10,000 test images.

    python benchmarks/vae_mnist.py --minutes 20 --run runs/vae_mnist_20 [--data FOLDER]

Every batch of the 60,000 training images is binarised anew, a pixel by its intensity as probability; the test
images once. The figure is the mean over the test images of -log (1/5000) sum_i w_i in nats: in expectation
an upper bound on the negative log-likelihood. Training is given so many minutes of wall-clock, all planning included;
the evaluation comes after it and its time is told apart.

Stopped at any moment, the same command goes on: the training from its last saved state, the evaluation from its last
finished block of images. On a busy machine `--steps` trains as many steps as the quiet one does in so many minutes (the
rate is the JSON's `steps` over `trained_minutes` of a short quiet run).
Results: benchmarks/results/vae_mnist_MINUTES.json.
"""

import argparse
import json
import sys
import time
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, mnist, parser, trained, written
from harness import Busy
from torch import Tensor

from likely.backbones import MLP
from likely.codecs.lift import Lift
from likely.contracts import log_mean_exp
from likely.families.vae import VAE, VAEModel
from likely.rng import Keyed
from likely.spaces import Image
from likely.training import Engine, Examples

SPACE = Image(1, 28, 28, 2)
PROMISED = {20: 87.3, 60: 86.8}  # nats, by minutes of training
BLOCK = 50  # test images scored between two lines of the score file
BINARISED, DRAWN = 1, 2  # forks of the seed


def scores(model: VAEModel, args: argparse.Namespace) -> Tensor:
    """log p of every test image by importance sampling (N,); a line of the score file for every block of images."""
    path, keys = args.run / f"scores_{args.draws_scored}.jsonl", Keyed(args.seed)
    test = keys.fork(BINARISED).bernoulli(mnist(args.data, "t10k") / 255)[: args.images]
    done = scored_before(path)
    start = time.perf_counter()
    with path.open("w") as file, torch.no_grad():
        file.writelines(json.dumps(block) + "\n" for block in done)
        for at in range(BLOCK * len(done), len(test), BLOCK):
            rng = keys.fork(DRAWN).at(at)
            weights = model.log_weights(test[at : at + BLOCK], draws=args.draws_scored, rng=rng)
            done.append(log_mean_exp(weights.double()).tolist())
            file.write(json.dumps(done[-1]) + "\n")
            file.flush()
            if len(done) % 10 == 0:
                mean = torch.tensor([*chain.from_iterable(done)]).mean()
                print(f"  {at + BLOCK} images, {-mean:.3f} nats, {time.perf_counter() - start:.0f} s", flush=True)
    return torch.tensor([*chain.from_iterable(done)], dtype=torch.float64)


def scored_before(path: Path) -> list[list[float]]:
    """The whole blocks of an earlier start; its last line may have been cut short."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=20.0, batch=128)
    made.add_argument("--width", type=int, default=300, help="units of each hidden layer")
    made.add_argument("--depth", type=int, default=2, help="hidden layers of encoder and of decoder")
    made.add_argument("--draws", type=int, default=5, help="codes per image in training (1: the plain bound)")
    made.add_argument("--residual", action=argparse.BooleanOptionalAction, default=True, help="and normalised layers")
    made.add_argument("--rate", type=float, default=2e-3)
    made.add_argument("--images", type=int, default=10_000, help="test images scored (fewer only for a rehearsal)")
    made.add_argument("--draws-scored", type=int, default=5_000)
    made.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return begun(made)


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments()
    torch.set_flush_denormal(True)  # pixels that are never on have gradients that shrink without end
    network = MLP(width=args.width, depth=args.depth, residual=args.residual, normalised=args.residual)
    family = VAE(latent=50, free=0.0, draws=args.draws, rate=args.rate, network=network)
    model = family.build(SPACE)
    engine = Engine(compile=args.compile, probe=False, threads=args.threads or None)
    spent = trained(model, Examples(mnist(args.data, "train") / 255), args, engine=engine, lift=Lift.redrawn(SPACE))
    model.eval()
    if args.compile:
        model.objective.likelihood.compile(dynamic=False)
    start = time.perf_counter()
    nats = -scores(model, args)
    told = {
        **head("vae_mnist", args, busy, family, model, spent),
        "scored_minutes": (time.perf_counter() - start) / 60,
        "images": len(nats),
        "draws": args.draws_scored,
        "nats": nats.mean().item(),
        "stderr": (nats.std() / len(nats) ** 0.5).item(),
        "promised": PROMISED.get(round(args.minutes)),
    }
    written(told, f"vae_mnist_{args.minutes:g}.json")


if __name__ == "__main__":
    main()
