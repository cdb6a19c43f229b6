"""TableGAN beside ctgan on adult: what comes before training, an epoch at batch 500, and whether rows are told apart.

    python benchmarks/table_gan.py --data FOLDER [--seconds 120] [--seeds 3] [--only epoch] [--threads 2]

    before training   all 48,842 rows without income: ctgan's transformer fitted and applied; of ours the schema, the
                      codec fitted and applied, and `prepare`
    an epoch          97 steps of both, the same rows: ctgan's own `fit`, held after every few steps; our training loop
    rows              both learn the training part with income for so many seconds of training (what comes before is
                      given to both), then draw as many rows; these are judged as in `adult.py`: 2 (1 - AUC) of default
                      boosted trees (xgboost) against the training part, income learned from drawn rows, columns, pairs;
                      and by `likely.metrics.two_sample`. ctgan is stopped inside its `fit`, ours is `likely.fit`.

ctgan is optional (`pip install ctgan`; it asks for pandas 2): without it its rows are left out. Missing cells are one
more category for ctgan, which has no other way.
"""

import argparse
import contextlib
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
import torch
from adult import NAMES, NUMBERS, SCHEMA, judged, part
from harness import Bench, Form

import likely
from likely.codecs import codec_for
from likely.data import Table, read
from likely.metrics import two_sample
from likely.rng import Keyed
from likely.training import Engine, Examples, Recipe
from likely.training.arranged import arranged
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

BATCH, STEPS, EPOCH = 500, 10, 97  # rows a step; steps a call; steps an epoch
FIELDS = "tablegan"


@cache
def table(data: Path) -> pd.DataFrame:
    """Both parts without income, as the peers were measured."""
    return pd.concat([part(data, name) for name in ("train", "test")], ignore_index=True)[NAMES[:-1]]


def theirs(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The same rows as ctgan takes them, and which columns are discrete."""
    choices = [name for name in rows if name not in NUMBERS]
    return rows.assign(**{name: rows[name].astype(object).fillna("?") for name in choices}), choices


# Before training -----------------------------------------------------------------------------------------------------


def ours_before(data: Path) -> Callable[[], object]:
    """From a frame to a prepared model."""
    frame, family = table(data), likely.TableGAN()

    def before() -> object:
        rows = read(frame, schema=SCHEMA)
        codec = codec_for(rows)
        cells = codec.encode(rows).x
        model = family.build(codec.space)
        model.prepare(cells[torch.randperm(len(cells))[:34_952]], rng=Keyed(0))  # as many as the loop shows
        return model

    return before


def ctgan_before(data: Path) -> Callable[[], object]:
    """Their transformer, fitted and applied."""
    from ctgan.data_transformer import DataTransformer

    frame, choices = theirs(table(data))

    def before() -> object:
        made = DataTransformer()
        made.fit(frame, choices)
        return made.transform(frame)

    return before


# An epoch ------------------------------------------------------------------------------------------------------------


def ours_epoch(data: Path) -> Callable[[], object]:
    """So many rounds of likely's loop."""
    rows = read(table(data), schema=SCHEMA)
    codec = codec_for(rows)
    cells = codec.encode(rows).x
    torch.manual_seed(0)
    model = likely.TableGAN().build(codec.space)
    model.prepare(cells, rng=Keyed(0))
    recipe = Recipe(rows=len(cells), steps=10**6, batch=BATCH, warmup=100, threads=torch.get_num_threads())
    model.train()
    held = arranged(model, recipe)
    held.__enter__()
    played, course = Rounds(model, Examples(cells), recipe, seed=0, lift=None, processes=Alone()), Course()

    def some(_held: object = held) -> None:
        for _ in range(STEPS):
            played.play(course)
            played.look_when_due(course)

    return some


class Stopped(Exception):
    """Enough steps."""


class Pump:
    """Another library's loop, held before every step until so many are asked for."""

    def __init__(self, fit: Callable[[Callable[[], None]], object]) -> None:
        self.asked, self.done, self.left = threading.Semaphore(0), threading.Semaphore(0), 0
        self.thread = threading.Thread(target=self._run, args=(fit,), daemon=True)
        self.thread.start()

    def _run(self, fit: Callable[[Callable[[], None]], object]) -> None:
        with contextlib.suppress(Stopped):
            fit(self._before)

    def _before(self) -> None:
        if self.left == 0:
            self.done.release()
            self.asked.acquire()
        self.left -= 1

    def steps(self, count: int) -> None:
        """So many steps."""
        self.left = count
        self.asked.release()
        self.done.acquire()


def ctgan_epoch(data: Path) -> Callable[[], object]:
    """Steps inside their own `fit`."""
    from ctgan.synthesizers import ctgan as inside

    frame, choices = theirs(table(data))
    drawn = inside.DataSampler.sample_data

    def fit(before: Callable[[], None]) -> None:
        inside.DataSampler.sample_data = lambda *given: (before(), drawn(*given))[1]
        inside.CTGAN(epochs=10**6, enable_gpu=False).fit(frame, choices)

    pump = Pump(fit)
    pump.done.acquire()  # before the first step
    return lambda: pump.steps(STEPS)


# Rows ----------------------------------------------------------------------------------------------------------------


def ours_drawn(learned: pd.DataFrame, seconds: float, seed: int) -> tuple[pd.DataFrame, float]:
    """Rows of a fit of so many seconds, and the seconds that it took."""
    start, engine = time.perf_counter(), Engine(threads=torch.get_num_threads())
    fitted = likely.fit(learned, FIELDS, budget=f"{seconds:g}s", seed=seed, schema=SCHEMA, certify=False, engine=engine,
                        batch=BATCH)  # fmt: skip
    return fitted.sample(len(learned), seed=seed + 1)[NAMES], time.perf_counter() - start


def ctgan_drawn(learned: pd.DataFrame, seconds: float, seed: int) -> tuple[pd.DataFrame, float]:
    """Rows of ctgan stopped after so many seconds of steps."""
    from ctgan.synthesizers import ctgan as inside

    frame, choices = theirs(learned)
    drawn, began = inside.DataSampler.sample_data, []

    def timed(*given: object) -> object:
        began.append(time.perf_counter())
        if began[-1] - began[0] > seconds:
            raise Stopped
        return drawn(*given)

    torch.manual_seed(seed)
    np.random.seed(seed)
    model = inside.CTGAN(epochs=10**6, enable_gpu=False)
    inside.DataSampler.sample_data = timed
    with contextlib.suppress(Stopped):
        model.fit(frame, choices)
    inside.DataSampler.sample_data = drawn
    rows = model.sample(len(learned))[NAMES]
    return rows.replace("?", np.nan), began[-1] - began[0]


def rows_judged(
    bench: Bench, name: str, draw: Callable[[pd.DataFrame, float, int], tuple[pd.DataFrame, float]]
) -> None:
    """One library, all seeds."""
    train, test = (part(bench.args.data, which) for which in ("train", "test"))
    for seed in range(bench.args.seeds):
        try:
            drawn, took = draw(train, bench.args.seconds, seed)
        except ImportError as missing:
            print(f"  {name}: not installed ({missing.name or missing})", flush=True)
            return
        told = judged(train, drawn, test, seed)
        apart = two_sample(as_read(train), as_read(drawn))
        first = told.pop("told apart (trees)")
        bench.note(f"{name}, seed {seed}: 2 (1 - AUC) of trees", first, "", seconds=round(took, 1),
                   two_sample_auc=round(apart.value, 4), **{k: round(v, 4) for k, v in told.items()})  # fmt: skip


def as_read(rows: pd.DataFrame) -> Table:
    """A frame as the library's own measures take it."""
    counts = [name for name, said in SCHEMA["columns"].items() if said.get("kind") == "count"]
    found = read(rows.assign(**{name: rows[name].clip(lower=0) for name in counts}), schema=SCHEMA)  # ctgan's: -43
    assert isinstance(found, Table)
    return found


def more(parser: argparse.ArgumentParser) -> None:
    """What this benchmark asks beside."""
    parser.add_argument("--seconds", type=float, default=120, help="of training, each library and seed")
    parser.add_argument("--seeds", type=int, default=3)


def main() -> None:
    """Two races, then rows."""
    bench = Bench("table_gan", __doc__, ("ctgan", "rdt", "pandas", "xgboost", "scikit-learn"), more=more)
    warnings.filterwarnings("ignore")
    beside = Path(__file__).parents[2] / "shared" / "data"
    data = bench.args.data = bench.args.data or Path(os.environ.get("LIKELY_DATA", beside))
    if bench.args.only in "before training":
        ours, peer = Form("likely", lambda: ours_before(data)), Form("ctgan", lambda: ctgan_before(data), target=9.5)
        bench.race("before training, 48,842 rows", [ours, peer], floor=0.0)
    if bench.args.only in "an epoch":
        scale = EPOCH / STEPS
        ours = Form("likely", lambda: ours_epoch(data), scale=scale)
        peer = Form("ctgan", lambda: ctgan_epoch(data), target=3.0, scale=scale)
        bench.race("an epoch of 97 steps of 500 rows", [ours, peer])
    if bench.args.only in "rows":
        for name, draw in (("likely", ours_drawn), ("ctgan", ctgan_drawn)):
            rows_judged(bench, name, draw)
    bench.write()


if __name__ == "__main__":
    main()
