r"""Latent arithmetic: codes moved so that what is said of their rows changes, and nothing else.

    Mean         z' = z + d,   d = mean(z | a_k = new) - mean(z | a_k = old)                                         (1)
    Orthogonal   z' = z + d' (w.d) / (w.d'),   d' = d less what lies in the span of the other attributes' own w      (2)
    Matched      z' = z + m(a') - m(a),   m(a) = E[z | every attribute], interactions included: `code_law`           (3)

w are least-squares weights that tell an attribute from the code: (2) goes as far as (1) by its own, and nowhere by the
others. Where attributes go together in the data, (1) takes along all that goes with the one asked for; (2) and (3)
leave the others alone, and (3) knows that a square at the left is not made from a circle as one at the right is. What
is not said of a row is told from its code. Numbers move by slopes in (1) and (2). An attribute that the model is
conditioned on changes in the condition, and the code stays.
Sampling Generative Networks (White, 2016), arXiv:1609.04468
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.apps.attributes import MISSING, Attribute, Wish, attributes_of, coded_cells, wishes_of
from likely.apps.code_law import CodeLaw, code_law
from likely.apps.coded import Coded, numbers_of
from likely.data import Rows, Table
from likely.errors import CannotAnswer, FieldError
from likely.suggestion import shown

Array = np.ndarray[Any, Any]
LEAST = 1e-3  # of a difference, as its own weights tell it, that must lie across the others


class Moves(ABC):
    """How far codes move when attributes change."""

    @abstractmethod
    def shift(self, old: Array, new: Array) -> Array:
        """(M, D) for attributes (M, K) as they are and as they shall be."""


class Way(ABC):
    """A way to learn moves from codes and the attributes of their rows."""

    @abstractmethod
    def learned(self, z: Array, cells: Array, law: CodeLaw) -> Moves:
        """From codes (N, D) and attributes (N, K)."""


@final
@dataclass(frozen=True)
class Matched(Way):
    """What changes between rows that differ in nothing else (3)."""

    def learned(self, z: Array, cells: Array, law: CodeLaw) -> Moves:
        return ByLaw(law)


@final
@dataclass(frozen=True)
class Mean(Way):
    """The difference of means (1)."""

    def learned(self, z: Array, cells: Array, law: CodeLaw) -> Moves:
        return ByMeans(effects_of(z, cells, law.scales.numeric), law.scales.numeric)


@final
@dataclass(frozen=True)
class Orthogonal(Way):
    """The difference of means, across what tells all other attributes (2)."""

    def learned(self, z: Array, cells: Array, law: CodeLaw) -> Moves:
        numeric = law.scales.numeric
        return ByMeans(effects_of(z, cells, numeric), numeric, weights_of(z, cells, numeric))


@final
@dataclass(frozen=True)
class ByLaw(Moves):
    """m(a') - m(a)."""

    law: CodeLaw

    def shift(self, old: Array, new: Array) -> Array:
        return self.law.mean(new) - self.law.mean(old)  # (3)


@final
@dataclass(frozen=True)
class ByMeans(Moves):
    """Each attribute's own differences, added up."""

    effects: list[Array]  # (levels, D) of a category: its means less the mean of all; (1, D) of a number: its slope
    numeric: Array
    weights: list[Array] | None = None  # (levels, D), (1, D): what tells each from the code

    def shift(self, old: Array, new: Array) -> Array:
        moved = ~((old == new) | (np.isnan(old) & np.isnan(new)))
        span = _span([w for w, some in zip(self.weights or [], moved.any(0), strict=False) if not some])
        total = np.zeros((len(old), self.effects[0].shape[1]))
        for column in np.flatnonzero(moved.any(0)):
            steps = old[:, column], new[:, column]
            d = self._difference(self.effects[column], *steps)
            if self.weights is not None:
                d = _apart(d, self._difference(self.weights[column], *steps), span)
            total += np.where(moved[:, [column]], d, 0.0)
        return total

    def _difference(self, each: Array, old: Array, new: Array) -> Array:
        """(1), or its weights; from the mean of all rows where nothing is known."""
        if len(each) == 1:
            return np.nan_to_num(new - old)[:, None] * each
        start = np.where(old[:, None] < 0, 0.0, each[np.maximum(old, 0).astype(int)])
        return each[new.astype(int)] - start


def effects_of(z: Array, cells: Array, numeric: Array) -> list[Array]:
    """What each attribute does to codes on its own."""
    apart = z - z.mean(0)
    return [_slope(apart, x) if number else _means(apart, x) for x, number in zip(cells.T, numeric, strict=True)]


def _slope(apart: Array, x: Array) -> Array:
    there = ~np.isnan(x)
    far = x[there] - x[there].mean()
    return (far @ apart[there])[None] / max(float(far @ far), 1e-300)


def _means(apart: Array, x: Array) -> Array:
    levels = range(int(x.max()) + 1)
    return np.stack([apart[x == level].mean(0) if (x == level).any() else 0 * apart[0] for level in levels])


def weights_of(z: Array, cells: Array, numeric: Array) -> list[Array]:
    """Least squares of each level, or number, on codes; shrunk a little, for codes wider than there are rows."""
    apart = z - z.mean(0)
    inner = apart.T @ apart
    inner += 1e-6 * max(float(np.trace(inner)) / len(inner), 1e-12) * np.eye(len(inner))
    found = []
    for x, number in zip(cells.T, numeric, strict=True):
        told = _filled(x)[:, None] if number else (x[:, None] == np.arange(int(x.max()) + 1)).astype(float)
        found.append(np.linalg.solve(inner, apart.T @ (told - told.mean(0))).T)
    return found


def _filled(x: Array) -> Array:
    return np.where(np.isnan(x), np.nanmean(x), x)


def _span(weights: list[Array]) -> Array:
    """(D, r): an orthonormal basis of the others' weights."""
    if not weights:
        return np.zeros((0, 0))
    _, sizes, basis = np.linalg.svd(np.concatenate(weights), full_matrices=False)
    return basis[sizes > 1e-6 * max(float(sizes[0]), 1e-300)].T


def _apart(d: Array, w: Array, span: Array) -> Array:
    """(2), row by row."""
    if not span.size:
        return d
    across = d - (d @ span) @ span.T
    whole, rest = (w * d).sum(1), (w * across).sum(1)
    if (np.abs(rest) < LEAST * np.abs(whole)).any():
        what = "in so few numbers of code no direction changes this attribute and none of the others"
        expected = "more numbers in a code than the others take"
        raise CannotAnswer(what, expected=expected, remedy="the way Matched (--by matched)")
    return across * (whole / np.where(rest == 0, 1.0, rest))[:, None]


# Editing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edited:
    """Rows before and after, as the model decodes them; and what is said of them."""

    before: Rows
    after: Rows
    z: Array  # (M, D): the codes moved
    said: tuple[dict[str, Any], ...]  # of each row: every attribute, as it was said or told from the code
    asked: tuple[dict[str, Any], ...]  # of each row: those that were to change, and into what


def edited(
    rows: Coded, known: Coded, *, add: Sequence[str] = (), remove: Sequence[str] = (),
    way: Way | None = None, strength: float = 1.0,
) -> Edited:  # fmt: skip
    """The rows changed: `add` and `remove` are attributes (`glasses`, `shape=square`, `age=40`) of the `known` rows.

    A strength of 1 goes as far as the data say; less goes part of the way, more beyond.
    """
    numbers_of(rows.fitted)
    if not np.isfinite(strength):
        raise FieldError(f"a strength of {strength}", expected="a number; 1 goes as far as the data say")
    attributes = attributes_of(known.labels)
    wishes = wishes_of(add, remove, attributes, known.labels)
    names = known.fitted.card.condition
    inner = _held(attributes, [wish.name for wish in wishes], known)
    given = rows.given(np.arange(len(rows)))
    changed = _regiven(given, [wish for wish in wishes if wish.name in names], attributes, known)
    z, old, new = _moved(rows, known, inner, [w for w in wishes if w.name in inner], way or Matched(), strength)
    said, became = (_told(inner, *each) for each in ((old, given), (new, changed)))
    asked = tuple({wish.name: each[wish.name] for wish in wishes} for each in became)
    return Edited(rows.decoded(rows.z, given), rows.decoded(z, changed), z, said, asked)


def _held(attributes: dict[str, Attribute], wished: list[str], known: Coded) -> dict[str, Attribute]:
    """The attributes that codes are told by: those wished for, and what shall stay.

    A table's own columns stay only where one of them is to change: what else is said of a row hangs on all of them.
    """
    given, own = known.fitted.card.condition, known.rows.schema.names if isinstance(known.rows, Table) else ()
    whole = set(wished) <= {*own, *given}
    return {
        name: each
        for name, each in attributes.items()
        if name not in given and (whole or name not in own or name in wished)
    }


def _moved(
    rows: Coded, known: Coded, attributes: dict[str, Attribute], wishes: list[Wish], way: Way, strength: float
) -> tuple[Array, Array, Array]:
    """The codes moved, and the attributes as they were and as they shall be."""
    old = coded_cells(attributes, rows.labels, len(rows))
    if not wishes:
        return rows.z, old, old
    numeric = np.array([each.numeric for each in attributes.values()])
    cells = coded_cells(attributes, known.labels, len(known))
    law = code_law(known.z, cells, numeric)
    old = law.recognised(rows.z, old, np.where(numeric, np.isnan(old), old < 0))
    new = _wished(rows.z, old, attributes, wishes, law)
    return rows.z + strength * way.learned(known.z, cells, law).shift(old, new), old, new


def _wished(z: Array, old: Array, attributes: dict[str, Attribute], wishes: list[Wish], law: CodeLaw) -> Array:
    """What attributes shall be; where something is only to go, the likeliest other value takes its place."""
    new = old.copy()
    for wish in wishes:
        at = list(attributes).index(wish.name)
        if wish.value is not None:
            new[:, at] = wish.value
            continue
        barred = np.isin(law.seen[:, at], [*wish.without, MISSING])
        _check_left(wish, attributes[wish.name], bool(barred.all()))
        goes = np.isin(old[:, at], wish.without)
        free = np.zeros(new.shape, bool)
        free[goes, at] = True
        new = law.recognised(z, new, free, barred)
    return new


def _regiven(
    given: pd.DataFrame | None, wishes: list[Wish], attributes: dict[str, Attribute], known: Coded
) -> pd.DataFrame | None:
    """The condition changed; where something is only to go, the commonest other value takes its place."""
    if given is None or not wishes:
        return given
    for wish in wishes:
        attribute, column = attributes[wish.name], given[wish.name].astype(object)
        if wish.value is not None:
            given = given.assign(**{wish.name: [attribute.told(wish.value)] * len(given)})
            continue
        seen = coded_cells({wish.name: attribute}, known.labels, len(known))[:, 0]
        others = seen[~np.isin(seen, [*wish.without, MISSING])].astype(int)
        _check_left(wish, attribute, not len(others))
        other = attribute.told(float(np.bincount(others).argmax()))
        given = given.assign(**{wish.name: column.where(~np.isin(attribute.coded(column), wish.without), other)})
    return given


def _check_left(wish: Wish, attribute: Attribute, nothing: bool) -> None:
    if nothing:
        what = f"every {wish.name} is removed, and none is left for the row to have"
        raise FieldError(what, expected=f"one of {shown(attribute.keys, most=20)} to stay")


def _told(attributes: dict[str, Attribute], cells: Array, given: pd.DataFrame | None) -> tuple[dict[str, Any], ...]:
    """Each row's attributes in their own words, those that the model is given too."""
    inner = [{name: each.told(x) for (name, each), x in zip(attributes.items(), row, strict=True)} for row in cells]
    outer = [{}] * len(cells) if given is None else given.to_dict("records")
    return tuple(one | two for one, two in zip(inner, outer, strict=True))
