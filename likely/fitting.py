"""`fit` and `resume`: what a person calls to get a `Fitted`."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likely import frames, store
from likely.contracts import Family
from likely.data import Rows, Schema, Table, content_hash, read, schema_from_json, schema_to_json
from likely.errors import DataError
from likely.fields import made
from likely.fitted import Fitted, load
from likely.request import IN_MEMORY, REQUEST, Request
from likely.run import LOG, Run
from likely.streamed import is_large, sample_of
from likely.training import Engine, Event, forget, unfinished
from likely.training.checkpoint import RECIPE

Listeners = Iterable[Callable[[Event], None]]


def fit(
    data: Any,
    family: Family[Any] | str,
    *,
    condition: str | Sequence[str] | None = None,
    validation: Any = None,
    budget: str | int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    schema: Schema | str | Path | None = None,
    weight: str | Sequence[float] | None = None,
    init: Fitted[Any] | str | Path | None = None,
    device: str | None = None,
    batch: int | None = None,
    engine: Engine | None = None,
    listeners: Listeners = (),
) -> Fitted[Any]:
    """A family fitted to data: a path, a frame, an array, or the name of an embedded set.

    `condition` names columns to condition on; `budget` is steps (2000) or time ("5m"); `folder` keeps checkpoints and
    the result; `init` goes on from a saved model; `weight` is a column, or one weight a row. A table on disk too large
    to be held is read in pieces, by families that count.
    """
    rows, stamp, stream = _rows(data, schema)
    asked = Request(
        family=made("Family", family) if isinstance(family, str) else family,
        source=frames.source_of(data), data_hash=stamp,
        condition=(condition,) if isinstance(condition, str) else tuple(condition or ()),
        seed=seed, budget=None if budget is None else str(budget),
        validation=None if validation is None else frames.source_of(validation),
        weight=weight if isinstance(weight, str) else None, batch=batch,
        schema=schema_to_json(rows.schema) if isinstance(rows, Table) else None,
    )  # fmt: skip
    place = None if folder is None else Path(folder)
    held = None if validation is None else read(validation, schema=rows.schema if isinstance(rows, Table) else None)
    weights = None if weight is None or isinstance(weight, str) else np.asarray(weight, dtype=np.float64)
    start = load(init) if isinstance(init, str | Path) else init
    if place is not None:
        _cleared(place)
        asked.written(place)
    run = Run(asked, rows, held, weights, place, engine or Engine(device=device), frames.form_of(data), stream)
    return run.finished(listeners, init=start)


def _rows(data: Any, schema: Any) -> tuple[Rows, str, Path | None]:
    """The rows with their hash; of a large file only some, and its path to stream from."""
    if is_large(data):
        return *sample_of(data, schema), Path(data).expanduser()
    rows = read(data, schema=schema)
    return rows, content_hash(rows), None


def resume(
    folder: str | Path,
    data: Any = None,
    *,
    validation: Any = None,
    engine: Engine | None = None,
    listeners: Listeners = (),
) -> Fitted[Any]:
    """Go on with a training that was stopped, to the bits it would have ended in; a finished one is just loaded."""
    place = Path(folder)
    if (place / store.DOCUMENT).is_file() and not unfinished(place):
        return load(place)
    asked = Request.read(place)
    _check_given(asked, place, data, validation)
    schema = None if asked.schema is None else schema_from_json(asked.schema)
    source = asked.source if data is None else data
    rows, stamp, stream = _rows(source, schema)
    if stamp != asked.data_hash:
        raise DataError(f"the data of {folder} has changed since its training began",
                        expected=f"the rows read from {asked.source}",
                        remedy="restore them, or fit again (init=RUN goes on from its weights)")  # fmt: skip
    judged = asked.validation if validation is None else validation
    held = None if judged is None else read(judged, schema=rows.schema if isinstance(rows, Table) else None)
    run = Run(asked, rows, held, None, place, engine or Engine(), frames.form_of(source), stream)
    return run.finished(listeners, resuming=True)


def _check_given(asked: Request, place: Path, data: Any, validation: Any) -> None:
    """What was in memory must be given again."""
    if data is None and asked.from_memory:
        raise DataError(f"the data of {place} was given in memory", expected="the same data",
                        remedy="likely.resume(folder, data)")  # fmt: skip
    if validation is None and asked.validation in IN_MEMORY:
        raise DataError(f"the validation rows of {place} were given in memory", expected="the same rows",
                        remedy="likely.resume(folder, data, validation=rows)")  # fmt: skip


def _cleared(folder: Path) -> None:
    """A new training begins: what an older one left behind is taken away; a finished model stays until replaced."""
    if folder.is_file():
        raise DataError(f"{folder} is a file", expected="a folder for the model", remedy="another -o")
    ours = any((folder / name).exists() for name in (REQUEST, store.DOCUMENT))
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        raise DataError(f"{folder} is a folder of something else", expected="a new folder, or an earlier model's")
    forget(folder)
    for stale in (RECIPE, LOG):
        (folder / stale).unlink(missing_ok=True)
