"""A fitted model's own terms: what is given of rows as columns it knows and conditions it takes, and rows as a person
had them."""

from typing import Any, Protocol

from torch import Tensor

from likely import frames
from likely.card import Card
from likely.codecs import Codec, Lift, TableCodec, TextCodec, TextsCodec
from likely.conditions import Conditions
from likely.contracts import Model
from likely.data import Rows
from likely.errors import WrongRows
from likely.frames import Known
from likely.narrowing import Intervals, Told
from likely.posterior import Conditioned, condition_of
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


def known_of(fitted: Subject, given: Any, n: int | None) -> Known:
    """What was given of columns that the data has: values in their own types, and ranges."""
    partial, order = frames.partial(given, n), fitted.card.order
    known = [*order, *[BEGINNING] * isinstance(fitted.codec, TextsCodec)]
    if unknown := [name for name in partial.columns if name not in order]:
        raise WrongRows(f"given names no column of the data: {shown(unknown)}",
                        expected=f"some of {shown(known, most=20)}" if known else "nothing given",
                        remedy=meant(str(unknown[0]), known))  # fmt: skip
    for codec in (fitted.codec, fitted.condition_codec):
        partial = frames.typed(partial, codec.schema) if isinstance(codec, TableCodec) else partial
    return Known.of(partial)


def known_beside(fitted: Subject, known: Known, given: Any) -> Known:
    """What is known of rows, and of other cells what was given; a value that is none of its column's is an error, even
    where a row knows better."""
    if given is None:
        return known
    more = known_of(fitted, given, len(known))
    for codec in (fitted.codec, fitted.condition_codec):
        if isinstance(codec, TableCodec):
            codec.check_known(more.values)
    return known.over(more)


def condition(
    fitted: Subject, known: Known, rng: Keyed, *, told: Told = Intervals(), filled: bool = False
) -> Conditioned:
    """The condition's cells: what was given, and draws given all that is known of the row where nothing was."""
    codec, law = fitted.condition_codec, fitted.conditions
    if codec is None or law is None:
        return Conditioned(None)
    names, rng = fitted.card.condition, rng.fork(1)
    return condition_of(known, names, codec, law, fitted.model, fitted.codec, rng, told, filled=filled)


def joined(fitted: Subject, rows: Rows, c: Tensor | None) -> Rows:
    """The drawn rows with the columns they were drawn given, in the data's own order."""
    if c is None or fitted.condition_codec is None:
        return rows
    return rows.joined(fitted.condition_codec.decode(c), fitted.card.order)
