"""Aligned proteins: held-out nats a residue of models of a table, a column a place, beside sites, trees and pairs.

    python benchmarks/proteins.py --made 3m --transformer 5m --circuit 2m [--data FOLDER]

847 sequences of ribonuclease A (proteins/PF00074_full.fasta), 256 aligned places, a gap is a symbol. Sequences are
split by hash, copies of one on one side: 80 % to learn from, 10 % to choose by, 10 % for the figures. Figures are
exact, normalised log-probabilities of the same sequences; those with a letter that no learned one has are left out, and
counted. Nats are told a place of the alignment and a letter that is no gap. Baselines, their constants chosen on the
validation side:

    sites     every place by itself, with pseudo-counts
    tree      BayesNet: each place given one other, the best tree (Chow and Liu)
    potts     p(x) = prod_i softmax(h_i + sum_{j<i} J_ij(x_j)): every place given all earlier ones by fields and
              pairwise couplings, the autoregressive form of a Potts model (arDCA; Trinquier et al., 2021), with an L2
              penalty, in the alignment's order or with the least varied places first. A Potts model learned by
              pseudo-likelihood has no normalised probability to compare; this form has

Ours read the alignment as a table: a category a place, of the letters that were seen there and one that stands for all
others, which share its probability evenly: that, too, is a law over all sequences. A budget is wall-clock ("3m") or
steps ("400"); `chosen` is the one that is best on the validation side. Results: benchmarks/results/proteins.json.
"""

import argparse
import json
import math
import os
import sys
import time
from datetime import UTC, datetime
from itertools import chain, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
import torch
import torch.nn.functional as F
from harness import Busy, machine
from torch import Tensor

import likely
from likely.data import Rows, Split, Texts, read, split
from likely.training import Engine, Lines

PSEUDO = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
PENALTIES = (0.0003, 0.001, 0.003, 0.01)
OTHER = "other"
FLOORS = (-4.0, -6.0, -8.0, -10.0)  # of a letter never seen at its place


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


def potts(learned: Tensor, judged: Tensor, tested: Tensor, penalty: float, steps: int) -> tuple[float, Tensor, float]:
    """The validation's mean log p at its best step and floor, log p of each test row there, and the floor."""
    k, places = int(learned.max()) + 1, learned.shape[1]
    seen = F.one_hot(learned, k).any(0).flatten().nonzero()[:, 0]  # a state never seen has no weights
    mask = (seen[:, None] // k) < (seen // k)
    fields = (F.one_hot(learned, k).sum(0) + 0.1).log().flatten()[seen].requires_grad_()
    pairs = torch.zeros(len(seen), len(seen), requires_grad=True)
    optimizer = torch.optim.Adam([fields, pairs], 0.03)

    def log_prob(x: Tensor, floor: float) -> Tensor:
        hot = F.one_hot(x, k).flatten(1)[:, seen].float()
        told = torch.full((len(x), places * k), -torch.inf).index_copy(1, seen, hot @ (pairs * mask) + fields)
        told = told.view(len(x), places, k)
        logits = torch.where(torch.isinf(told), told.amax(2, keepdim=True) + floor, told)
        return logits.log_softmax(-1).gather(2, x[..., None]).sum((1, 2))

    best = (-float("inf"), torch.empty(0), FLOORS[0])
    for step in range(steps):
        loss = -log_prob(learned, FLOORS[-1]).mean() + 0.5 * penalty * (pairs * mask).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            with torch.no_grad():
                value, floor = max((float(log_prob(judged, floor).mean()), floor) for floor in FLOORS)
                if value > best[0]:
                    best = value, log_prob(tested, floor).double(), floor
                elif value < best[0] - 2:
                    break
    return best


def best_potts(learned: Tensor, judged: Tensor, tested: Tensor, steps: int) -> tuple[float, Tensor, str]:
    """Over orders and penalties: the validation's mean, the test rows' log p, and how."""
    varied = (F.one_hot(learned, int(learned.max()) + 1).double().mean(0) + 1e-12).log2()
    orders = {"as aligned": torch.arange(learned.shape[1]), "least varied first": _entropy(varied).argsort()}
    tried = []
    for (name, order), penalty in product(orders.items(), PENALTIES):
        value, told, floor = potts(*(x[:, order] for x in (learned, judged, tested)), penalty, steps)
        tried.append((value, told, f"{name}, penalty {penalty:g}, floor {floor:g}"))
        print(f"potts, {tried[-1][2]}: {-value / learned.shape[1]:.4f} on the validation side", flush=True)
    return max(tried, key=lambda each: each[0])


def _entropy(log2: Tensor) -> Tensor:
    return -(log2.exp2() * log2).sum(1)


def table(texts: Texts, seen: list[list[str]]) -> Rows:
    """A category a place: the letters seen there, and all others."""
    rows = [[letter if letter in here else OTHER for letter, here in zip(text, seen, strict=True)] for text in texts]
    frame = pd.DataFrame(rows, columns=pd.Index([f"place_{place + 1}" for place in range(len(seen))]))
    kinds = {name: {"kind": "category", "levels": [*here, OTHER]} for name, here in zip(frame, seen, strict=True)}
    return read(frame, schema={"columns": kinds})


def shared(texts: Texts, seen: list[list[str]]) -> Tensor:
    """log of how many letters share the probability of those not seen, summed over a sequence's places."""
    letters = len(set(chain.from_iterable(seen)))
    odd = [[math.log(letters - len(here)) for letter, here in zip(text, seen, strict=True) if letter not in here]
           for text in texts]  # fmt: skip
    return torch.tensor([sum(each) for each in odd], dtype=torch.float64)


def counted(strength: float, sides: Split) -> tuple[float, Tensor]:
    """A tree: the validation's mean and the test rows' scores."""
    model = likely.fit(sides.train, likely.BayesNet(strength=strength), validation=sides.validation, certify=False)
    return float(model.score(sides.validation).nats.mean()), model.score(sides.test).nats


def learned_by(name: str, budget: str, sides: Split, args: argparse.Namespace) -> dict:
    """One of ours: what it says of the validation and test sides, and how it was learned."""
    start, (family, batch) = time.perf_counter(), OURS[name]
    seen = [sorted(set(letters)) for letters in zip(*sides.train, strict=True)]
    train, judged, tested = (table(side, seen) for side in (sides.train, sides.validation, sides.test))
    engine, tell = Engine(threads=args.threads or None), [Lines(sys.stderr)]
    model = likely.fit(train, family, validation=judged, seed=args.seed, engine=engine, batch=batch,
                       budget=int(budget) if budget.isdigit() else budget, listeners=tell, certify=False)  # fmt: skip
    took = (time.perf_counter() - start) / 60
    of_judged = model.score(judged).nats - shared(sides.validation, seen)
    of_tested = model.score(tested).nats - shared(sides.test, seen)
    return {"judged": float(of_judged.mean()), "tested": of_tested,
            "how": f"{family!r}, {took:.1f} minutes", "recipe": dict(model.card.recipe)}  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    for name, (family, _) in OURS.items():
        parser.add_argument(f"--{name}", default="", metavar="BUDGET", help=f"of {family!r}"[:200])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--potts-steps", type=int, default=100, help="of each penalty tried; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


OURS = {  # and the sequences of a step
    "made": (likely.MADE(any_order=True, width=256, depth=2, decay=0.1, rate=2e-3), 64),
    "transformer": (likely.Transformer(width=64, layers=2, heads=4, dropout=0.1, rate=3e-3), 16),
    "circuit": (likely.Circuit(apart=True), None),
}


def main() -> None:
    """Every model on the same sequences."""
    args, busy, start = arguments(), Busy(), time.perf_counter()
    if args.threads:
        torch.set_num_threads(args.threads)
    rows = read(args.data / "proteins" / "PF00074_full.fasta")
    assert isinstance(rows, Texts)
    sides, strange = known(split(rows))
    learned, judged, tested = codes_of(sides)
    letters = sum(letter != "-" for text in sides.test for letter in text)
    scores: dict[str, tuple[Tensor, str]] = {}
    tried = [(float(sites(learned, judged, a).mean()), a) for a in PSEUDO]
    scores["sites"] = sites(learned, tested, max(tried)[1]), f"pseudo-count {max(tried)[1]:g}"
    trees = [(*counted(strength, sides), strength) for strength in STRENGTHS]
    _, scored, strength = max(trees, key=lambda each: each[0])
    scores["tree"] = scored, f"strength {strength:g}"
    if args.potts_steps:
        _, *scores_of_pairs = best_potts(learned, judged, tested, args.potts_steps)
        scores["potts"] = scores_of_pairs[0], scores_of_pairs[1]
    baselines = time.perf_counter() - start
    asked = {name: budget for name in OURS if (budget := getattr(args, name))}
    ours = {name: learned_by(name, budget, sides, args) for name, budget in asked.items()}
    scores |= {name: (each["tested"], each["how"]) for name, each in ours.items()}
    chosen = max(ours, key=lambda name: ours[name]["judged"])
    told = {
        "benchmark": "proteins",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "sequences": [len(sides.train), len(sides.validation), len(sides.test)],
        "left_out": strange,
        "baseline_minutes": baselines / 60,
        "recipes": {name: each["recipe"] for name, each in ours.items()},
        "validation_nats_a_place": {name: -each["judged"] / tested.shape[1] for name, each in ours.items()},
        "nats_a_place": {name: figure(nats, tested.numel(), letters, how) for name, (nats, how) in scores.items()},
        "chosen": chosen,
        "gained_on": {
            name: gained(scores[chosen][0], nats, tested.shape[1])
            for name, (nats, _) in scores.items()
            if name != chosen
        },
    }
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "proteins.json").write_text(json.dumps(told, indent=1, default=str) + "\n")
    print(json.dumps({name: told[name] for name in ("nats_a_place", "chosen", "gained_on")}, indent=1, default=str))


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
