"""Energies and Boltzmann machines: an epoch beside scikit-learn's, test log-likelihoods, draws, a joint classifier.

    python benchmarks/energies.py --data FOLDER --threads 1 [--only nltcs] [--steps 8000] [--rows 100000]

Races: one epoch of persistent contrastive divergence with one Gibbs move a batch of 100 (ours by Adam), on nltcs (16
bits, 64 hidden units) and on binarised digits (64 bits, 128). Figures, each after `--steps` rounds:
nltcs: test log p of an RBM, exact (its rows are listed). plants: of one of 128 hidden units, by annealing both ways: on
average too high, so the estimate on the way back, which is too low as far as its chains mix, stands beside it.
moons, gaussians-25: of 5,000 draws of an `Energy` the share that is good (where the true density is at least that of
99 % of real points) and the energy distance from as many real points, beside that of other real points; its log p on
fresh points, beside the truth. digits: the share of test rows whose class a joint energy tells, beside naive Bayes.
`--only` writes a file of its own.
"""

import argparse
import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench, Form

import likely
from likely.data.generate import PLANES
from likely.families.energy import Energy
from likely.families.rbm import RBM, ListedRBMModel
from likely.objectives import Persistent
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Vector, reals
from likely.training import Budget, Engine, Examples, Precision, learn

ENGINE = Engine(precision=Precision.FP32, compile=False, threads=1, probe=False)
BATCH, HELD, DRAWN = 100, 2_000, 5_000
TABLES = {"nltcs": RBM(hidden=64, learning=Persistent(moves=5, chains=512, fresh=0.0)),
          "plants": RBM(hidden=128, learning=Persistent(moves=5, chains=512, fresh=0.0))}  # fmt: skip
TOYS = {"moons": Energy(), "gaussians-25": Energy(waves=3)}


def bits(width: int) -> Vector:
    """So many of them."""
    return Vector((Category(2),) * width)


def table(data: Path, name: str, part: str) -> torch.Tensor:
    """(N, D) of 0 and 1."""
    with gzip.open(data / "tables" / "binary" / f"{name}.{part}.data.gz", "rt") as file:
        return torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))


def digits() -> torch.Tensor:
    """(1797, 64): ink or none."""
    from sklearn.datasets import load_digits

    return torch.from_numpy((load_digits().data >= 8).astype(np.float32))


# An epoch ------------------------------------------------------------------------------------------------------------


def our_epoch(x: torch.Tensor, hidden: int) -> Callable[[], Callable[[], object]]:
    """Rows in order, a step of Adam a batch."""

    def prepared() -> Callable[[], object]:
        torch.manual_seed(0)
        model = RBM(hidden=hidden, learning=Persistent(moves=1, chains=BATCH, fresh=0.0)).build(bits(x.shape[1]))
        model.prepare(x, rng=Keyed(0))
        adam = torch.optim.Adam(model.machine.parameters(), 3e-3, foreach=True)
        return lambda: [_step(model, adam, rows, at) for at, rows in enumerate(x.split(BATCH))]

    return prepared


def _step(model: Any, adam: torch.optim.Optimizer, rows: torch.Tensor, at: int) -> None:
    (turn,) = model.turns(rows, rng=Stepped(0, at))
    adam.zero_grad(set_to_none=True)
    turn.loss().backward()
    adam.step()
    turn.after()


def their_epoch(x: torch.Tensor, hidden: int) -> Callable[[], Callable[[], object]]:
    """The same by scikit-learn, float32 as ours."""

    def prepared() -> Callable[[], object]:
        from sklearn.neural_network import BernoulliRBM

        rows = x.numpy()
        return lambda: BernoulliRBM(hidden, learning_rate=0.05, batch_size=BATCH, n_iter=1, random_state=0).fit(rows)

    return prepared


def races(bench: Bench) -> None:
    """Ours and scikit-learn's."""
    sets = {"nltcs": (table(bench.args.data, "nltcs", "train"), 64), "digits": (digits(), 128)}
    for name, (x, hidden) in sets.items():
        bench.race(f"an epoch of {len(x):,} rows of {name}", [
            Form("likely", our_epoch(x, hidden)), Form("scikit-learn", their_epoch(x, hidden)),
        ])  # fmt: skip


# What is learned -----------------------------------------------------------------------------------------------------


def learned(family: Any, space: Any, x: torch.Tensor, held: torch.Tensor, steps: int) -> tuple[Any, float]:
    """The family's model after so many steps, and the seconds these took."""
    torch.manual_seed(0)
    model, start = family.build(space), time.perf_counter()
    for _ in learn(model, Examples(x), budget=Budget(steps=steps), validation=Examples(held), engine=ENGINE, batch=256):
        pass
    return model, time.perf_counter() - start


def machine_of(bench: Bench, name: str) -> None:
    """log p of the test rows."""
    train, valid, test = (table(bench.args.data, name, part) for part in ("train", "valid", "test"))
    model, seconds = learned(TABLES[name], bits(train.shape[1]), train, valid, bench.args.steps)
    bench.note(f"{name}: seconds", seconds, "s", steps=bench.args.steps)
    with torch.no_grad():
        if isinstance(model, ListedRBMModel):
            log_p = torch.cat([model.log_prob(part) for part in test.split(1024)])
            bench.note(f"{name}: test log p, exact", float(log_p.mean()), "nats", stderr=_error(log_p))
            return
        told = model.log_prob_estimate(test, rng=Keyed(0))
    assert told.error is not None
    error = (_error(told.value) ** 2 + float(told.stderr[0]) ** 2) ** 0.5
    bench.note(f"{name}: test log p, on average too high", float(told.value.mean()), "nats", stderr=error,
               below=float((told.value - told.error).mean()))  # fmt: skip


def _error(values: torch.Tensor) -> float:
    return float(values.std() / len(values) ** 0.5)


def toy(bench: Bench, name: str) -> None:
    """Draws and log p of an energy."""
    plane, rows = PLANES[name], np.random.default_rng(0)
    points, fresh = plane.draw(bench.args.rows, rows), plane.draw(DRAWN, rows)
    centre, scale = points.mean(0), points.std(0)
    x, other = (torch.from_numpy((part - centre) / scale).float() for part in (points, fresh))
    model, seconds = learned(TOYS[name], reals(2), x[HELD:], x[:HELD], bench.args.steps)
    bench.note(f"{name}: seconds", seconds, "s", steps=bench.args.steps)
    with torch.no_grad():
        draws, told = model.sample(DRAWN, rng=Keyed(7)), model.log_prob_estimate(other, rng=Keyed(0))
    least = np.quantile(plane.log_prob(fresh), 0.01)
    bench.note(f"{name}: good", 100 * float((plane.log_prob(draws.numpy() * scale + centre) >= least).mean()), "%")
    bench.note(f"{name}: energy distance", energy(draws, other), floor=energy(x[:DRAWN], other))
    truth = float((plane.log_prob(fresh)).mean() + np.log(scale).sum())
    bench.note(f"{name}: log p on average too high", float(told.value.mean()), "nats", truth=truth,
               stderr=float(told.stderr[0]), gap=float(told.error.mean()))  # fmt: skip


def energy(a: torch.Tensor, b: torch.Tensor) -> float:
    """2 E|A - B| - E|A - A'| - E|B - B'|, each pair of different points once."""
    within = sum(float(torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))) for x in (a, b))
    return 2 * float(torch.cdist(a, b).mean()) - within


def classifier(bench: Bench) -> None:
    """How many digits a joint energy names, beside naive Bayes."""
    from sklearn.datasets import load_digits

    frame = load_digits(as_frame=True).frame.astype({"target": str})
    train, test = frame.iloc[:1400], frame.iloc[1400:]
    for family in ("energy", "naive-bayes"):
        fitted = likely.fit(train, family, condition="target", budget=bench.args.steps, seed=0, engine=ENGINE)
        named = fitted.classify(test).idxmax(axis=1).astype(str).to_numpy()
        bench.note(f"digits: named by {family}", 100 * float((named == test["target"].to_numpy()).mean()), "%")


def more(parser: argparse.ArgumentParser) -> None:
    """What is learned, and how long."""
    parser.add_argument("--steps", type=int, default=8_000, help="rounds of every training")
    parser.add_argument("--rows", type=int, default=100_000, help="points of a toy")


def main() -> None:
    """Everything, or what was asked for alone."""
    bench = Bench("energies", __doc__, packages=("scikit-learn",), more=more)
    wanted = bench.args.only
    bench.args.only = ""
    parts = {"epoch": races, **{name: lambda b, n=name: machine_of(b, n) for name in TABLES},
             **{name: lambda b, n=name: toy(b, n) for name in TOYS}, "digits": classifier}  # fmt: skip
    for name, part in parts.items():
        if wanted in name:
            part(bench)
    bench.name = f"energies_{wanted}" if wanted else "energies"
    bench.write()


if __name__ == "__main__":
    main()
