"""Rows with a label: what is needed to ask how well families tell it."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from likely.data import Pieces, Rows, Table, read
from likely.errors import ConditionError, EmptyData, WrongRows
from likely.fitted import Fitted
from likely.fitting import fit
from likely.training import Engine, Event

Array = np.ndarray[Any, Any]
Listen = Callable[[str], Iterable[Callable[[Event], None]]]
MOST_CLASSES = 20  # numbers of more different values are no classes unless a schema says so
USUAL = "naive-bayes,logistic"  # the generative and the discriminative side of one linear classifier


@dataclass(frozen=True)
class Labelled:
    """Rows whose label is known, every category of theirs told beforehand."""

    rows: Rows
    target: str
    classes: tuple[Any, ...]
    truth: Array  # (N,) places in classes

    def take(self, places: Array) -> "Labelled":
        """Some of the rows; the classes stay."""
        return Labelled(self.rows.take(places), self.target, self.classes, self.truth[places])

    def fitted(
        self, family: Any, *, validation: "Labelled | None" = None, budget: Any = None, seed: int = 0,
        engine: Engine | None = None, listeners: Iterable[Any] = (),
    ) -> Fitted[Any]:  # fmt: skip
        """A family that has learned to tell the label from these rows."""
        held = None if validation is None else validation.rows
        return fit(
            self.rows, family, target=self.target, validation=held, budget=budget, seed=seed, engine=engine,
            listeners=listeners, certify=False,
        )  # fmt: skip

    def probabilities(self, fitted: Fitted[Any]) -> Array:
        """p(class | row) for these rows and all classes (N, K); classes that the model has not seen get 0."""
        told = fitted.classify(self.rows)
        place = {key_of(label): at for at, label in enumerate(self.classes)}
        found = np.zeros((len(told), len(self.classes)))
        for at, label in enumerate(told.columns):
            if key_of(label) in place:
                found[:, place[key_of(label)]] = told.iloc[:, at]
        return found


def labelled(data: Any, target: str, *, schema: Any = None) -> Labelled:
    """The rows whose label is there; a number of few values is taken as a category."""
    rows = read(data, schema=schema)
    said = rows.said
    if said is None or target not in said.schema.names:
        known = () if said is None else said.schema.names
        raise ConditionError(f"there is no column '{target}' to predict", expected=f"one of {list(known)}")
    known = np.flatnonzero(said.frame[target].notna().to_numpy())
    if not len(known):
        raise EmptyData(f"every cell of '{target}' is missing", expected="rows whose label is known")
    rows = _with_levels(rows.take(known), target)
    assert rows.said is not None
    classes = rows.said.schema[target].levels
    if len(classes) < 2:
        raise WrongRows(f"'{target}' has one value only: there is nothing to tell", expected="two classes or more")
    place = {key_of(label): at for at, label in enumerate(classes)}
    return Labelled(rows, target, classes, np.array([place[key_of(label)] for label in rows.said.frame[target]]))


def _with_levels(rows: Rows, target: str) -> Rows:
    """The rows, with every category of every column in their schema, so that part of them knows of the others'."""
    assert rows.said is not None
    frame, schema = rows.said.frame, rows.said.schema
    columns = [_levelled(column, frame[column.name], target=column.name == target) for column in schema.columns]
    said = Table(frame, replace(schema, columns=tuple(columns)))
    return rows.with_about(said) if isinstance(rows, Pieces) else said


def _levelled(column: Any, cells: pd.Series, *, target: bool) -> Any:
    if not target and column.kind not in ("category", "boolean"):
        return column
    seen = [_plain(value) for value in cells.dropna().unique().tolist()]
    if target and column.kind in ("real", "count") and len(seen) > MOST_CLASSES:
        raise WrongRows(
            f"'{column.name}' is a number of {len(seen):,} different values, and no class",
            expected=f"a category, or at most {MOST_CLASSES} different values",
            remedy="declare it a category in a schema, or cut it into classes",
        )
    if target and column.kind in ("text", "id", "date"):
        raise WrongRows(f"'{column.name}' is {column.kind}, and no class", expected="a category")
    kind = "boolean" if column.kind == "boolean" else "category"
    levels = tuple(sorted({*column.levels, *seen}, key=lambda level: (str(type(level)), level)))
    return replace(column, kind=kind, levels=levels)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def key_of(label: Any) -> str:
    """A label as it is known in the file, in a codec and in a frame's header: 1, 1.0 and numpy's 1 are one."""
    label = _plain(label)
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label)) if whole or isinstance(label, bool) else str(label)
