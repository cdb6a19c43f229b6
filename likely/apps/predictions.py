"""How well families tell a label, and whether they are as sure as they may be: errors, reliability, calibration.

Every family learns from the same training rows and is judged on the same test rows; a calibration is learned on the
validation rows, which neither of them are.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from likely.apps.compare import contenders_of
from likely.apps.labelled import USUAL, Labelled, Listen, key_of, labelled
from likely.apps.measure import source_of
from likely.apps.words import first_line
from likely.codecs import TableCodec
from likely.contracts import Predicts
from likely.data import read, sides
from likely.errors import CannotAnswer, EmptyData, Interrupted, LikelyError
from likely.fitted import Fitted
from likely.metrics import Reliability, reliability
from likely.metrics.calibration import Calibration, Calibrator, Temperature

FEWEST = 10  # rows to judge by, and to calibrate on


@dataclass(frozen=True)
class Calibrated:
    """A fitted model whose probabilities of classes were made honest on rows that it had not seen."""

    fitted: Fitted[Any]
    by: Calibrator

    def classify(self, data: Any) -> pd.DataFrame:
        """p(class | the rest), a column per class."""
        told = self.fitted.classify(data)
        return pd.DataFrame(self.by(told.to_numpy()), columns=told.columns, index=told.index)


def calibrated(fitted: Fitted[Any], data: Any, by: Calibration | None = None) -> Calibrated:
    """The model calibrated on labelled rows, which must not be those that it learned from."""
    by, target, told = by or Temperature(), label_of(fitted), fitted.classify(data)
    said = read(data).said
    if said is None or target not in said.frame:
        raise CannotAnswer(f"these rows do not tell '{target}'", expected="rows with their label")
    place = {key_of(label): at for at, label in enumerate(told.columns)}
    truth = np.array([place.get(key_of(label), -1) for label in said.frame[target]])
    if not (truth >= 0).any():
        raise EmptyData(f"no row has a known '{target}'", expected="labelled rows, some hundreds at best")
    return Calibrated(fitted, by.learned(told.to_numpy()[truth >= 0], truth[truth >= 0]))


def label_of(fitted: Fitted[Any]) -> str:
    """The column whose classes a model tells."""
    if isinstance(fitted.model, Predicts) and isinstance(fitted.codec, TableCodec):
        return fitted.codec.names[0]
    if len(fitted.card.condition) != 1:
        raise CannotAnswer(
            f"this {fitted.name} was not fitted to tell one label", remedy="fit again with target=COLUMN"
        )
    return fitted.card.condition[0]


@dataclass(frozen=True)
class Predictor:
    """One family, as it is and calibrated."""

    name: str
    family: Any
    plain: Reliability | None = None
    calibrated: Reliability | None = None
    seconds: float = 0.0
    failed: str = ""


@dataclass(frozen=True)
class Predictions:
    """How well each family tells the label of the test rows."""

    source: str
    target: str
    classes: int
    rows: dict[str, int]  # train, validation, test
    predictors: tuple[Predictor, ...]
    by: Calibration
    baseline: float  # the error of always guessing the most frequent class
    seed: int

    def __str__(self) -> str:
        rows = [header_of(self), *rows_of(self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, "", *conclusions(self)])


def predictions(
    data: Any,
    target: str,
    families: Sequence[Any] | str = USUAL,
    *,
    by: Calibration | None = None,
    budget: str | int | None = None,
    seed: int = 0,
    schema: Any = None,
    listener: Listen | None = None,
) -> Predictions:
    """The families fitted to tell `target`, judged on rows that none of them saw."""
    known, chosen, by = labelled(data, target, schema=schema), contenders_of(families), by or Temperature()
    side = sides(known.rows)
    train, held, test = (known.take(np.flatnonzero(side == each)) for each in range(3))
    if min(len(held.truth), len(test.truth)) < FEWEST:
        told = f"{len(side)} rows leave {len(test.truth)} to judge by and {len(held.truth)} to calibrate on"
        raise EmptyData(told, expected="about 150 rows or more")
    found = []
    for name, family in chosen.items():
        heard = tuple((listener or (lambda name: ()))(name))
        found.append(_judged(name, family, (train, held, test), by, budget, seed, heard))
    often = np.bincount(train.truth).argmax()
    sizes = {"train": len(train.truth), "validation": len(held.truth), "test": len(test.truth)}
    baseline = float((test.truth != often).mean())
    return Predictions(source_of(data), target, len(known.classes), sizes, tuple(found), by, baseline, seed)


def _judged(
    name: str, family: Any, parts: tuple[Labelled, ...], by: Calibration, budget: Any, seed: int, heard: Iterable[Any]
) -> Predictor:
    """One family; its failure stops no other."""
    train, held, test = parts
    try:
        began = time.perf_counter()
        fitted = train.fitted(family, validation=held, budget=budget, seed=seed, listeners=heard)
        seconds, p = time.perf_counter() - began, test.probabilities(fitted)
        mended = by.learned(held.probabilities(fitted), held.truth)(p)
    except Interrupted:
        raise
    except LikelyError as error:
        return Predictor(name, family, failed=str(error))
    return Predictor(name, family, reliability(p, test.truth), reliability(mended, test.truth), seconds)


# In words and rows ---------------------------------------------------------------------------------------------------


def header_of(found: Predictions) -> tuple[str, ...]:
    """The measures' names."""
    first = next((each.plain for each in found.predictors if each.plain is not None), None)
    return ("", *(() if first is None else first.measures), "fit")


def rows_of(found: Predictions) -> list[tuple[str, ...]]:
    """Each family as it is, and calibrated."""
    rows = []
    for each in found.predictors:
        if each.plain is None or each.calibrated is None:
            rows.append((f"{each.name}: failed", *[""] * (len(header_of(found)) - 1)))
            continue
        rows.append((each.name, *_told(each.plain), f"{each.seconds:.2f} s"))
        rows.append((f"{each.name}, calibrated", *_told(each.calibrated), ""))
    return rows


def _told(found: Reliability) -> list[str]:
    return [
        f"{m.value:.3f}" + (f" ± {(m.high - m.low) / 2:.3f}" if m.high > m.low else "") for m in found.measures.values()
    ]


def conclusions(found: Predictions) -> list[str]:
    """What can be said of errors and of confidence."""
    judged = [each for each in found.predictors if each.plain is not None]
    said = [_confidence(each, type(found.by).__name__.lower()) for each in judged]
    said += [f"{each.name} failed: {first_line(each.failed)}." for each in found.predictors if each.failed]
    return [*said, f"Always guessing the most frequent class errs on {100 * found.baseline:.1f} % of the test rows."]


def _confidence(each: Predictor, by: str) -> str:
    assert each.plain is not None
    assert each.calibrated is not None
    over, after, error = each.plain.overconfidence, each.calibrated.overconfidence, each.plain.error
    half = (over.high - over.low) / 2
    told = f"{each.name} errs on {100 * error.value:.1f} % [{100 * error.low:.1f}, {100 * error.high:.1f}]"
    if over.low <= 0 <= over.high:
        return f"{told} and is about as sure as it is right ({100 * over.value:+.1f} ± {100 * half:.1f} points)."
    word = "over" if over.value > 0 else "under"
    return (
        f"{told} and is {word}confident by {100 * abs(over.value):.1f} ± {100 * half:.1f} points; "
        f"calibrated by {by}, {100 * after.value:+.1f} points are left."
    )
