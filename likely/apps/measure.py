"""Judge synthetic rows beside real ones, whoever made them, always next to two reference rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.data import Rows, Table, Texts, read
from likely.errors import EmptyData
from likely.frames import source_of
from likely.metrics import (
    GROUPS,
    PLAIN,
    Measure,
    Sight,
    copies,
    coverage,
    frechet_distance,
    kernel_distance,
    marginals,
    nearer,
    of_texts,
    pairs,
    two_sample,
)

FLOOR, INDEPENDENT = "real rows", "independent columns"
FEWEST = 20


@dataclass(frozen=True)
class Measured:
    """One set of rows beside the real ones."""

    name: str
    measures: dict[str, Measure]
    samples: Rows


@dataclass(frozen=True)
class Measurement:
    """The synthetic rows, and the two references: other real rows (the floor), and columns drawn independently."""

    source: str
    rows: tuple[int, int]
    measured: tuple[Measured, ...]
    real: Rows  # the rows they were compared with

    def __str__(self) -> str:
        names = list(self.measured[0].measures)
        rows = [("", *names), *((m.name, *(str(m.measures[name]) for name in names)) for m in self.measured)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def measure(real: Any, synthetic: Any, *, train: Any = None, quick: bool = False, seed: int = 0) -> Measurement:
    """Measures of synthetic rows beside real ones; `train`, where known, is what the model learned from.

    All of them, or where `quick` those alone that `compare` takes of every contender.
    The real rows are halved: one half to compare with, the other as what perfect samples would be.
    """
    actual = read(real)
    drawn, learned = _read_like(synthetic, actual), None if train is None else _read_like(train, actual)
    if min(len(actual) // 2, len(drawn)) < FEWEST:
        told = f"{len(actual)} real and {len(drawn)} synthetic rows are too few to measure"
        enough = f"at least {2 * FEWEST} real and {FEWEST} synthetic rows"
        raise EmptyData(told, expected=enough, remedy="more rows; likely sample RUN -n 1000 draws a thousand")
    order = np.random.default_rng(seed).permutation(len(actual))
    held, fresh = actual.take(np.sort(order[::2])), actual.take(np.sort(order[1::2]))
    sides = [("synthetic", drawn), (FLOOR, fresh), (INDEPENDENT, independent(fresh, seed=seed))]
    judge = measures if quick else every
    measured = [Measured(name, judge(held, rows, learned, seed=seed), rows) for name, rows in sides]
    return Measurement(source_of(real), (len(actual), len(drawn)), tuple(measured), held)


def _read_like(data: Any, actual: Rows) -> Rows:
    """Other rows, read as the real ones were."""
    return actual.alike(read(data, schema=actual.schema if isinstance(actual, Table) else None))


def measures(held: Rows, synthetic: Rows, learned: Rows | None, *, seed: int = 0) -> dict[str, Measure]:
    """The quick measures: unseen real rows to compare with, and rows learned from to look for copies."""
    found = [two_sample(held, synthetic, seed=seed), marginals(held, synthetic, seed=seed)]
    paired = pairs(held, synthetic, seed=seed) if isinstance(held, Table) else None
    found += [] if paired is None else [paired]
    found += coverage(held, synthetic, seed=seed).values()
    if learned is not None:
        found += [nearer(learned, held, synthetic, seed=seed), copies(learned, held, synthetic)]
    if isinstance(held, Texts) and isinstance(synthetic, Texts) and not held.consecutive:
        found += of_texts(held, synthetic, learned if isinstance(learned, Texts) else None)
    return {measure.name: measure for measure in found}


def every(held: Rows, synthetic: Rows, learned: Rows | None, *, seed: int = 0) -> dict[str, Measure]:
    """The quick measures and the thorough ones, by question."""
    found = measures(held, synthetic, learned, seed=seed) | thorough(held, synthetic, learned, seed=seed)
    return {name: found[name] for name in sorted(found, key=lambda name: list(GROUPS).index(found[name].group))}


def thorough(
    held: Rows, synthetic: Rows, learned: Rows | None, *, sight: Sight = PLAIN, seed: int = 0
) -> dict[str, Measure]:
    """What takes longer: measures that somebody asks of one set of rows, and a comparison of many does not."""
    found = [kernel_distance(held, synthetic, sight=sight, seed=seed), frechet_distance(held, synthetic, sight=sight,
             seed=seed)]  # fmt: skip
    return {measure.name: measure for measure in found if measure is not None}


def independent(rows: Rows, *, seed: int = 0) -> Rows:
    """Rows whose every column is right and whose columns know nothing of each other."""
    return rows.mixed(np.random.default_rng(seed))
