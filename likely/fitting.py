"""`fit` and `resume`: rows to a `Fitted`, by way of codecs, a model and the training loop.

What was asked is written to `request.json` before anything is learned, so that `resume` can do it again and the loop,
finding its own state beside it, goes on to the same bits.
"""

import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import likely
from likely import frames, store
from likely.codecs import Codec, ImageCodec, Lift, TableCodec, condition_codec
from likely.conditions import law_of
from likely.contracts import Bound, Density, Family, Model, Trained
from likely.data import Images, Rows, Schema, Table, content_hash, read, schema_from_json, schema_to_json, split
from likely.errors import ConditionError, Corrupt, DataError, EmptyData, MissingFile, WrongRows
from likely.fields import from_json, made, to_json
from likely.fitted import Card, Fitted, load
from likely.scoring import score_cells
from likely.training import Budget, Engine, Event, Examples, Finished, Planned, learn
from likely.training.log import JsonLines
from likely.training.progress import follow

REQUEST, LOG = "request.json", "log.jsonl"
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
    schema: dict[str, Any] | None = None  # the columns as they were read, so that a resumed reading is the same

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
            raise MissingFile(
                f"there is no training at {folder}", expected=f"a folder with {REQUEST}, as `likely fit -o` writes"
            ) from error
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
    device: str | None = None,
    batch: int | None = None,
    engine: Engine | None = None,
    listeners: Iterable[Callable[[Event], None]] = (),
) -> Fitted[Any]:
    """A family fitted to data: a path, a frame, an array, or the name of an embedded set.

    `condition` names columns to condition on; `budget` is steps (2000) or time ("5m"); `folder` keeps checkpoints and
    the result; `init` goes on from a saved model; `weight` is a column, or one weight a row.
    """
    rows = read(data, schema=schema)
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
        schema=schema_to_json(rows.schema) if isinstance(rows, Table) else None,
    )
    place = None if folder is None else Path(folder)
    if place is not None:
        _cleared(place)
        asked.written(place)
    held = None if validation is None else read(validation, schema=rows.schema if isinstance(rows, Table) else None)
    weights = None if weight is None or isinstance(weight, str) else np.asarray(weight, dtype=np.float64)
    using = engine or Engine(device=device)
    start = load(init) if isinstance(init, str | Path) else init
    run = Run(asked, rows, held, weights, place, using, frames.form_of(data))
    return run.finished(listeners, init=start)


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
        raise DataError(
            f"the data of {folder} was given in memory", expected="the same data", remedy="resume(folder, data)"
        )
    schema = None if asked.schema is None else schema_from_json(asked.schema)
    rows = read(asked.source if data is None else data, schema=schema)
    if content_hash(rows) != asked.data_hash:
        raise DataError(f"the data of {folder} has changed since its training began", expected=f"the rows read from {asked.source}",
                        remedy="restore them, or fit again (init=RUN goes on from its weights)")  # fmt: skip
    held = None if asked.validation is None else read(asked.validation)
    run = Run(asked, rows, held, None, place, engine or Engine(), frames.form_of(rows if data is None else data))
    return run.finished(listeners, resuming=True)


@dataclass(frozen=True)
class Run:
    """One training, from rows to a `Fitted`."""

    asked: Request
    rows: Rows
    held: Rows | None  # the person's own validation rows
    weights: Any  # one a row, where given as numbers
    folder: Path | None
    engine: Engine
    form: str  # what samples are returned as

    def finished(
        self, listeners: Iterable[Callable[[Event], None]], *, init: Fitted[Any] | None = None, resuming: bool = False
    ) -> Fitted[Any]:
        """Learn, tell the listeners, keep the result."""
        codec, given = self._codecs() if init is None else (init.codec, init.condition_codec)
        lift = Lift(codec.space, self.asked.family.lifted)
        model = self._built(lift, given)
        train, validation = self._parts(isinstance(model, Trained))
        examples = self._examples(train, codec, given)
        judged = None if validation is None else self._examples(validation, codec, given)
        plans: list[Planned] = []
        events = learn(
            model, examples, budget=Budget.parse(self.asked.budget), validation=judged, seed=self.asked.seed, folder=self.folder,
            engine=self.engine, lift=lift, batch=self.asked.batch, init=None if init is None else init.model.state_dict(),
            resume=resuming,
        )  # fmt: skip
        log = [] if self.folder is None else [JsonLines(self.folder / LOG)]
        ended = follow(events, *listeners, *log, lambda event: plans.append(event) if isinstance(event, Planned) else None)
        conditions = None if given is None or examples.c is None else law_of(examples.c, given.space)
        measures = self._measures(model, lift, judged, validation, codec, ended)
        fitted = Fitted(model.eval(), codec, self._card(plans[0].recipe.to_json(), measures), given, conditions)
        return self._kept(fitted)

    def _codecs(self) -> tuple[Codec[Any], Codec[Any] | None]:
        """The codec of what is modelled, and of what it is given."""
        said = self.rows.about if isinstance(self.rows, Images) else self.rows
        known = [] if said is None else list(said.schema.names)
        lacking = [name for name in self.asked.condition if name not in known]
        if lacking:
            raise ConditionError(f"there is no column {lacking} to condition on", expected=f"some of {known}")
        given = condition_codec(self.rows, self.asked.condition) if self.asked.condition else None
        if isinstance(self.rows, Images):
            return ImageCodec.fit(self.rows), given
        left = [name for name in known if name not in (*self.asked.condition, self.asked.weight)]
        if not left:
            raise WrongRows("every column is a condition: nothing is left to model", expected="at least one other column")
        return TableCodec.fit(self.rows, columns=left), given

    def _built(self, lift: Lift, given: Codec[Any] | None) -> Model:
        """The model at its initial weights, a function of the seed; torch's own generator is put back."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.asked.seed)
            return self.asked.family.build(lift.space, None if given is None else given.space)

    def _parts(self, trained: bool) -> tuple[Rows, Rows | None]:
        """Rows to learn from and to stop by. A counted family has nothing to stop: it learns from every row."""
        if self.held is not None or not trained:
            return self.rows, self.held
        parts = split(self.rows, fractions=(1 - VALIDATION, VALIDATION, 0.0))
        return parts.train, parts.validation if len(parts.validation) else None

    def _examples(self, rows: Rows, codec: Codec[Any], given: Codec[Any] | None) -> Examples:
        if not len(rows):
            raise EmptyData("there are no rows to learn from")
        c = None
        if given is not None:
            said = rows.about if isinstance(rows, Images) else rows
            if said is None:
                raise ConditionError("the pictures have no labels or captions", expected=f"{list(self.asked.condition)}")
            c = given.encode(said).x
        return Examples(codec.encode(rows).x, c, self._weights(rows))

    def _weights(self, rows: Rows) -> Tensor | None:
        """One weight a row: from a column, or as given for all the rows."""
        if self.asked.weight is not None:
            frame = rows.frame if isinstance(rows, Table) else rows.about.frame if rows.about else {}
            if self.asked.weight not in frame:
                raise DataError(f"there is no column '{self.asked.weight}' of weights", expected=f"one of {list(frame)}")
            return torch.tensor(np.asarray(frame[self.asked.weight], dtype=np.float64))
        if self.weights is None or len(rows) != len(self.weights):
            return None
        return torch.from_numpy(self.weights)

    def _measures(
        self, model: Model, lift: Lift, judged: Examples | None, rows: Rows | None, codec: Codec[Any], ended: Finished
    ) -> dict[str, Any]:
        """The held-out score with its kind, and what was kept of the training."""
        ends = {"kept": ended.kept, "final": ended.final}
        told: dict[str, Any] = {
            name: {"step": end.step, "averaged": end.averaged, "value": end.value} for name, end in ends.items()
        }
        if judged is None or rows is None or not isinstance(model, Density | Bound):
            return told
        few = min(len(judged), SCORED)
        part = judged.take(torch.arange(few))
        values, stderr = score_cells(model.eval(), lift, part.x.float(), part.c, draws=None, seed=self.asked.seed)
        nats = values + codec.encode(rows.take(np.arange(few))).ladj
        kind = ("≥" if isinstance(model, Bound) or not lift.exact else "=") + (" ≈" if stderr is not None else "")
        error = float(nats.std() / few**0.5) if few > 1 else None
        return told | {"validation": {"kind": kind, "mean": float(nats.mean()), "stderr": error, "rows": few}}

    def _card(self, recipe: dict[str, Any], measures: dict[str, Any]) -> Card:
        said = self.rows.about if isinstance(self.rows, Images) else self.rows
        return Card(
            family=self.asked.family, seed=self.asked.seed, condition=self.asked.condition,
            order=() if said is None else tuple(said.schema.names), returns=self.form,
            data={"source": self.asked.source, "rows": len(self.rows), "sha256": self.asked.data_hash},
            recipe=recipe, measures=measures,
            versions={"likely": likely.__version__, "torch": torch.__version__, "python": platform.python_version()},
        )  # fmt: skip

    def _kept(self, fitted: Fitted[Any]) -> Fitted[Any]:
        """Saved, and the training's own state taken away; without a folder, as it is."""
        if self.folder is None:
            return fitted
        fitted.save(self.folder)
        for state in self.folder.glob("state*"):
            state.unlink()
        return fitted


def _cleared(folder: Path) -> None:
    """A new training begins: what an older one left behind is taken away; a finished model stays until it is replaced."""
    if folder.is_file():
        raise DataError(f"{folder} is a file", expected="a folder for the model", remedy="another -o")
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in (REQUEST, store.DOCUMENT)):
        raise DataError(f"{folder} is a folder of something else", expected="an empty or new folder, or an earlier model's")
    for stale in (*folder.glob("state*"), *folder.glob("recipe.json"), *folder.glob(LOG)):
        stale.unlink()
