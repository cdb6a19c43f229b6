"""Judge synthetic rows beside real ones, whoever made them, always next to two reference rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.apps.thorough import thorough
from likely.data import Images, Rows, Table, Texts, read
from likely.errors import EmptyData
from likely.frames import source_of
from likely.metrics import (
    GROUPS,
    PLAIN,
    Copy,
    Measure,
    Sight,
    Spectrum,
    copied,
    copies,
    coverage,
    marginals,
    nearer,
    of_texts,
    pairs,
    sharpness,
    spectrum,
    two_sample,
)
from likely.metrics.features import keys

FLOOR, INDEPENDENT = "real rows", "independent columns"
FEWEST = 20
SHARED = 0.05  # of real rows, which chance may have among other rows
MOST_COPIES = 10  # that are told by their places


@dataclass(frozen=True)
class Measured:
    """One set of rows beside the real ones."""

    name: str
    measures: dict[str, Measure]
    samples: Rows
    spectrum: Spectrum | None = None  # of pictures: how much of them is coarse, and how much fine


@dataclass(frozen=True)
class Measurement:
    """The synthetic rows, and the two references: other real rows (the floor), and columns drawn independently."""

    source: str
    rows: tuple[int, int]
    measured: tuple[Measured, ...]
    real: Rows  # the rows they were compared with
    copies: tuple[Copy, ...] = ()  # synthetic rows that repeat a learned one, where those are known
    features: str = PLAIN.name  # in which distances were taken
    spectrum: Spectrum | None = None  # of the real pictures
    warnings: tuple[str, ...] = ()  # what makes some measures mean less than they say

    def __str__(self) -> str:
        names = list(self.measured[0].measures)
        rows = [("", *names), *((m.name, *(str(m.measures.get(name, "–")) for name in names)) for m in self.measured)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def measure(
    real: Any, synthetic: Any, *, train: Any = None, sight: Sight = PLAIN, targets: Sequence[str] = (),
    quick: bool = False, seed: int = 0,
) -> Measurement:  # fmt: skip
    """Measures of synthetic rows beside real ones; `train`, where known, is what the model learned from.

    All of them, in the features of a sight, or where `quick` those alone that `compare` takes of every contender. The
    real rows are halved: one half to compare with, the other as what perfect samples would be.
    """
    actual = read(real)
    drawn, learned = _read_like(synthetic, actual), None if train is None else _read_like(train, actual)
    if min(len(actual) // 2, len(drawn)) < FEWEST:
        told = f"{len(actual)} real and {len(drawn)} synthetic rows are too few to measure"
        enough = f"at least {2 * FEWEST} real and {FEWEST} synthetic rows"
        raise EmptyData(told, expected=enough, remedy="more rows; likely sample RUN -n 1000 draws a thousand")
    order = np.random.default_rng(seed).permutation(len(actual))
    held, fresh = actual.take(np.sort(order[::2])), actual.take(np.sort(order[1::2]))

    def judged(name: str, rows: Rows) -> Measured:
        found = measures(held, rows, learned, seed=seed)
        if not quick:
            found |= thorough(held, rows, learned, sight=sight, targets=targets, seed=seed)
        return Measured(name, by_question(found), rows, _spectrum(rows))

    return Measurement(
        source_of(real), (len(actual), len(drawn)),
        (judged("synthetic", drawn), judged(FLOOR, fresh), judged(INDEPENDENT, independent(fresh, seed=seed))),
        held, () if learned is None else copied(learned, held, drawn, sight=sight), sight.name, _spectrum(held),
        warnings_of(actual, drawn, learned),
    )  # fmt: skip


def _read_like(data: Any, actual: Rows) -> Rows:
    """Other rows, read as the real ones were."""
    return actual.alike(read(data, schema=actual.schema if isinstance(actual, Table) else None))


def warnings_of(real: Rows, synthetic: Rows, learned: Rows | None) -> tuple[str, ...]:
    """Real rows that were learned from, or that are the synthetic ones, are no unseen rows."""
    sides = {
        "synthetic": (synthetic, "they are no samples of a model, or it has copied them"),
        "training": (learned, "what is told of copies needs real rows that were not learned from"),
    }
    own, found = keys(real), []
    alone = len(np.unique(own)) / len(own)  # where real rows repeat each other, so do honest ones
    for name, (rows, why) in sides.items():
        shared = 0.0 if rows is None else float(np.isin(own, keys(rows)).mean())
        if shared > max(SHARED, 2 * (1 - alone)):
            found.append(f"{shared:.0%} of the real rows are among the {name} rows: {why}")
    return tuple(found)


def _spectrum(rows: Rows) -> Spectrum | None:
    return spectrum(rows) if isinstance(rows, Images) and min(rows.pixels.shape[1:3]) > 1 else None


def by_question(found: dict[str, Measure]) -> dict[str, Measure]:
    """Measures in the order that their questions are told in."""
    order = list(GROUPS)
    return dict(sorted(found.items(), key=lambda item: order.index(item[1].group)))


def measures(held: Rows, synthetic: Rows, learned: Rows | None, *, seed: int = 0) -> dict[str, Measure]:
    """The quick measures: unseen real rows to compare with, and rows learned from to look for copies."""
    found = [two_sample(held, synthetic, seed=seed), marginals(held, synthetic, seed=seed)]
    paired = pairs(held, synthetic, seed=seed) if isinstance(held, Table) else None
    sharp = (
        sharpness(held, synthetic, seed=seed) if isinstance(held, Images) and isinstance(synthetic, Images) else None
    )
    found += [each for each in (paired, sharp) if each is not None]
    found += coverage(held, synthetic, seed=seed).values()
    if learned is not None:
        found += [nearer(learned, held, synthetic, seed=seed), copies(learned, held, synthetic)]
    if isinstance(held, Texts) and isinstance(synthetic, Texts) and not held.consecutive:
        found += of_texts(held, synthetic, learned if isinstance(learned, Texts) else None)
    return {measure.name: measure for measure in found}


def told_copies(copies: Sequence[Copy], elsewhere: str = "") -> list[str]:
    """How many rows repeat a learned one, and the first of them by their places."""
    if not copies:
        return ["No synthetic row repeats a learned one."]
    exact = sum(each.exact for each in copies)
    some = [
        f"row {c.synthetic} {'is' if c.exact else 'is nearly'} learned row {c.learned}" for c in copies[:MOST_COPIES]
    ]
    more = f" and {len(copies) - MOST_COPIES:,} more" if len(copies) > MOST_COPIES else ""
    counted = f"{exact:,} synthetic rows repeat a learned row, {len(copies) - exact:,} nearly; places count from 0:"
    return [counted, f"{', '.join(some)}{more}{f' ({elsewhere})' if more and elsewhere else ''}."]


def independent(rows: Rows, *, seed: int = 0) -> Rows:
    """Rows whose every column is right and whose columns know nothing of each other."""
    return rows.mixed(np.random.default_rng(seed))
