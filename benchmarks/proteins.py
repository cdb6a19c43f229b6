"""Aligned proteins: held-out nats a residue of a Transformer beside models of columns alone and of pairs of columns.

    python benchmarks/proteins.py --minutes 5 --run runs/proteins [--data FOLDER]

847 sequences of ribonuclease A (proteins/PF00074_full.fasta), 256 aligned places, a gap is a symbol. Sequences are
split by hash, copies of one on one side: 80 % to learn from, 10 % to choose by, 10 % for the figures. Every model is
exact and scores the same texts; those with a letter that no learned one has are left out, and counted. Nats are told a
place of the alignment and a letter that is no gap. Baselines, their constants chosen on the validation side:

    sites     every place by itself, with pseudo-counts
    tree      BayesNet: each place given one other, the best tree (Chow and Liu)
    circuit   Circuit: hidden trees
    potts     p(x) = prod_i softmax(h_i + sum_{j<i} J_ij(x_j)): every place given all earlier ones by fields and
              pairwise couplings, the autoregressive form of a Potts model (Trinquier et al., 2021), with an L2 penalty

Stopped at any moment, the same command goes on. Results: benchmarks/results/proteins.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import torch.nn.functional as F
from harness import Busy, machine
from torch import Tensor

import likely
from likely.data import Split, Texts, read, split
from likely.training import Engine, Lines, unfinished

PSEUDO = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
PENALTIES = (0.0003, 0.001, 0.003, 0.01)


def known(sides: Split) -> tuple[Split, int]:
    """The sides without sequences that have a letter never learned; how many those were."""
    letters = set("".join(sides.train))
    kept = [[i for i, text in enumerate(side) if set(text) <= letters] for side in (sides.validation, sides.test)]
    judged, tested = (side.take(rows) for side, rows in zip((sides.validation, sides.test), kept, strict=True))
    return Split(sides.train, judged, tested), len(sides.validation) + len(sides.test) - len(judged) - len(tested)


def codes_of(sides: Split) -> tuple[Tensor, ...]:
    """(N, 256) codes of each side, by one alphabet."""
    letters = sorted(set("".join(sides.train)))
    place = {letter: code for code, letter in enumerate(letters)}
    sides_told = (sides.train, sides.validation, sides.test)
    return tuple(torch.tensor([[place[letter] for letter in text] for text in side]) for side in sides_told)


def sites(learned: Tensor, scored: Tensor, pseudo: float) -> Tensor:
    """log p of each row, every place by itself."""
    counts = F.one_hot(learned, int(learned.max()) + 1).sum(0).double() + pseudo
    return (counts / counts.sum(1, keepdim=True)).log().gather(1, scored.T).sum(0)


def potts(learned: Tensor, judged: Tensor, tested: Tensor, penalty: float, steps: int) -> tuple[float, Tensor]:
    """The validation's mean log p at its best step, and log p of each test row at that step."""
    k, places = int(learned.max()) + 1, learned.shape[1]
    seen = F.one_hot(learned, k).any(0).flatten().nonzero()[:, 0]  # a state never seen has no weights
    mask = (seen[:, None] // k) < (seen // k)
    fields = (F.one_hot(learned, k).sum(0) + 0.1).log().flatten()[seen].requires_grad_()
    pairs = torch.zeros(len(seen), len(seen), requires_grad=True)
    optimizer = torch.optim.Adam([fields, pairs], 0.03)

    def log_prob(x: Tensor) -> Tensor:
        hot = F.one_hot(x, k).flatten(1)[:, seen].float()
        logits = torch.full((len(x), places * k), -12.0).index_copy(1, seen, hot @ (pairs * mask) + fields)
        return logits.view(len(x), places, k).log_softmax(-1).gather(2, x[..., None]).sum((1, 2))

    best, told = -float("inf"), torch.empty(0)
    for step in range(steps):
        loss = -log_prob(learned).mean() + 0.5 * penalty * (pairs * mask).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            with torch.no_grad():
                value = float(log_prob(judged).mean())
                if value > best:
                    best, told = value, log_prob(tested)
                elif value < best - 2:
                    break
    return best, told.double()


def transformer(args: argparse.Namespace, sides: Split) -> Callable[[Texts], Tensor]:
    """log p of texts under the model of the run's folder: loaded, gone on with, or begun."""
    folder, engine, tell = args.run / "model.likely", Engine(threads=args.threads or None), [Lines(sys.stderr)]
    if (folder / "model.json").is_file() and not unfinished(folder):
        model = likely.load(folder)
    elif unfinished(folder):
        model = likely.resume(folder, sides.train, validation=sides.validation, engine=engine, listeners=tell)
    else:
        family = likely.Transformer(
            width=args.width, layers=args.layers, heads=args.heads, dropout=args.dropout, rate=args.rate
        )
        model = likely.fit(
            sides.train, family, validation=sides.validation, budget=args.steps or f"{args.minutes:g}m",
            seed=args.seed, folder=folder, batch=args.batch or None, engine=engine, listeners=tell,
        )  # fmt: skip
    args.family, args.recipe = repr(model.card.family), dict(model.card.recipe)
    return lambda rows: model.score(rows).nats


def counted(family: likely.contracts.Family, sides: Split, **settings: object) -> tuple[float, Tensor]:
    """A library's model of columns: the validation's mean and the test rows' scores."""
    model = likely.fit(sides.train, family, validation=sides.validation, certify=False, **settings)
    return float(model.score(sides.validation).nats.mean()), model.score(sides.test).nats


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=5.0, help="of the Transformer's training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=0, help="texts of a step (0: as the library chooses)")
    parser.add_argument("--potts-steps", type=int, default=100, help="of each penalty tried; 0 leaves it out")
    parser.add_argument("--circuit-minutes", type=float, default=0.0, help="of the Circuit; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def main() -> None:
    """Every model on the same texts."""
    args, busy, start = arguments(), Busy(), time.perf_counter()
    args.run.mkdir(parents=True, exist_ok=True)
    rows = read(args.data / "proteins" / "PF00074_full.fasta")
    assert isinstance(rows, Texts)
    sides, strange = known(split(rows))
    learned, judged, tested = codes_of(sides)
    letters = (torch.tensor([[letter != "-" for letter in text] for text in sides.test])).sum().item()
    scores: dict[str, tuple[Tensor, str]] = {}
    tried = [(float(sites(learned, judged, a).mean()), a) for a in PSEUDO]
    scores["sites"] = sites(learned, tested, max(tried)[1]), f"pseudo-count {max(tried)[1]:g}"
    trees = [(*counted(likely.BayesNet(strength=s), sides), s) for s in STRENGTHS]
    _, scored, strength = max(trees, key=lambda each: each[0])
    scores["tree"] = scored, f"strength {strength:g}"
    if args.potts_steps:
        each = [(*potts(learned, judged, tested, penalty, args.potts_steps), penalty) for penalty in PENALTIES]
        _, scored, penalty = max(each, key=lambda one: one[0])
        scores["potts"] = scored, f"penalty {penalty:g}"
    if args.circuit_minutes:
        _, scored = counted(likely.Circuit(), sides, budget=f"{args.circuit_minutes:g}m", seed=args.seed)
        scores["circuit"] = scored, f"{args.circuit_minutes:g} minutes"
    baselines = time.perf_counter() - start
    start = time.perf_counter()
    scores["Transformer"] = transformer(args, sides)(sides.test), args.family
    told = {
        "benchmark": "proteins",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "sequences": [len(sides.train), len(sides.validation), len(sides.test)],
        "left_out": strange,
        "recipe": args.recipe,
        "transformer_minutes": (time.perf_counter() - start) / 60,
        "baseline_minutes": baselines / 60,
        "nats_a_place": {name: figure(nats, tested.numel(), letters, how) for name, (nats, how) in scores.items()},
        "gained_on": {
            name: gained(scores["Transformer"][0], nats, tested.shape[1])
            for name, (nats, _) in scores.items()
            if name != "Transformer"
        },
    }
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "proteins.json").write_text(json.dumps(told, indent=1, default=str) + "\n")
    print(json.dumps(told, indent=1, default=str))


def figure(nats: Tensor, places: int, letters: int, how: str) -> dict[str, object]:
    """Negative, a place and a letter; the error is over sequences."""
    each = -nats * len(nats) / places
    error = each.std().item() / len(each) ** 0.5
    return {"value": each.mean().item(), "stderr": error, "a_letter": -nats.sum().item() / letters, "how": how}


def gained(ours: Tensor, theirs: Tensor, places: int) -> dict[str, float]:
    """Nats a place by which ours is better, sequence by sequence."""
    each = (ours - theirs) / places
    return {"mean": each.mean().item(), "stderr": each.std().item() / len(each) ** 0.5}


if __name__ == "__main__":
    main()
