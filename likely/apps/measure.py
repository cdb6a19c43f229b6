"""Judge synthetic rows beside real ones, whoever made them, always next to two reference rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.data import Images, Rows, Table, read
from likely.errors import EmptyData, WrongRows
from likely.metrics import Measure, copying, coverage, marginals, pairs, two_sample

FLOOR, INDEPENDENT = "real rows", "independent columns"


@dataclass(frozen=True)
class Measured:
    """One set of rows beside the real ones."""

    name: str
    measures: dict[str, Measure]


@dataclass(frozen=True)
class Measurement:
    """The synthetic rows, and the two references: other real rows (the floor), and columns drawn independently."""

    source: str
    rows: tuple[int, int]
    measured: tuple[Measured, ...]


def measure(real: Any, synthetic: Any, *, train: Any = None, seed: int = 0) -> Measurement:
    """Measures of synthetic rows beside real ones; `train`, where known, is what the model learned from."""
    actual = read(real)
    drawn = read(synthetic, schema=actual.schema if isinstance(actual, Table) else None)
    _check_alike(actual, drawn)
    if len(actual) < 20 or len(drawn) < 20:
        raise EmptyData(f"{len(actual)} real and {len(drawn)} synthetic rows are too few to measure", expected="at least 20 each")
    halves = np.random.default_rng(seed).permutation(len(actual))
    held, learned = actual.take(halves[::2]), actual.take(halves[1::2])
    learned = read(train, schema=actual.schema if isinstance(actual, Table) else None) if train is not None else learned
    references = [(FLOOR, learned), (INDEPENDENT, independent(learned, seed=seed))]
    return Measurement(
        str(real) if isinstance(real, str) else type(real).__name__,
        (len(actual), len(drawn)),
        tuple(Measured(name, measures(held, rows, learned, seed=seed)) for name, rows in [("synthetic", drawn), *references]),
    )


def _check_alike(actual: Rows, drawn: Rows) -> None:
    if isinstance(actual, Images) != isinstance(drawn, Images):
        raise WrongRows("one side is pictures, the other a table", expected="two tables, or two sets of pictures")
    if isinstance(actual, Images) and isinstance(drawn, Images) and actual.pixels.shape[1:] != drawn.pixels.shape[1:]:
        raise WrongRows(f"pictures of {drawn.pixels.shape[1:]} beside {actual.pixels.shape[1:]}", expected="one size")
    if isinstance(actual, Table) and isinstance(drawn, Table):
        lacking = [name for name in actual.schema.names if name not in drawn.frame.columns]
        if lacking:
            raise WrongRows(f"the synthetic rows lack {lacking}", expected=f"the columns {list(actual.schema.names)}")


def measures(held: Rows, synthetic: Rows, train: Rows, *, seed: int = 0) -> dict[str, Measure]:
    """Every measure of synthetic rows: held-out real rows to compare with, training rows to look for copies."""
    found = [two_sample(held, synthetic, seed=seed), marginals(held, synthetic)]
    if isinstance(held, Table):
        found.append(pairs(held, synthetic, seed=seed))
    named = {measure.name: measure for measure in found}
    return named | coverage(held, synthetic, seed=seed) | copying(train, held, synthetic, seed=seed)


def independent(rows: Rows, *, seed: int = 0) -> Rows:
    """Rows whose every column is right and whose columns know nothing of each other."""
    rng = np.random.default_rng(seed)
    if isinstance(rows, Images):
        flat = rows.pixels.reshape(len(rows), -1)
        mixed = np.stack([column[rng.permutation(len(column))] for column in flat.T], 1)
        return Images(mixed.reshape(rows.pixels.shape), rows.levels)
    frame = rows.frame.reset_index(drop=True)
    mixed = {name: frame[name].iloc[rng.permutation(len(frame))].reset_index(drop=True) for name in frame.columns}
    return Table(frame.assign(**mixed), rows.schema)

