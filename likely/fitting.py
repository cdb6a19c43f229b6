"""`fit` and `resume`: what a person calls to get a `Fitted`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likely import frames, store
from likely.contracts import Family
from likely.data import Rows, Schema, Table, Window, Windows, content_hash, read, schema_from_json, schema_to_json
from likely.errors import ConditionError, DataError, FieldError
from likely.fields import made
from likely.fitted import Fitted, load
from likely.presets import composed
from likely.request import Request
from likely.run import INIT, Run, claimed
from likely.source import families_that
from likely.streamed import is_large, sample_of
from likely.training import Engine, Event, unfinished

Listeners = Iterable[Callable[[Event], None]]
Weights = Sequence[float] | np.ndarray[Any, Any]


def fit(
    data: Any,
    family: Family[Any] | str,
    *,
    condition: str | Sequence[str] | None = None,
    target: str | None = None,
    validation: Any = None,
    budget: str | int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    schema: Schema | Mapping[str, Any] | str | Path | None = None,
    window: Window | None = None,
    weight: str | Weights | None = None,
    init: Fitted[Any] | str | Path | None = None,
    device: str | None = None,
    batch: int | None = None,
    engine: Engine | None = None,
    certify: bool = True,
    listeners: Listeners = (),
) -> Fitted[Any]:
    """A family fitted to data: a path, a frame, an array, or the name of an embedded set.

    `condition` names columns to condition on, or `target` the one to predict: generative families are given it,
    discriminative ones (Logistic, Linear) are given the rest. `budget` is steps (2000) or time ("5m"); `folder` keeps
    checkpoints and the result; `init` goes on from a saved model; `weight` is a column, or one weight a row; `certify`
    checks the result for at most a few seconds (`likely.certificates`). A table on disk too large to be held is read in
    pieces, by families that count. `window` cuts a table of moments, or long sounds, into rows of so many moments;
    `Windows` lets them overlap, or tells them as changes.
    """
    place = None if folder is None else Path(folder)
    if place is not None:
        claimed(place)
    rows, stamp, stream = _rows(data, schema, window)
    described = described_family(family)
    asked = Request(
        family=described,
        source=frames.source_of(data), data_hash=stamp,
        condition=_condition(rows, described, condition, target, weight),
        seed=seed, budget=None if budget is None else str(budget),
        validation=None if validation is None else frames.source_of(validation),
        weight=weight if isinstance(weight, str) else None, batch=batch, certify=certify,
        schema=schema_to_json(rows.schema) if isinstance(rows, Table) else None,
        window=None if window is None else Windows.of(window).to_json(),
        in_memory=_nameless(data=data, validation=validation, weight=None if isinstance(weight, str) else weight),
    )  # fmt: skip
    start = load(init) if isinstance(init, str | Path) else init
    engine = engine or Engine(device=device)
    run = Run(
        asked, rows, _held(validation, rows, window), _numbers(weight), place, engine, frames.form_of(data), stream
    )
    return run.finished(listeners, init=start)


def described_family(family: Any) -> Family[Any]:
    """A family with its fields, from itself or from its name; the families that it leaves open are put there."""
    if isinstance(family, str):
        return composed(made("Family", family))
    if isinstance(family, Family):
        return composed(family)
    what = f"{family.__name__} is a class" if isinstance(family, type) else f"a {type(family).__name__} is no family"
    name = family.__name__ if isinstance(family, type) and issubclass(family, Family) else "VAE"
    raise FieldError(what, expected="a family with its fields, or its name", remedy=f"likely.{name}()")


def _nameless(**given: Any) -> tuple[str, ...]:
    """What was given as itself, and not as a path or a name to read it by."""
    return tuple(name for name, value in given.items() if value is not None and not isinstance(value, str | Path))


def _held(validation: Any, rows: Rows, window: Window | None) -> Rows | None:
    """The person's own validation rows, read as the others were."""
    schema = rows.schema if isinstance(rows, Table) else None
    return None if validation is None else read(validation, schema=schema, window=window)


def _numbers(weight: str | Weights | None) -> "np.ndarray[Any, Any] | None":
    """Weights that are given, and not a column's name."""
    return None if weight is None or isinstance(weight, str) else np.ascontiguousarray(weight, dtype=np.float64)


def _condition(
    rows: Rows, family: Any, condition: str | Sequence[str] | None, target: str | None, weight: Any
) -> tuple[str, ...]:
    """The columns that are conditioned on."""
    if target is None:
        return (condition,) if isinstance(condition, str) else tuple(condition or ())
    if condition is not None:
        raise ConditionError("a condition and a target were both given", expected="one of them")
    return given_of(rows, family, target, without=(weight,))


def given_of(rows: Rows, family: Any, target: str, *, without: Sequence[Any] = ()) -> tuple[str, ...]:
    """What this family is given to predict the target: a generative one the target, another one the rest."""
    kinds = {} if rows.said is None else {column.name: column.kind for column in rows.said.schema.columns}
    if target not in kinds:
        raise ConditionError(f"there is no column '{target}' to predict", expected=f"one of {list(kinds)}")
    if type(family).__name__ not in families_that("Predicts"):
        return (target,)
    rest = [name for name, kind in kinds.items() if name not in (target, *without) and kind not in ("id", "constant")]
    words = [name for name in rest if kinds[name] == "text"]
    return tuple(rest if rest == words[:1] else [name for name in rest if name not in words])


def _rows(data: Any, schema: Any, window: Window | None) -> tuple[Rows, str, Path | None]:
    """The rows with their hash; of a large file only some, and its path to stream from."""
    if window is None and is_large(data, schema):
        return *sample_of(data, schema), Path(data).expanduser()
    rows = read(data, schema=schema, window=window)
    return rows, content_hash(rows), None


def is_finished(folder: Path) -> bool:
    """Whether there is a model, and no training to go on with."""
    return (folder / store.DOCUMENT).is_file() and not unfinished(folder)


def resume(
    folder: str | Path,
    data: Any = None,
    *,
    validation: Any = None,
    weight: Weights | None = None,
    engine: Engine | None = None,
    listeners: Listeners = (),
) -> Fitted[Any]:
    """Go on with a training that was stopped, to the bits it would have ended in; a finished one is just loaded.

    What `fit` was given in memory (data, validation rows, weights that are no column) is given here again.
    """
    place = Path(folder)
    if is_finished(place):
        return load(place)
    asked = Request.read(place)
    _check_given(asked, place, data=data, validation=validation, weight=weight)
    schema = None if asked.schema is None else schema_from_json(asked.schema)
    source = asked.source if data is None else data
    rows, stamp, stream = _rows(source, schema, asked.window)
    if stamp != asked.data_hash:
        raise DataError(f"the data of {folder} has changed since its training began",
                        expected=f"the rows read from {asked.source}",
                        remedy="restore them, or fit again (init=RUN goes on from its weights)")  # fmt: skip
    held = _held(asked.validation if validation is None else validation, rows, asked.window)
    run = Run(asked, rows, held, _numbers(weight), place, engine or Engine(), frames.form_of(source), stream)
    return run.finished(listeners, init=load(place / INIT) if (place / INIT).is_dir() else None, resuming=True)


def _check_given(asked: Request, place: Path, **given: Any) -> None:
    """What was in memory must be given again."""
    lacking = [name for name in asked.in_memory if given[name] is None]
    if lacking:
        raise DataError(f"{' and '.join(lacking)} of {place} came from memory", expected="the same again",
                        remedy=f"likely.resume(folder, {', '.join(f'{name}=...' for name in lacking)})")  # fmt: skip
