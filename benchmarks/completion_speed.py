"""How long does it take to complete 10,000 rows of adult, a third of their cells missing?

    python benchmarks/completion_speed.py [--data FOLDER] [--rows 10000] [--repeats 5] [--threads 2]

Timed is the whole of `fitted.complete(frame)`: reading cells, drawing what is unknown, the evidence of what is known,
and the frame that comes back. Families are fitted shortly, as what is learned does not change how long it takes.
Promised were 10 s for a circuit and for a model of any order.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Bench, Form

import likely

LIMIT = 10.0  # seconds
NAMES = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
         "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]  # fmt: skip
FAMILIES = {"Circuit": 20, "MADE": 100, "NaiveBayes": None, "BayesNet": None, "GaussianMixture": None}  # steps
LEARNED = 8000  # rows


def table(data: Path) -> pd.DataFrame:
    """The rows as they are in the file."""
    return pd.read_csv(
        data / "tables" / "adult-train.csv", header=None, names=NAMES, skipinitialspace=True, na_values="?"
    )


def holed(whole: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Some rows, each cell of which is missing with chance 1/3."""
    some = whole.sample(rows, random_state=1).reset_index(drop=True)
    floats = dict.fromkeys(some.select_dtypes("number").columns, float)
    return some.astype(floats).mask(np.random.default_rng(0).random(some.shape) < 1 / 3)


def completing(name: str, whole: pd.DataFrame, partial: pd.DataFrame) -> Callable[[], Callable[[], object]]:
    """A family, fitted, asked for the rows."""

    def prepare() -> Callable[[], object]:
        family, steps = getattr(likely, name)(), FAMILIES[name]
        budget = {} if steps is None else {"budget": steps}
        fitted = likely.fit(whole.head(LEARNED), family, certify=False, **budget)
        return lambda: fitted.complete(partial)

    return prepare


def options(parser: argparse.ArgumentParser) -> None:
    """How many rows."""
    parser.add_argument("--rows", type=int, default=10_000, help="rows to complete")


if __name__ == "__main__":
    bench = Bench("completion_speed", __doc__, more=options)
    whole = table(bench.args.data or Path(os.environ["LIKELY_DATA"]))
    partial = holed(whole, bench.args.rows)
    forms = [Form(name, completing(name, whole, partial)) for name in FAMILIES]
    times = bench.race(f"{bench.args.rows:,} rows of adult, a third of the cells missing", forms)
    for name in ("Circuit", "MADE"):
        if name in times:
            bench.check(f"seconds, {name}", times[name], below=LIMIT * bench.args.rows / 10_000)
    bench.write()
