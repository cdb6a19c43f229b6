"""One fitted model beside the rows that it was fitted on: what its page shows.

A model's folder keeps no rows. They are read again from where they were, and have to be the same; what cannot be shown
without them is told.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from likely.apps.calibrated import Calibration, calibrated
from likely.apps.coded import training_source
from likely.apps.exhibits import Exhibits, Mapped, exhibits, mapped
from likely.apps.health import Sides, parted
from likely.apps.honesty import honesty
from likely.apps.measure import FLOOR, measures
from likely.contracts import Predicts
from likely.data import Rows
from likely.errors import LikelyError
from likely.fitted import Fitted, load
from likely.metrics import Measure, Reliability
from likely.run import LOG

DRAWN = 1000  # samples at most
TOLD = 500  # rows that columns are told of
DRAWS = 39  # of each of them, for calibration


@dataclass(frozen=True)
class Judged:
    """What a training's validation rows said at one step."""

    step: int
    value: float  # of the weights as they were, less is better
    average: float  # of their average
    error: float | None
    unit: str


@dataclass(frozen=True)
class Portrait:
    """A model, and everything that its page shows."""

    fitted: Fitted[Any]
    folder: str
    source: str
    judged: tuple[Judged, ...]
    real: Rows | None  # rows it did not learn from, or of a model that counts, those that it did
    unseen: bool
    samples: Rows | None
    measures: dict[str, dict[str, Measure]]  # of its samples, and of other real rows where there are enough
    exhibits: Exhibits | None
    map: Mapped | None
    reliability: Reliability | None
    calibration: Calibration | None
    left_out: tuple[str, ...]  # what is not shown, and why


def portrait(run: str | Path, data: Any = None, *, seed: int = 0) -> Portrait:
    """A fitted model with its samples, beside the rows that it was fitted on where they are still there."""
    fitted, left = load(run), []
    sides = _sides(fitted, data, left)
    held = None if sides is None else sides.held_out or sides.learned
    samples = _samples(fitted, DRAWN if held is None else min(DRAWN, max(2 * len(held), 40)), seed, left)
    shown = exhibits(held, [(fitted.name, samples)], seed=seed) if held is not None and samples is not None else None
    return Portrait(
        fitted, str(run), str(fitted.card.data.get("source", "rows")), judgements(Path(run) / LOG), held,
        sides is not None and sides.held_out is not None, samples, _measures(fitted, sides, samples, seed), shown,
        None if held is None else mapped(fitted.name, fitted, held),
        None if held is None else honesty(fitted, held),
        None if held is None else _calibration(fitted, held, seed), tuple(left),
    )  # fmt: skip


def _sides(fitted: Fitted[Any], data: Any, left: list[str]) -> Sides | None:
    try:
        return parted(fitted, training_source(fitted) if data is None else data)
    except LikelyError as error:
        left.append(
            f"Real rows, and everything that is held against them: {error.what}. --data FILE says where they are."
        )
        return None


def _samples(fitted: Fitted[Any], n: int, seed: int, left: list[str]) -> Rows | None:
    try:
        return fitted.sample_rows(n, seed=seed)
    except LikelyError as error:
        left.append(f"Samples: {error.what}.")
        return None


def _measures(
    fitted: Fitted[Any], sides: Sides | None, samples: Rows | None, seed: int
) -> dict[str, dict[str, Measure]]:
    """The quick measures of samples; other real rows, which the model learned from, stand beside."""
    if sides is None or samples is None:
        return {}
    held = sides.held_out or sides.learned
    try:
        found = {fitted.name: measures(held, samples, sides.learned, seed=seed)}
        if sides.held_out is None or len(sides.learned) < 2:
            return found
        other = sides.learned.take(np.random.default_rng(seed).permutation(len(sides.learned))[: len(held)])
        return found | {FLOOR: measures(held, other, None, seed=seed)}
    except LikelyError:
        return {}


def _calibration(fitted: Fitted[Any], rows: Rows, seed: int) -> Calibration | None:
    """Whether a model with a condition is as sure of its columns as it is right."""
    if not fitted.card.condition or isinstance(fitted.model, Predicts):
        return None
    try:
        return replace(calibrated(fitted, rows, draws=DRAWS, rows=TOLD, seed=seed), source=fitted.name)
    except LikelyError:
        return None


def judgements(log: Path) -> tuple[Judged, ...]:
    """Every judgement of a training's validation rows, as its log tells; what was rolled back is forgotten."""
    found: list[Judged] = []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    for line in lines:
        with suppress(ValueError, RecursionError):
            _hear(json.loads(line), found)
    return tuple(each for each in found if isfinite(each.value))


def _hear(said: Any, found: list[Judged]) -> None:
    match said:
        case {"event": "planned", "resumed": int(step)} | {"event": "rolledback", "to": int(step)}:
            found[:] = [each for each in found if each.step <= step]
        case {"event": "validated", "step": int(step), "value": int() | float() as value, "unit": str(unit)}:
            average, error = said.get("average"), said.get("error")
            found.append(Judged(step, float(value), float(value if average is None else average), error, unit))
