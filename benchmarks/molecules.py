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
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from _training import begun, head, parser, written
from harness import Busy

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


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=20.0, batch=64)
    made.add_argument("--width", type=int, default=128)
    made.add_argument("--layers", type=int, default=4)
    made.add_argument("--heads", type=int, default=4)
    made.add_argument("--dropout", type=float, default=0.0)
    made.add_argument("--rate", type=float, default=2e-3)
    made.add_argument("--samples", type=int, default=1000)
    made.add_argument("--temperature", type=float, default=1.0)
    made.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return begun(made)


def main() -> None:
    """Learn, draw, judge, write the figures down."""
    args, busy = arguments()
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
        **head(
            "molecules",
            args,
            busy,
            model.card.family,
            model.model,
            {"minutes": trained / 60, "steps": model.card.recipe["steps"]},
        ),
        "recipe": dict(model.card.recipe),
        "learned_from": len(learned),
        "left_out": len(test) - len(judging) - len(unseen),
        "sampling_seconds": sampled,
        "unseen_nats_a_molecule": str(model.score(unseen)),
        "measures": {
            name: {"value": m.value, "low": m.low, "high": m.high, "unseen_real": m.ideal, "promised": PROMISED[name]}
            for name, m in found.items()
        },
        "examples": list(drawn)[:10],
    }
    written(told, "molecules.json", args.results)


if __name__ == "__main__":
    main()
