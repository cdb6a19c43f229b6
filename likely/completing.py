"""Rows of which something is known, with the rest drawn: what `complete` and `sample(given=...)` do with any model.

Ranges that a model cannot be told are looked for among its draws, some of a row at first, more of the rows that none
agreed with: as many as `MOST` in all. A draw that agrees is one of the model's law given the ranges, and the share of
draws that did is told. Where none of `ENOUGH` did, or of `FEW` in `PATIENCE` seconds, the ranges are hopeless, and that
is told instead. Draw k of row i is the same however long it took.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import math
import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from likely import frames, terms
from likely.card import Completion
from likely.codecs import ImageCodec, SeriesCodec, TableCodec
from likely.contracts import AnyOrder, Completes, Density, Fills
from likely.data import Panel, Rows, Table, holed
from likely.diffusion import Descends
from likely.drawing import drawn
from likely.errors import CannotAnswer, Hopeless, TakesNoIntervals, WrongRows
from likely.filling import Filling, disagreement, filled_rows, inpainted, share_of
from likely.frames import Known, overlaid
from likely.narrowing import Intervals, Narrowing, Told, Values, narrowed
from likely.panels import gapped, mended
from likely.promises import promised
from likely.rng import Keyed
from likely.source import families_that
from likely.terms import Subject

ROUNDS = (4, 32, 256, 2048, 16384)  # draws of each row that none has agreed with yet
FEW, ENOUGH, MOST = 300, 2048, 1 << 17  # draws none of which agreed, to give up late or early; draws in all
PATIENCE = 2.0
LEAST = math.log(1e-12)  # what is told to be less probable is not drawn, though it could be: no data ever said so
APART, AGAIN = 1 << 32, 1 << 48  # between the noise of a row's imputations, and of draws that are looked through
WAYS = ("exact", "model-exact", "asymptotic", "heuristic")


class Found(NamedTuple):
    """Cells, and how they were drawn."""

    x: Tensor
    way: str
    beside: tuple[str, ...] = ()  # columns whose ranges the model was not told
    share: float | None = None
    log_evidence: Tensor | None = None  # (B,) of cells


class Drawn(NamedTuple):
    """Rows, and how they were drawn."""

    rows: Rows
    way: str
    share: float | None = None
    log_evidence: Tensor | None = None  # (B,) in the data's own units
    acceptance: float | None = None


@final
@dataclass(frozen=True)
class Completer:
    """A model of tables, and how it is asked."""

    fitted: Subject
    codec: TableCodec
    how: Filling
    filled: bool  # a missing cell of the condition is drawn, where it else says nothing
    told: Told = Intervals()

    def whole(self, known: Known, ids: Tensor | None = None) -> Drawn:
        """A row for each that is known in part."""
        beside, told = self.drawn(known, ids)
        return told if not beside else self._looked_for(known, beside, told, ids)

    def drawn(self, known: Known, ids: Tensor | None = None) -> tuple[tuple[str, ...], Drawn]:
        """The same, but for some columns' ranges; the noise of a row is its own, or that of row `ids[i]`."""
        rng = Keyed(self.how.seed, rows=0 if ids is None else ids)
        c, sure = terms.condition(self.fitted, known, rng, told=self.told, filled=self.filled)
        own = known.of_columns(self.fitted.card.condition, others=True)
        given = self.codec.encode_known(own.values)
        found = self._found(given.x, own, c, rng)
        way = max(sure, found.way, key=WAYS.index)
        if self.how.exact:
            check_exact(self.fitted.name, way)
        rows = self.codec.decode(found.x)
        laid = Table(self._brought(overlaid(rows.frame, own.values), own, found.beside), rows.schema)
        log_evidence = None if found.log_evidence is None else found.log_evidence + given.ladj
        return found.beside, Drawn(terms.joined(self.fitted, laid, c), way, found.share, log_evidence)

    def _found(self, x: Tensor, own: Known, c: Tensor | None, rng: Keyed) -> Found:
        model, known, lift = self.fitted.model, ~torch.isnan(x), self.fitted.lift
        if isinstance(model, Completes):
            narrowing = Narrowing.of(self.told, self.codec, own, known)
            told = narrowed(model, narrowing, x, known, c, rng)
            check_possible(told.log_chance, own)
            return Found(told.x, self.how.word(model), narrowing.beside, None, told.log_evidence)
        ids = None if isinstance(rng.rows, int) else rng.rows
        if own.ranges and not bool(known.any()):  # what the model draws anyway
            way = "exact" if isinstance(model, Density) else "asymptotic"
            return Found(drawn(model, lift, len(x), c, self.how.seed, ids=ids), way, tuple(own.ranges))
        filler = promised(model, self.fitted.name, Completes, Fills, Descends, remedy=_otherwise(self.fitted, own))
        told = filled_rows(filler, lift, x, known, c, self.how, ids)
        return Found(told.x, self.how.word(filler), tuple(own.ranges), share_of(told, known), told.log_evidence)

    def _brought(self, frame: pd.DataFrame, own: Known, beside: tuple[str, ...]) -> pd.DataFrame:
        """Cells that were drawn in a range, and that float32 left a hair beside it."""
        for name in own.ranges.keys() - set(beside):
            for said, rows in self._told_alike(name, own):
                off = rows[~self.codec.holds(name, said, frame[name].iloc[rows])]
                if len(off):
                    cells = self.codec.brought(name, said, frame[name].iloc[off])
                    frame[name] = frame[name].where(~np.isin(np.arange(len(frame)), off), cells.set_axis(off))
        return frame

    def _told_alike(self, name: str, own: Known) -> "list[tuple[Any, NDArray[np.int64]]]":
        """Each range of a column, with the rows whose unknown cells it is of."""
        said, rows = own.ranges[name], np.arange(len(own))
        free = np.ones(len(own), dtype=bool) if name not in own.values else own.values[name].isna().to_numpy()
        keys = np.array([id(each) if each is not None else 0 for each in said])
        some = {id(each): each for each in said if each is not None}
        return [(each, rows[(keys == key) & free]) for key, each in some.items()]

    # What has to be looked for ----------------------------------------------------------------------------------------

    def _looked_for(self, known: Known, beside: tuple[str, ...], first: Drawn, ids: Tensor | None) -> Drawn:
        """The first draw of every row that agrees with the ranges."""
        looking = Looking(np.arange(len(known)) if ids is None else ids.numpy())
        looking.see(np.arange(len(known)), first.rows, self._agrees(known, beside, first.rows), 1)
        for times in ROUNDS:
            if not len(looking.open):
                break
            rows = np.tile(looking.open, looking.more(times))
            some = known.take(rows)
            told = self.drawn(some, looking.noise(rows))[1].rows
            looking.see(rows, told, self._agrees(some, beside, told), len(rows) // len(looking.open))
            looking.check(known, beside)
        looking.check(known, beside, over=True)
        rows, share = looking.rows(), looking.agreed / looking.drawn
        rows.frame.attrs["acceptance"] = share  # whoever only sees the rows can read it too
        return first._replace(rows=rows, log_evidence=None, acceptance=share)

    def _agrees(self, known: Known, beside: tuple[str, ...], rows: Rows) -> NDArray[np.bool_]:
        assert isinstance(rows, Table)
        agrees = np.ones(len(known), dtype=bool)
        for name in beside:
            for said, some in self._told_alike(name, known):
                agrees[some] &= self.codec.holds(name, said, rows.frame[name].iloc[some])
        return agrees


@final
class Looking:
    """Which rows have found a draw that agrees."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self.ids, self.open, self.drawn, self.agreed, self.attempts = ids, np.arange(len(ids)), 0, 0, 0
        self.began = time.perf_counter()
        self.parts: list[tuple[NDArray[np.int64], Table]] = []

    def more(self, times: int) -> int:
        """How often every open row is drawn next; no longer than patience lasts, where none has agreed yet."""
        most = (MOST - self.drawn) // len(self.open)
        if not self.agreed and self.drawn >= FEW:
            took = time.perf_counter() - self.began
            most = min(most, int((PATIENCE - took) / took * self.drawn) // len(self.open))
        return min(times, max(1, most))

    def noise(self, rows: NDArray[np.int64]) -> Tensor:
        """Where the noise of the next draws is: draw k of row i has noise of its own."""
        attempt = self.attempts + np.arange(len(rows)) // len(self.open)
        return torch.from_numpy(attempt * AGAIN + self.ids[rows])

    def see(self, rows: NDArray[np.int64], told: Rows, agrees: NDArray[np.bool_], times: int) -> None:
        """Draws of these rows."""
        assert isinstance(told, Table)
        self.drawn, self.agreed, self.attempts = (
            self.drawn + len(rows),
            self.agreed + int(agrees.sum()),
            self.attempts + times,
        )
        found, first = np.unique(rows[agrees], return_index=True)
        self.parts.append((found, told.take(np.flatnonzero(agrees)[first])))
        self.open = np.setdiff1d(self.open, found)

    def check(self, known: Known, beside: tuple[str, ...], *, over: bool = False) -> None:
        """An error where it is hopeless to go on."""
        late = self.drawn >= FEW and time.perf_counter() - self.began > PATIENCE
        hopeless = not self.agreed and (late or self.drawn >= ENOUGH)
        if not len(self.open) or not (over or hopeless or self.drawn >= MOST):
            return
        said = " and ".join(
            f"'{name}' in {next(each for each in known.ranges[name] if each is not None)}" for name in beside
        )
        most = (self.agreed + 3) / self.drawn
        rows = "" if len(known) == 1 else f"; {len(self.open)} of {len(known)} rows found none"
        raise Hopeless(
            f"{self.agreed} of {self.drawn:,} draws had {said}: a probability of about {self.agreed / self.drawn:.2g}, "
            f"below {most:.2g}{rows}",
            expected="ranges that are not so rare under the model",
            remedy="a wider range, fewer rows, or a family that is told ranges: " + ", ".join(told_ranges()),
        )

    def rows(self) -> Table:
        """One for each, in their order."""
        order = np.concatenate([rows for rows, _ in self.parts]).argsort()
        first = self.parts[0][1]
        frame = pd.concat([part.frame for _, part in self.parts], ignore_index=True)
        return Table(frame.iloc[order].reset_index(drop=True), first.schema)


# What cannot be done -------------------------------------------------------------------------------------------------


def check_exact(name: str, way: str) -> None:
    """Nothing less than exact, where that was asked for."""
    if way not in WAYS[:2]:
        able = ", ".join(families_that("Completes", "AnyOrder"))
        raise CannotAnswer(f"{name} completes these rows by {way} draws, and exact ones were asked for",
                           expected=f"a family that completes exactly: {able}",
                           remedy="leave --exact (exact=True) out, or fit one of these")  # fmt: skip


def check_possible(log_chance: Tensor, own: Known) -> None:
    """Ranges that are next to impossible under the model are told, and nothing is drawn."""
    bad = (~(log_chance > LEAST)).nonzero()[:, 0].tolist()
    if own.ranges and bad:
        ranges = {name: said[bad[0]] for name, said in own.ranges.items() if said[bad[0]] is not None}
        told = " and ".join(f"'{name}' in {said}" for name, said in ranges.items())
        where = "" if len(bad) == len(own) else f" in row {bad[0] + 1}"
        power = float(log_chance[bad[0]]) / math.log(10)
        chance = f"about 1e{power:.0f}" if math.isfinite(power) else "0"
        raise Hopeless(f"{told} has probability {chance} under the model, given what else is known{where}",
                       expected="ranges that the model thinks possible", remedy="a wider range")  # fmt: skip


def told_ranges() -> list[str]:
    """Families whose models are told ranges as they are."""
    return [name for name in families_that("Completes") if name not in families_that("AnyOrder")]


def _otherwise(fitted: Subject, own: Known) -> str:
    free = [*own.values.columns, *own.ranges]
    return f"{fitted.name} fitted with condition={free} (--condition {' --condition '.join(free)}), or one of those"


# The verbs -----------------------------------------------------------------------------------------------------------


def whole_rows(
    fitted: Subject, known: Known, how: Filling, *, filled: bool = False, ids: Tensor | None = None
) -> Drawn:
    """Rows of a table that have what is known of each; the noise of row i is its own, or that of row `ids[i]`."""
    completer = Completer(fitted, _check_table(fitted), how, filled)
    try:
        return completer.whole(known, ids)
    except TakesNoIntervals:
        return replace(completer, told=Values()).whole(known, ids)


def completion(fitted: Subject, data: Any, hole: Any, given: Any, how: Filling) -> Completion:
    """Rows or pictures with all that is missing filled in, in the form that the person's data had."""
    if isinstance(fitted.codec, ImageCodec):
        return _pictures(fitted, fitted.codec, data, hole, given, how)
    if hole is not None:
        raise WrongRows(f"a hole is of pictures, and this is a model of {fitted.codec.reads.word}",
                        expected="rows in which something is missing")  # fmt: skip
    if isinstance(fitted.codec, SeriesCodec):
        return _series(fitted, fitted.codec, data, given, how)
    _check_table(fitted)
    known = terms.known_beside(fitted, terms.known_of(fitted, data, None), given)
    told = whole_rows(fitted, known, how, filled=True)
    returned = frames.returned(told.rows, fitted.card.returns)
    if isinstance(returned, pd.DataFrame) and isinstance(data, pd.DataFrame):
        returned.index = data.index
    apart = _apart(fitted, told.rows, how.seed)
    return Completion(returned, told.way, told.share, apart, told.log_evidence, told.acceptance)


def _check_table(fitted: Subject) -> TableCodec:
    if isinstance(fitted.codec, TableCodec):
        return fitted.codec
    told = f"{fitted.codec.reads.word} cannot be completed here"
    raise CannotAnswer(told, expected="a model of tables, pictures or series")


def _series(fitted: Subject, codec: SeriesCodec, data: Any, given: Any, how: Filling) -> Completion:
    model = promised(fitted.model, fitted.name, Completes, Fills, Descends)
    held = gapped(fitted, codec, data)
    about = held.rows.about if isinstance(held.rows, Panel) else None
    known = terms.known_of(fitted, frames.said(about, len(held.values), fitted.card.condition, given), len(held.values))
    c, sure = terms.condition(fitted, known, Keyed(how.seed))
    word = how.word(model, fitted.lift) if held.at_once(codec) else "heuristic"
    way = max(sure, word, key=WAYS.index)
    if how.exact:
        check_exact(fitted.name, way)
    rows, share = mended(fitted, codec, held, c, how)
    return Completion(frames.given_back(rows, data), way, share)


def _pictures(fitted: Subject, codec: ImageCodec, data: Any, hole: Any, given: Any, how: Filling) -> Completion:
    model = promised(fitted.model, fitted.name, Completes, Fills, Descends)
    images, unknown = holed(data, hole, levels=codec.levels, channels=codec.space.channels)
    known = terms.known_of(fitted, frames.said(images.about, len(images), fitted.card.condition, given), len(images))
    c, way = terms.condition(fitted, known, Keyed(how.seed))
    way = max(way, how.word(model, fitted.lift), key=WAYS.index)
    if how.exact:
        check_exact(fitted.name, way)
    made, share = inpainted(model, fitted.lift, codec, images, unknown, c, how)
    return Completion(frames.returned(made, fitted.card.returns), way, share)


def _apart(fitted: Subject, rows: Rows, seed: int) -> float | None:
    """How far the orders of a model that answers in any disagree on these rows; None of other models."""
    if not isinstance(fitted.model, AnyOrder):
        return None
    c = None
    if fitted.condition_codec is not None and rows.said is not None:
        c = fitted.condition_codec.encode(rows.said).x
    return disagreement(fitted.model, fitted.codec.encode(rows).x, c, seed=seed)
