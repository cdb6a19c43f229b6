"""`fit` and `resume`: rows to a `Fitted`, by way of codecs, a model and the training loop.

What was asked is written to `request.json` before anything is learned, so that `resume` can do it again and the loop,
finding its own state beside it, goes on to the same bits.
"""

import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import likely
from likely import frames, store
from likely.codecs import Codec, Lift, codec_for, condition_codec
from likely.conditions import law_of
from likely.contracts import Bound, Density, Family, Model, Trained
from likely.data import Images, Rows, Schema, Table, content_hash, read, split
from likely.errors import ConditionError, Corrupt, DataError, EmptyData, FieldError, MissingFile
from likely.fields import from_json, made, to_json
from likely.fitted import Card, Fitted, load
from likely.training import Budget, Engine, Event, Examples, Finished, Planned, learn

REQUEST = "request.json"
VALIDATION = 0.1  # the share of rows held back to stop early and to choose the kept weights
SCORED = 2000  # rows of the validation split that the card's measure is taken on


@dataclass(frozen=True)
class Request:
    """What was asked of `fit`, as plain values."""

    family: Any
    source: str
    data_hash: str
    condition: tuple[str, ...]
    seed: int
    budget: str | None
    validation: str | None = None
    weight: str | None = None
    batch: int | None = None

    def written(self, folder: Path) -> None:
        """Into the folder, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f"{REQUEST}.new-{os.getpid()}"
        beside.write_text(json.dumps(asdict(self) | {"family": to_json(self.family)}), encoding="utf-8")
        beside.replace(folder / REQUEST)

    @classmethod
    def read(cls, folder: Path) -> "Request":
        """The request that a training's folder holds."""
        try:
            said = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
            family = from_json(said.pop("family"), "Family")
            return cls(family=family, **said | {"condition": tuple(said["condition"])})
        except FileNotFoundError as error:
            raise MissingFile(f"there is no training at {folder}", expected=f"a folder with {REQUEST}, as `likely fit -o` writes") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Corrupt(f"{folder / REQUEST} is damaged: {error}", remedy="fit again") from error


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
    device: str = "auto",
    batch: int | None = None,
    engine: Engine | None = None,
    listeners: Iterable[Callable[[Event], None]] = (),
) -> Fitted[Any]:
    """A family fitted to data: a path, a frame, an array, or the name of an embedded set.

    `condition` names columns to condition on; `budget` is steps (2000) or time ("5m"); `folder` keeps checkpoints and
    the result; `init` goes on from a saved model; `weight` is a column, or one weight a row.
    """
    rows = read(data, schema=_schema(schema))
    asked = Request(
        family=made("Family", family) if isinstance(family, str) else family,
        source=frames.source_of(data),
        data_hash=content_hash(rows),
        condition=(condition,) if isinstance(condition, str) else tuple(condition or ()),
        seed=seed,
        budget=None if budget is None else str(budget),
        validation=None if validation is None else frames.source_of(validation),
        weight=weight if isinstance(weight, str) else None,
        batch=batch,
    )
    place = None if folder is None else Path(folder)
    if place is not None:
        _cleared(place)
        asked.written(place)
    held = None if validation is None else read(validation, schema=rows.schema if isinstance(rows, Table) else None)
    weights = None if weight is None or isinstance(weight, str) else np.asarray(weight, dtype=np.float64)
    using = replace(engine or Engine(), device=device)
    return _run(asked, rows, held, weights, place, using, init, frames.form_of(data), listeners)


def resume(
    folder: str | Path,
    data: Any = None,
    *,
    engine: Engine | None = None,
    listeners: Iterable[Callable[[Event], None]] = (),
) -> Fitted[Any]:
    """Go on with a training that was stopped, to the bits it would have ended in; a finished one is just loaded."""
    place = Path(folder)
    if (place / store.DOCUMENT).is_file() and not list(place.glob("state*")):
        return load(place)
    asked = Request.read(place)
    if data is None and asked.source in ("DataFrame", "ndarray", "Tensor", "Table", "Images"):
        raise DataError(f"the data of {folder} was given in memory", expected="the same data", remedy="resume(folder, data)")
    rows = read(asked.source if data is None else data)
    if content_hash(rows) != asked.data_hash:
        raise DataError(f"the data of {folder} has changed since its training began", expected=f"the rows read from {asked.source}",
                        remedy="restore them, or fit again (init=RUN goes on from its weights)")  # fmt: skip
    held = None if asked.validation is None else read(asked.validation)
    return _run(asked, rows, held, None, place, engine or Engine(), None, frames.form_of(rows), listeners)
