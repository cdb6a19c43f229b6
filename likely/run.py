"""One training, from rows to a `Fitted`: codecs, a model, the loop, the card."""

import json
import platform
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from math import inf, isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import likely
from likely.bijections import FlowFamily
from likely.card import Card
from likely.certificates import Subject, certify, spread
from likely.codecs import Cells, Codec, Lift, TableCodec, TextCodec, codec_for, condition_codec
from likely.conditions import Conditions, seen
from likely.contracts import (
    Bound,
    Counted,
    Family,
    Judges,
    Latent,
    Lifted,
    Model,
    Reconstructs,
    Trained,
    Units,
    Weighted,
)
from likely.data import Rows, Table, sides
from likely.doctor import Checkup, Patient, Record, attended, read_record
from likely.errors import ConditionError, DataError, EmptyData, FieldError, TrainingError, WrongRows
from likely.fitted import Fitted
from likely.metrics import coded
from likely.metrics.coded import FEWEST
from likely.request import Request
from likely.scoring import SCORED, STRANGE, WEIGHT_DRAWS, scored, strangeness, terms, used
from likely.source import families_that
from likely.store import DOCUMENT
from likely.streamed import Streamed
from likely.suggestion import shown
from likely.training import Budget, Engine, Event, Examples, Finished, Planned, forget, learn
from likely.training.checkpoint import RECIPE, REQUEST
from likely.training.log import JsonLines
from likely.training.progress import follow

LOG = "log.jsonl"
INIT = "init.likely"  # the model that a training goes on from, kept beside its state until it has ended
VALIDATION = 0.1  # the share of rows held back to stop early and to choose the kept weights
CHECKED, LARGEST = 256, 1 << 24  # rows that are certified; numbers in all of them
JUDGED = 2000  # rows of the validation split that the card's measure is taken on
SHORT = 64  # the same of a training too short to be judged
FEW = 2  # draws of a number that is drawn, where judging a row is dear
LARGEST_NUMBER = 1e300  # what a row that cannot be stands as
HELD = 1000  # of them whose strangeness is kept, for p-values of rows to come


@dataclass(frozen=True)
class Part:
    """Some of the rows, as the loop wants them; their log|det| for the card."""

    rows: Rows
    examples: Examples
    ladj: Tensor


@dataclass(frozen=True)
class Run:
    """What is learned from, and where the result goes."""

    asked: Request
    rows: Rows  # all of them, or a sample where the file is streamed
    held: Rows | None  # the person's own validation rows
    weights: Any  # one a row, where given as numbers
    folder: Path | None
    engine: Engine
    form: str  # what samples are returned as
    stream: Path | None = None  # a file larger than memory

    def finished(
        self, listeners: Iterable[Callable[[Event], None]], *, init: Fitted[Any] | None = None, resuming: bool = False
    ) -> Fitted[Any]:
        """Learn, tell the listeners, keep the result."""
        codec, given = self._codecs() if init is None else self._codecs_of(init)
        lift = Lift.of(self.asked.family, codec.space)
        _leaving_out(self.asked.family, codec)
        model = self._built(lift, given)
        learned, judged = self._data(model, codec, given)
        data = learned.examples if isinstance(learned, Part) else learned
        plans: list[Planned] = []
        budget = Budget.parse(self.asked.budget)
        if self.folder is not None and not resuming:
            self._begun(self.folder, init)
        events = learn(
            model, data, budget=budget, validation=judged and judged.examples,
            seed=self.asked.seed, folder=self.folder, engine=self.engine, lift=lift, batch=self.asked.batch,
            init=None if init is None else init.model.state_dict(), resume=resuming,
        )  # fmt: skip
        checkup = None if judged is None else self._checkup(model, codec, given, lift, learned, judged)
        log = [] if self.folder is None else [JsonLines(self.folder / LOG)]
        watched = events if checkup is None else attended(events, checkup)
        ended = follow(watched, *listeners, *log, lambda e: plans.append(e) if isinstance(e, Planned) else None)
        recipe = plans[0].recipe
        measures = _measures(model, lift, judged, ended, most=recipe.judged or SHORT, seed=self.asked.seed)
        card = self._card(recipe.to_json(), measures, data)
        found = () if checkup is None else tuple(str(found) for found in checkup.findings)
        if checkup is not None and checkup.health.readings:
            card = replace(card, measures=dict(card.measures) | {"health": checkup.health.to_json()["readings"]})
        card = replace(card, findings=((model.caveat,) if isinstance(model, Reconstructs) else ()) + found)
        fitted = Fitted(model.eval(), codec, card, given, _conditions(data, given), _ended(ended))
        fitted = self._looked_into(fitted, judged)
        return self._kept(self._certified(fitted, judged) if self.asked.certify else fitted)

    # What is learned from --------------------------------------------------------------------------------------------

    def _codecs(self) -> tuple[Codec[Any], TableCodec | TextCodec | None]:
        """The codec of what is modelled, and of what it is given."""
        given = condition_codec(self.rows, self.asked.condition) if self.asked.condition else None
        if not isinstance(self.rows, Table):
            return codec_for(self.rows), given
        left = [name for name in self.rows.schema.names if name not in (*self.asked.condition, self.asked.weight)]
        if not left:
            raise WrongRows("every column is a condition: nothing is left to model", expected="another column")
        return codec_for(self.rows, columns=left), given

    def _codecs_of(self, init: Fitted[Any]) -> tuple[Codec[Any], TableCodec | TextCodec | None]:
        """The codecs of the model that this training goes on from."""
        if init.card.condition != self.asked.condition:
            known = list(init.card.condition)
            raise ConditionError(f"the model to go on from is given {known or 'nothing'}",
                                 expected="the same condition", remedy=f"condition={known}")  # fmt: skip
        return init.codec, init.condition_codec

    def _built(self, lift: Lift, given: Codec[Any] | None) -> Model:
        """The model at its initial weights, a function of the seed; torch's own generator is put back."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.asked.seed)
            return self.asked.family.build(lift.space, None if given is None else given.space)

    def _data(self, model: Model, codec: Codec[Any], given: Codec[Any] | None) -> "tuple[Part | Streamed, Part | None]":
        """Rows to learn from and rows to judge by. A counted family has nothing to stop: it learns from every row."""
        trained = isinstance(model, Trained)
        if self.stream is not None:
            return self._streamed(model, codec, given), None
        weights = self._weights()
        if self.held is not None or not trained:
            held = None if self.held is None else self._part(self.held, None, codec, given)
            return self._part(self.rows, weights, codec, given), held
        side = sides(self.rows, fractions=(1 - VALIDATION, VALIDATION, 0.0))
        learned, judged = (np.flatnonzero(side == place) for place in (0, 1))
        held = self._part(self.rows.take(judged), _chosen(weights, judged), codec, given) if len(judged) else None
        return self._part(self.rows.take(learned), _chosen(weights, learned), codec, given), held

    def _checkup(
        self, model: Model, codec: Codec[Any], given: Codec[Any] | None, lift: Lift, learned: "Part | Streamed",
        judged: Part,
    ) -> Checkup:  # fmt: skip
        """A doctor; of a game it looks at the rows too, and at what the log tells of an earlier session."""
        patient, log, seed = None, self.folder and self.folder / LOG, self.asked.seed
        weighted = self.asked.weight is not None or self.weights is not None
        if isinstance(model, Judges) and isinstance(learned, Part) and not weighted:
            patient = Patient(model, codec, lift, learned.rows, judged.rows, given, seed)
        record = read_record(log) if log is not None and log.is_file() else Record()
        return Checkup(model, judged.examples, seed, lift, patient, record)

    def _streamed(self, model: Model, codec: Codec[Any], given: Codec[Any] | None) -> Streamed:
        assert self.stream is not None
        assert isinstance(self.rows, Table)
        if not isinstance(model, Counted) or isinstance(model, Trained):
            raise TrainingError(
                f"{self.stream} is too large to be held in memory, and this family draws its rows at random",
                expected=f"a family that counts ({', '.join(families_that('Counted'))}), or fewer rows",
                remedy="a sample of the rows",
            )
        return Streamed(self.stream, self.rows.schema, codec, given, self.asked.weight)

    def _part(self, rows: Rows, weights: Any, codec: Codec[Any], given: Codec[Any] | None) -> Part:
        if not len(rows):
            raise EmptyData("there are no rows to learn from")
        c = None if given is None else given.encode(_said(rows)).x
        cells = codec.encode(rows)
        return Part(rows, Examples(cells.x, c, None if weights is None else torch.from_numpy(weights)), cells.ladj)

    def _weights(self) -> Any:
        """One weight a row: from a column, or as given."""
        if self.asked.weight is None:
            return self.weights
        table = self.rows.naming([self.asked.weight], "of weights")
        return np.array(table.frame[self.asked.weight], dtype=np.float64)

    # What is kept ----------------------------------------------------------------------------------------------------

    def _card(self, recipe: dict[str, Any], measures: dict[str, Any], data: "Examples | Streamed") -> Card:
        rows = data.rows if isinstance(data, Streamed) else len(self.rows)
        return Card(
            family=self.asked.family, seed=self.asked.seed, condition=self.asked.condition,
            order=tuple(_named(self.rows)), returns=self.form,
            data={"source": self.asked.source, "rows": rows, "sha256": self.asked.data_hash} | self._asides,
            recipe=json.loads(json.dumps(recipe)), measures=measures,
            versions={"likely": likely.__version__, "torch": torch.__version__, "python": platform.python_version()},
        )  # fmt: skip

    @property
    def _asides(self) -> dict[str, Any]:
        """Of the data, what only some trainings have: rows of the person's own to judge by, windows, weights."""
        told = {"validation": self.asked.validation, "window": self.asked.window}
        told["weight"] = self.asked.weight or (None if self.weights is None else "given")
        return {name: value for name, value in told.items() if value is not None}

    def _looked_into(self, fitted: Fitted[Any], judged: Part | None) -> Fitted[Any]:
        """With what was measured of its codes, on held-out rows where there are any."""
        if not isinstance(fitted.model, Latent):
            return fitted
        most = max(FEWEST, LARGEST // prod(fitted.codec.space.shape))
        rows = _some(self.rows if judged is None else judged.rows, min(JUDGED, most))
        found = coded(self._modelled(rows), fitted.encode(rows), fitted.model.codes)
        told = {name: {"value": m.value, "low": m.low, "high": m.high, "note": m.note} for name, m in found.items()}
        measures = dict(fitted.card.measures) | {"codes": told | {"rows": len(rows), "held out": judged is not None}}
        return replace(fitted, card=replace(fitted.card, measures=measures))

    def _modelled(self, rows: Rows) -> Rows:
        """A table without the columns that a model is given."""
        if not isinstance(rows, Table):
            return rows
        given = {*self.asked.condition, self.asked.weight} & set(rows.frame)
        return Table(rows.frame.drop(columns=sorted(given)), rows.schema)

    def _certified(self, fitted: Fitted[Any], judged: Part | None) -> Fitted[Any]:
        """With what was checked of it, on held-out rows where there are any; what failed is a finding."""
        rows = self.rows if judged is None else judged.rows
        found = certify(lambda: self._subject(fitted, rows), held_out=judged is not None)
        card = replace(fitted.card, certificates=found, findings=(*fitted.card.findings, *found.findings))
        return replace(fitted, card=card)

    def _subject(self, fitted: Fitted[Any], rows: Rows) -> Subject:
        """Some of the rows; of a table also more of all rows, to see which columns hang together."""
        x, _, c = fitted.cells(_some(rows, min(CHECKED, max(16, LARGEST // prod(fitted.codec.space.shape)))))
        names, more = (), None
        if isinstance(fitted.codec, TableCodec):
            names = fitted.codec.names
            seen, _, given = fitted.cells(_some(self.rows, JUDGED))
            more = seen, given
        model, lift, codec, given = fitted.model, fitted.lift, fitted.codec, fitted.card.condition
        return Subject(model, lift, codec, x, c, names, given, more, self.asked.seed)

    def _begun(self, folder: Path, init: Fitted[Any] | None) -> None:
        """The folder is taken only now that what was asked has been found to make sense."""
        cleared(folder)
        if init is not None:
            init.save(folder / INIT)
        self.asked.written(folder)

    def _kept(self, fitted: Fitted[Any]) -> Fitted[Any]:
        """Saved, and what a resumed training would need taken away; without a folder, as it is."""
        if self.folder is None:
            return fitted
        fitted.save(self.folder)
        forget(self.folder)
        shutil.rmtree(self.folder / INIT, ignore_errors=True)
        return fitted


def claimed(folder: Path) -> None:
    """An error now if a model could not go there."""
    if file := next((place for place in (folder, *folder.parents) if place.is_file()), None):
        raise DataError(f"{file} is a file", expected="a folder for the model", remedy="another -o")
    ours = any((folder / name).exists() for name in (REQUEST, DOCUMENT))
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        expected = "a new folder, or an earlier model's"
        raise DataError(f"{folder} is a folder of something else", expected=expected, remedy="another -o")


def cleared(folder: Path) -> None:
    """A new training begins: what an older one left behind is taken away; a finished model stays until replaced."""
    claimed(folder)
    forget(folder)
    shutil.rmtree(folder / INIT, ignore_errors=True)
    for stale in (RECIPE, LOG):
        (folder / stale).unlink(missing_ok=True)


def _leaving_out(family: Family[Any], codec: Codec[Any]) -> None:
    """An error where cells are to be left out by a family that needs them all."""
    chances = codec.layout.chances if isinstance(codec, TableCodec) else {}
    if chances and (isinstance(family, FlowFamily) or family.lifted is not Lifted.NOT):
        raise FieldError(f"{type(family).__name__} cannot leave missing cells out ({shown(chances)})",
                         expected="a family of cells as they are, such as VAE, Circuit or GaussianMixture",
                         remedy="without missing_at_random which cells are missing is modelled too")  # fmt: skip


def _named(rows: Rows) -> list[str]:
    """The columns that a condition or a weight can be."""
    return [] if rows.said is None else list(rows.said.schema.names)


def _some(rows: Rows, most: int) -> Rows:
    return rows.take(spread(len(rows), most).numpy())


def _said(rows: Rows) -> Table:
    """The table, or what is said about the pieces."""
    if rows.said is None:
        what = f"the {rows.word} have no labels or captions"
        raise ConditionError(what, expected="class folders, or captions.csv")
    return rows.said


def _chosen(weights: Any, rows: Any) -> Any:
    return None if weights is None else weights[rows]


def _conditions(data: "Examples | Streamed", given: Codec[Any] | None) -> Conditions | None:
    if isinstance(data, Streamed):
        return None if data.gathered is None else data.gathered.law
    if given is None or data.c is None:
        return None
    return seen(data.c, given.space)


def _measures(
    model: Model, lift: Lift, judged: Part | None, ended: Finished, *, most: int, seed: int
) -> dict[str, Any]:
    """The held-out score with its kind, and what was kept of the training; where judging is dear, of fewer rows."""
    told: dict[str, Any] = {"kept": ended.kept.plain, "final": ended.final.plain}
    if not ended.counted:
        told |= {"rule": ended.rule, "unit": ended.unit}
        told |= {"widths": {f"{width:g}": _finite(value) for width, value in ended.widths.items()}}
    if judged is None or not isinstance(model, STRANGE):
        return told
    rows, draws = (JUDGED, None) if most >= JUDGED else (most, FEW)
    part = next(judged.examples.chunks(rows))
    cells = Cells(part.x, judged.ladj[:rows])
    if not isinstance(model, SCORED):
        return told | {"strangeness": _kept_of(strangeness(model.eval(), lift, cells, part.c, seed=seed))}
    scores = scored(model.eval(), lift, cells, part.c, draws=draws, seed=seed)
    mean, error = _finite(scores.mean), _finite(scores.mean_stderr)
    weighted = {"draws": draws or WEIGHT_DRAWS} if isinstance(model, Weighted) else {}
    told["validation"] = {"kind": scores.kind, "mean": mean, "stderr": error, "rows": len(part), **weighted}
    return told | {"strangeness": _kept_of(-scores.nats)} | _terms(model, lift, cells, part.c, seed)


def _ended(finished: Finished) -> Callable[[], dict[str, Tensor]] | None:
    """The last weights, where others were kept."""
    last = finished.final.weights
    return None if finished.kept.same(finished.final) else partial(dict, last)


def _kept_of(strange: Tensor) -> list[float]:
    """How strange held-out rows are, ascending, in numbers that JSON has."""
    return torch.nan_to_num(strange[:HELD], inf).clamp(-LARGEST_NUMBER, LARGEST_NUMBER).sort().values.tolist()


def _terms(model: Model, lift: Lift, cells: Cells, c: Tensor | None, seed: int) -> dict[str, Any]:
    """Of a bound its two terms; of a code, what each of its numbers is used for."""
    told: dict[str, Any] = {}
    if isinstance(model, Bound):
        elbo = terms(model, lift, cells, c, seed=seed)
        told["bound"] = {"fit": _finite(float(elbo.fit.mean())), "rate": _finite(float(elbo.rate.mean()))}
    if isinstance(model, Units):
        seen = used(model, lift, cells.x, c, seed=seed)
        told["latents"] = {"rates": seen.rate.mean(0).tolist(), "active": seen.active.tolist()}
    return told


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
