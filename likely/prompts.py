"""Texts that go on from a beginning: a model's tokens, one after another, as text.

A text ends where the model ends it, before the first stop string that was drawn whole, or at the length asked for.
Beyond the model's own length T a document goes on, given its last T / 2 tokens: pages are cut anywhere, so any stretch
of a document is the beginning of a page. A text of another form ends at T.

Where tokens are of several letters a beginning may end inside one: "the sto" is cut into tokens that "the story" has
not. Its last token is then drawn again, among all that begin as it does, where the model can be asked for that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely.codecs import Codec, TextsCodec
from likely.codecs.spelling import Spelling
from likely.contracts import Continues, Sharpness, Spells
from likely.data import Texts
from likely.distributions import PLAIN
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.rng import Keyed
from likely.scoring import BATCH, placed

BEGINNING = "text"  # what `given` calls the beginning of a text


@final
@dataclass(frozen=True)
class Ending:
    """Where texts end, apart from where the model ends them."""

    stop: tuple[str, ...] = ()  # none of these is drawn whole
    length: int | None = None  # tokens of a whole text, its beginning among them

    def __post_init__(self) -> None:
        if "" in self.stop:
            raise FieldError("a stop string is empty", expected="at least one character", remedy="leave it out")
        if self.length is not None and self.length < 1:
            raise FieldError(f"a length of {self.length}", expected="at least 1")

    @classmethod
    def of(cls, stop: str | Sequence[str], length: int | None) -> "Ending":
        """One stop string, or several."""
        return cls((stop,) if isinstance(stop, str) else tuple(stop), length)

    def refused(self, codec: Codec[Any]) -> None:
        """An error where it is asked of rows that are not texts."""
        if self != Ending() and not isinstance(codec, TextsCodec):
            asked = "a stop string" if self.stop else "a length"
            raise CannotAnswer(f"{asked} was given to a model of {codec.reads.word}", expected="a model of texts")


def beginnings(given: Any, codec: Codec[Any], order: Sequence[str], n: int) -> tuple[list[str] | None, Any]:
    """How each of n texts begins, where that is given; and what else is."""
    if not isinstance(codec, TextsCodec):
        return None, given
    if isinstance(given, str):
        return [given] * n, None
    if isinstance(given, list | tuple | np.ndarray):
        return _strings(given), None
    if isinstance(given, Mapping | pd.DataFrame) and BEGINNING in given and BEGINNING not in order:
        told, rest = given[BEGINNING], {name: given[name] for name in given if name != BEGINNING}
        return [told] * n if isinstance(told, str) else _strings(told), rest or None
    return None, given


def _strings(told: Any) -> list[str]:
    for place, text in enumerate(told := list(told), 1):
        if not isinstance(text, str):
            raise WrongRows(f"beginning {place} is {text!r}", expected="a text in each place")
    if not told:
        raise WrongRows("there is no beginning", expected="a text, or a list of them")
    return told


# Writing -------------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Writer:
    """Draws texts, each on from its beginning."""

    model: Continues
    codec: TextsCodec
    sharpness: Sharpness = PLAIN
    ending: Ending = field(default=Ending())

    def texts(self, begun: Sequence[str], c: Tensor | None, seed: int) -> Texts:
        """A text from each beginning; text i depends on its beginning, the seed and i alone."""
        one = len(set(begun)) == 1
        called = ["the beginning" if one else f"beginning {place}" for place in range(1, len(begun) + 1)]
        codes = [self.codes(text, f"{each}, {text[:40]!r},") for each, text in zip(called, begun, strict=True)]
        starts, texts = [self._start(each) for each in codes], list(begun)
        for rows in _alike(starts):
            places = torch.tensor(rows)
            some = [starts[row] for row in rows]
            told = self._written(some, None if c is None else c[places], Keyed(seed, rows=places))
            for row, text in zip(rows, told, strict=True):
                texts[row] += text
        return Texts(tuple(texts), self.codec.form)

    def stream(self, codes: Sequence[int], c: Tensor | None, seed: int) -> Iterator[str]:
        """What follows a beginning, as soon as it is certain."""
        start = self._start(codes)
        pen = self._pen(start)
        for moment in self._moments([start], c, Keyed(seed)):
            if text := pen.add(int(moment)):
                yield text
            if pen.ended:
                return
        if text := pen.rest():
            yield text

    def codes(self, text: str, called: str) -> list[int]:
        """A beginning as codes; what the model does not know, and what is too long for it, is an error."""
        codes, word = self.codec.codes(text, called=called) if text else [], self.codec.vocabulary.word
        if len(codes) > (most := self._end(len(codes))):
            asked = "the length asked for" if most == self.ending.length else "the longest text that the model has seen"
            what, expected = f"{called} has {len(codes)} {word}", f"at most {most}, {asked}"
            raise WrongRows(what, expected=expected, remedy="a shorter beginning")
        return codes

    def _end(self, begun: int) -> int:
        """How many tokens a text with such a beginning has at most."""
        most = self.codec.space.length
        if self.codec.form == "document":
            return self.ending.length or max(most, begun + most // 2)
        return min(self.ending.length or most, most)

    def _start(self, codes: Sequence[int]) -> "Start":
        """All codes, or all but the last where others begin as it does."""
        if not codes or not isinstance(self.model, Spells):
            return Start(codes)
        among = self.codec.vocabulary.begun_by(codes[-1])
        return Start(codes[:-1], codes[-1], among) if len(among) > 1 else Start(codes)

    def _written(self, starts: Sequence["Start"], c: Tensor | None, rng: Keyed) -> list[str]:
        """What follows each start."""
        pens = [self._pen(start) for start in starts]
        texts = [""] * len(pens)
        for moment in self._moments(starts, c, rng):
            for row, code in enumerate(moment.tolist()):
                texts[row] += pens[row].add(code)
            if all(pen.ended for pen in pens):
                break
        return [text + pen.rest() for text, pen in zip(texts, pens, strict=True)]

    def _pen(self, start: "Start") -> "Pen":
        first = not start.codes and start.begun is None
        return Pen(self.codec.vocabulary.spelling(first=first, begun=start.begun), self.ending.stop)

    @torch.no_grad()
    def _moments(self, starts: Sequence["Start"], c: Tensor | None, rng: Keyed) -> Iterator[Tensor]:
        """One token of every text after another; beyond the model's length from window to window."""
        start = torch.tensor([each.codes for each in starts], dtype=torch.long).reshape(len(starts), -1)
        most, end, c = self.codec.space.length, self._end(starts[0].tokens), placed(c, self.model)
        drawn, window, among = list(start.unbind(1)), 0, self._among(starts)
        while len(drawn) < end:
            known = drawn if len(drawn) < most else drawn[len(drawn) - most // 2 :]
            past = torch.stack(known, 1).clamp(min=0) if known else start  # who has ended is not read any more
            before = len(drawn)
            for moment in self._continued(past, among, c, rng.fork(window) if window else rng):
                drawn.append(moment)
                yield moment
                if len(drawn) == end:
                    return
            if len(drawn) == before or len(known) + len(drawn) - before < most:
                return  # every text has ended
            window, among = window + 1, None

    def _among(self, starts: Sequence["Start"]) -> Tensor | None:
        """What the first token of each may be (B, V); None where it may be any."""
        if starts[0].begun is None:
            return None
        among = torch.zeros(len(starts), self.codec.space.vocabulary, dtype=torch.bool)
        for row, start in zip(among, starts, strict=True):
            row[list(start.among)] = True
        return among

    def _continued(self, past: Tensor, among: Tensor | None, c: Tensor | None, rng: Keyed) -> Iterator[Tensor]:
        past, ways = placed(past, self.model), {"sharpness": self.sharpness, "rng": rng}
        if among is None:
            return (moment.cpu() for moment in self.model.continued(past, c, **ways))
        assert isinstance(self.model, Spells)
        return (moment.cpu() for moment in self.model.continued_among(past, placed(among, self.model), c, **ways))


@final
@dataclass(frozen=True)
class Start:
    """The codes of a beginning; where its last token was `begun` and is left open, what may stand there."""

    codes: Sequence[int]
    begun: int | None = None
    among: Sequence[int] = ()

    @property
    def tokens(self) -> int:
        """Of the beginning."""
        return len(self.codes) + (self.begun is not None)


def _alike(starts: Sequence[Start]) -> Iterator[list[int]]:
    """Rows whose starts are of one form, a batch at a time."""
    places: dict[tuple[int, bool], list[int]] = {}
    for row, told in enumerate(starts):
        places.setdefault((len(told.codes), told.begun is None), []).append(row)
    for rows in places.values():
        yield from (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))


@final
class Pen:
    """One text being written: what may be half a letter, or the beginning of a stop string, is held back."""

    def __init__(self, spelling: Spelling, stop: Sequence[str]) -> None:
        self.spelling, self.stop = spelling, stop
        self.held, self.ended = "", False

    def add(self, code: int) -> str:
        """The text that is certain with one more token; -1 ends it."""
        if self.ended:
            return ""
        return self.rest() if code < 0 else self._certain(self.spelling.add(code))

    def rest(self) -> str:
        """What was held back, at the text's end."""
        if self.ended:
            return ""
        told = self._certain(self.spelling.rest())
        told, self.held, self.ended = told + self.held, "", True
        return told

    def _certain(self, more: str) -> str:
        """What no stop string can begin in; the first one that is whole ends the text before it."""
        self.held += more
        whole = [(at + len(stop), at) for stop in self.stop if (at := self.held.find(stop)) >= 0]
        sure = min(whole)[1] if whole else len(self.held) - max((_begun(self.held, s) for s in self.stop), default=0)
        told, self.held = self.held[:sure], "" if whole else self.held[sure:]
        self.ended = bool(whole)
        return told


def _begun(text: str, stop: str) -> int:
    """How much of a stop string the text ends with, short of all of it."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
