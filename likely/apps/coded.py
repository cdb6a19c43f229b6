"""A person's rows beside the codes that a model gives them: where every look inside begins.

A model's folder keeps no rows, so they are given again, or read from where the model was fitted. Codes are one matrix
of numbers (N, D), whatever their shape is to the model; what decodes keeps the condition of the row it began from.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely import frames
from likely.apps.codes import decoded
from likely.contracts import Decodes, Latent, Space
from likely.data import EMBEDDED, Rows, Schema, Table, read
from likely.errors import CannotAnswer, EmptyData, MissingFile, WrongRows
from likely.fitted import Fitted
from likely.promises import promised
from likely.spaces import Category, Real, Tokens, Vector, levels_of

Array = np.ndarray[Any, Any]
SOUGHT = 300  # rows at most of those drawn, where each one's code has to be sought


@dataclass(frozen=True)
class Coded:
    """Rows, what is said of them, and their codes, which are found when they are first asked for."""

    fitted: Fitted[Any]
    rows: Rows
    labels: Table | None = None  # one row a row: its own columns, and those of a metadata table
    found: Array | None = None  # codes that are known already

    @cached_property
    def z(self) -> Array:
        """(N, D) float64."""
        return flat(self.fitted.encode(self.rows)) if self.found is None else self.found

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Any) -> "Coded":
        """These rows, by position; one that is not there is an error."""
        kept = within(np.atleast_1d(places), len(self))
        labels = None if self.labels is None else self.labels.take(kept)
        return Coded(self.fitted, self.rows.take(kept), labels, self.z[kept] if "z" in vars(self) else None)

    def decoded(self, z: Array, given: "pd.DataFrame | None" = None) -> Rows:
        """The rows that codes (M, D) stand for, each with its condition where the model has one."""
        return decoded(self.fitted, z, given)

    def given(self, places: Any) -> "pd.DataFrame | None":
        """The condition of these rows, in their order."""
        names = list(self.fitted.card.condition)
        if not names or self.rows.said is None:
            return None
        return self.rows.said.frame[names].iloc[within(np.atleast_1d(places), len(self))].reset_index(drop=True)


def coded(fitted: Fitted[Any], data: Any = None, *, labels: Any = None, most: int | None = None) -> Coded:
    """The rows with their codes: `data`, or what the model was fitted on; `labels` is a table with more said of each.

    At most `most` of them, drawn without replacement, in their order; fewer where a search has to find each code.
    """
    codes_of(fitted)
    source = training_source(fitted) if data is None else data
    rows = frames.read_like(source, fitted.codec, fitted.condition_codec, fitted.card.order)
    if not len(rows):
        raise EmptyData("there are no rows to look at", expected="at least one")
    said, places = _labelled(rows, None if labels is None else read(labels)), drawn(len(rows), most, fitted)
    kept = _of_the_model(rows.take(places), fitted)
    return Coded(fitted, kept, None if said is None else said.take(places))


def codes_of(fitted: Fitted[Any]) -> Decodes:
    """The model, where it has codes; else an error names families that do."""
    model = promised(fitted.model, fitted.name, Decodes)
    if not np.prod(model.codes.shape):
        raise CannotAnswer(f"the codes of this {fitted.name} hold no number", remedy="fit again with more of them")
    return model


def numbers_of(fitted: Fitted[Any]) -> Decodes:
    """The model, where its codes are numbers throughout; else an error says what they are."""
    model = codes_of(fitted)
    if chosen(model.codes):
        mixed = isinstance(model.codes, Vector) and any(isinstance(each, Real) for each in model.codes.columns)
        said = "hold a choice beside their numbers" if mixed else "are choices"
        what = f"the codes of this {fitted.name} {said}: nothing lies between two of them"
        raise CannotAnswer(what, expected="codes of numbers", remedy="a VAE, a flow, FactorAnalysis, a GAN(codes=0)")
    return model


def chosen(codes: Space) -> bool:
    """Whether codes are choices among so many, in no order that arithmetic could follow."""
    if isinstance(codes, Vector):
        return any(isinstance(column, Category) for column in codes.columns)
    return isinstance(codes, Tokens) or levels_of(codes) is not None


def training_source(fitted: Fitted[Any]) -> str:
    """Where the rows were read that the model was fitted on, if they are still there."""
    source = str(fitted.card.data.get("source", ""))
    if source in EMBEDDED or Path(source).expanduser().exists():
        return source
    what = f"this model was fitted on {source or 'rows'} from memory, and a model's folder keeps no rows"
    if "." in source or "/" in source:
        what = f"{source}, which this model was fitted on, is not there any more, and a model's folder keeps no rows"
    raise MissingFile(what, expected="the rows themselves", remedy="name the file that holds them (DATA, --data)")


def flat(codes: Array) -> Array:
    """Codes of any shape as one row of numbers each."""
    return np.asarray(codes, np.float64).reshape(len(codes), -1)


def within(places: Array, rows: int) -> Array:
    """Positions, counting from 0, that are there."""
    outside = places[(places < 0) | (places >= rows)]
    if len(outside):
        raise WrongRows(f"there is no row {int(outside[0]) + 1}", expected=f"a number from 1 to {rows}")
    return places


def drawn(rows: int, most: int | None, fitted: Fitted[Any]) -> Array:
    """The places of at most so many rows, without replacement, in their order; fewer where each code is sought."""
    if most is not None and not isinstance(fitted.model, Latent):
        most = min(most, SOUGHT)
    if most is None or rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])


def _of_the_model(rows: Rows, fitted: Fitted[Any]) -> Rows:
    """A table without the columns that the model knows nothing of; they are labels all the same."""
    if not isinstance(rows, Table):
        return rows
    known = [name for name in rows.schema.names if name in fitted.card.order]
    return Table(rows.frame[known], rows.schema.only(known))


def _labelled(rows: Rows, more: Rows | None) -> Table | None:
    """What is said of each row, and what a metadata table says beside it."""
    if more is None:
        return rows.said
    if not isinstance(more, Table) or len(more) != len(rows):
        what = f"the labels are {more.word} of {len(more)} rows beside {len(rows)} rows of data"
        raise WrongRows(what, expected="a table with one row for each row of the data, in its order")
    if rows.said is None:
        return more
    own = [name for name in rows.said.schema.names if name not in more.schema.names]
    columns = (*(rows.said.schema[name] for name in own), *more.schema.columns)
    frames_beside = [rows.said.frame[own].reset_index(drop=True), more.frame.reset_index(drop=True)]
    return Table(pd.concat(frames_beside, axis=1), Schema(columns))
