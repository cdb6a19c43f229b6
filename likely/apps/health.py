"""The health of a run: of a finished model with the rows it was fitted on, or of a training that has not ended.

A model's folder keeps no rows. They are read again from where they were, and have to be the same, since which of them
the model did not learn from follows from each row itself; what cannot be looked at without them is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from likely.apps.coded import training_source
from likely.codecs import TextsCodec
from likely.contracts import Trained
from likely.data import Rows, content_hash, read, sides
from likely.doctor import Effort, Health, Patient, Record, examined, of_training, read_record
from likely.errors import CannotAnswer, DataError, LikelyError, MissingFile
from likely.fitted import Fitted, load
from likely.request import Request
from likely.run import LOG, VALIDATION
from likely.store import DOCUMENT
from likely.streamed import is_large, sample_of
from likely.training import unfinished

NO_ROWS = "modes, support, copies and the critic"


@final
@dataclass(frozen=True)
class Examined:
    """What was looked at, and what was seen."""

    of: str  # the family, and how far its training has come
    health: Health


@final
@dataclass(frozen=True)
class Sides:
    """Rows that a model learned from, and rows that it did not."""

    learned: Rows
    held_out: Rows | None


def health(run: str | Path, data: Any = None, *, effort: Effort | None = None, seed: int = 0) -> Examined:
    """How healthy the model or the training in a folder is; `data` are the rows it was fitted on, if they moved."""
    folder = Path(run)
    record = read_record(folder / LOG) if (folder / LOG).is_file() else None
    if unfinished(folder) or (not (folder / DOCUMENT).is_file() and record is not None):
        return _of_training(folder, record)
    fitted = load(folder)
    return Examined(repr(fitted), of_fitted(fitted, record, data, effort=effort, seed=seed))


def _of_training(folder: Path, record: Record | None) -> Examined:
    """A training that goes on, or was stopped: all there is to look at is its log."""
    told = repr(Request.read(folder).family)
    if record is None:
        raise MissingFile(f"the training in {folder} has no {LOG} yet", remedy="wait for its first steps")
    at = record.steps[-1] if record.steps else 0
    left = Health(left_out=(f"{NO_ROWS}: the training has not ended (likely resume {folder})",))
    return Examined(f"{told}, step {at:,} of {record.planned:,}", of_training(record) + left)


def of_fitted(
    fitted: Fitted[Any], record: Record | None = None, data: Any = None, *, effort: Effort | None = None, seed: int = 0
) -> Health:
    """How healthy a fitted model is: it samples, and the rows it was fitted on are beside."""
    known = record or Record()
    left = Health(left_out=() if record is not None else (f"gradients and oscillation: there is no {LOG} beside it",))
    if not isinstance(fitted.model, Trained):
        left = Health()
    try:
        rows = parted(fitted, data)
    except LikelyError as error:
        return of_training(known) + left + Health(left_out=(f"{NO_ROWS}: {error.what}",))
    patient = Patient(
        fitted.model, fitted.codec, fitted.lift, rows.learned, rows.held_out, fitted.condition_codec, seed
    )  # fmt: skip
    return examined(patient, known, effort) + left


def parted(fitted: Fitted[Any], data: Any = None) -> Sides:
    """The rows that it was fitted on, parted as they were then; rows that have changed are refused."""
    said = fitted.card.data
    if "weight" in said:
        raise CannotAnswer("its rows were weighted, and generated rows are not like unweighted ones",
                           expected="a model of rows that count alike")  # fmt: skip
    source = training_source(fitted) if data is None else data
    rows = next((each for each, stamp in _readings(fitted, source) if stamp == said.get("sha256")), None)
    if rows is None:
        raise DataError(f"the rows of {source} are not those that it was fitted on", expected="the same rows",
                        remedy="--data FILE, where they are")  # fmt: skip
    if not isinstance(fitted.model, Trained):
        return Sides(rows, None)
    if "validation" in said:
        return Sides(rows, _own(str(said["validation"]), said.get("window")))
    side = sides(rows, fractions=(1 - VALIDATION, VALIDATION, 0.0))
    learned, judged = (np.flatnonzero(side == place) for place in (0, 1))
    return Sides(rows.take(learned), rows.take(judged) if len(judged) else None)


def _readings(fitted: Fitted[Any], source: Any) -> Iterator[tuple[Rows, str]]:
    """The source, read in each way that it may have been read in."""
    window = fitted.card.data.get("window")
    if window is None and is_large(source):
        yield sample_of(source, None)
        return
    ways: list[dict[str, Any]] = [{"window": window}]
    if isinstance(fitted.codec, TextsCodec):
        ways.append({"schema": {"texts": fitted.codec.form}})
    for way in ways:
        rows = read(source, **way)
        yield rows, content_hash(rows)


def _own(source: str, window: Any) -> Rows | None:
    """The person's own validation rows, where they are still there."""
    try:
        return read(source, window=window)
    except LikelyError:
        return None
