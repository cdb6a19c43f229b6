"""Molecules drawn by a Transformer that learned from 24,445 SMILES of ZINC: valid, unique and new, by RDKit.

    python benchmarks/molecules.py --minutes 20 --run runs/molecules [--data FOLDER]

Learns from every line of molecules/zinc250k_valid.txt for so many minutes of wall-clock, planning included; the first
1,000 of zinc250k_test.txt choose the weights that are kept; of these molecules those with a piece that was never
learned are left out, and counted. Then 1,000 texts at temperature 1, one seed. Valid: RDKit reads it; unique: among the
valid ones, those whose canonical text no earlier one has; new: of the different valid ones, those that are not among
the molecules learned from. 95 % intervals by Wilson. Stopped at any moment, the same command goes
on. Results: benchmarks/results/molecules.json.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Busy, machine

import likely
from likely.codecs.vocabulary import Atoms
from likely.contracts import Sharpness
from likely.data import Texts, read
from likely.metrics import of_texts
from likely.training import Engine, Lines, unfinished

PROMISED = {"valid": 0.90, "unique": 0.999, "novel": 0.95}
JUDGING = 1000  # molecules that choose the weights


def readable(rows: Texts, learned: Texts) -> Texts:
    """The molecules that have no atom, bond or ring that was never learned."""
    known = {piece for text in learned for piece in Atoms.cut(text)}
    return rows.take([place for place, text in enumerate(rows) if known.issuperset(Atoms.cut(text))])


def fitted(args: argparse.Namespace, judging: Texts) -> likely.Fitted:
    """The model of the run's folder: loaded, gone on with, or begun."""
    source, folder = args.data / "molecules" / "zinc250k_valid.txt", args.run / "model.likely"
    engine, tell = Engine(threads=args.threads or None), [Lines(sys.stderr)]
    if (folder / "model.json").is_file() and not unfinished(folder):
        return likely.load(folder)
    if unfinished(folder):
        return likely.resume(folder, validation=judging, engine=engine, listeners=tell)
    family = likely.Transformer(
        width=args.width, layers=args.layers, heads=args.heads, dropout=args.dropout, rate=args.rate
    )
    return likely.fit(
        source, family, validation=judging, budget=f"{args.steps}" if args.steps else f"{args.minutes:g}m",
        seed=args.seed, folder=folder, batch=args.batch or None, engine=engine, listeners=tell,
    )  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=20.0, help="of training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=64, help="texts of a step (0: as the library chooses)")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def main() -> None:
    """Learn, draw, judge, write the figures down."""
    args, busy = arguments(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    learned, test = (read(args.data / "molecules" / f"zinc250k_{part}.txt") for part in ("valid", "test"))
    assert isinstance(learned, Texts)
    assert isinstance(test, Texts)
    start = time.perf_counter()
    judging, unseen = (readable(test.take(rows), learned) for rows in (range(JUDGING), range(JUDGING, len(test))))
    model = fitted(args, judging)
    trained = time.perf_counter() - start
    start = time.perf_counter()
    drawn = model.sample_rows(args.samples, sharpness=Sharpness(args.temperature), seed=args.seed)
    sampled = time.perf_counter() - start
    assert isinstance(drawn, Texts)
    found = {measure.name: measure for measure in of_texts(unseen, drawn, learned)}
    if "valid" not in found:
        raise SystemExit("RDKit is not installed: pip install 'likely[molecules]'")
    told = {
        "benchmark": "molecules",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(model.card.family),
        "parameters": sum(weight.numel() for weight in model.model.parameters()),
        "recipe": dict(model.card.recipe),
        "learned_from": len(learned),
        "left_out": len(test) - len(judging) - len(unseen),
        "minutes": trained / 60,
        "sampling_seconds": sampled,
        "unseen_nats_a_molecule": str(model.score(unseen)),
        "measures": {
            name: {"value": m.value, "low": m.low, "high": m.high, "unseen_real": m.ideal, "promised": PROMISED[name]}
            for name, m in found.items()
        },
        "examples": list(drawn)[:10],
    }
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "molecules.json").write_text(json.dumps(told, indent=1, default=str) + "\n")
    print(json.dumps(told, indent=1, default=str))


if __name__ == "__main__":
    main()
