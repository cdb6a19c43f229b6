"""A fitted model's own terms: what is given of rows as columns it knows and conditions it takes, and rows as a person
had them."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from typing import Any, Protocol

import pandas as pd
from torch import Tensor

from likely import frames
from likely.card import Card
from likely.codecs import Codec, Lift, TableCodec, TextCodec, TextsCodec
from likely.conditions import Conditions
from likely.contracts import Model
from likely.data import Rows
from likely.errors import WrongRows
from likely.posterior import condition_of
from likely.prompts import BEGINNING
from likely.rng import Keyed
from likely.suggestion import meant, shown


class Subject(Protocol):
    """A fitted model, as far as rows are told to it."""

    @property
    def model(self) -> Model: ...
    @property
    def name(self) -> str: ...
    @property
    def codec(self) -> Codec[Any]: ...
    @property
    def lift(self) -> Lift: ...
    @property
    def card(self) -> Card: ...
    @property
    def condition_codec(self) -> TableCodec | TextCodec | None: ...
    @property
    def conditions(self) -> Conditions | None: ...


def partial_of(fitted: Subject, given: Any, n: int | None) -> pd.DataFrame:
    """What was given, as a frame of columns that the data has, in their own types."""
    partial, order = frames.partial(given, n), fitted.card.order
    known = [*order, *[BEGINNING] * isinstance(fitted.codec, TextsCodec)]
    if unknown := [name for name in partial.columns if name not in order]:
        raise WrongRows(f"given names no column of the data: {shown(unknown)}",
                        expected=f"some of {shown(known, most=20)}" if known else "nothing given",
                        remedy=meant(str(unknown[0]), known))  # fmt: skip
    for codec in (fitted.codec, fitted.condition_codec):
        partial = frames.typed(partial, codec.schema) if isinstance(codec, TableCodec) else partial
    return partial


def condition(fitted: Subject, partial: pd.DataFrame, seed: int, *, filled: bool = False) -> Tensor | None:
    """The condition's cells: what was given, and draws given all that is known of the row where nothing was."""
    if fitted.condition_codec is None or fitted.conditions is None:
        return None
    law, names, rng = fitted.conditions, fitted.card.condition, Keyed(seed).fork(1)
    return condition_of(partial, names, fitted.condition_codec, law, fitted.model, fitted.codec, rng, filled=filled)


def joined(fitted: Subject, rows: Rows, c: Tensor | None) -> Rows:
    """The drawn rows with the columns they were drawn given, in the data's own order."""
    if c is None or fitted.condition_codec is None:
        return rows
    return rows.joined(fitted.condition_codec.decode(c), fitted.card.order)
