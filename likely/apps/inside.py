"""What a model with codes has learned, seen from inside: all that a page, or a program, needs to show it."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely.apps.attributes import Attribute, attributes_of
from likely.apps.coded import Coded, coded, drawn, numbers_of, training_source, within
from likely.apps.interpolate import Interpolation, between
from likely.apps.latent_map import Plane, grid_of, plane_of
from likely.apps.neighbours import Nearest, in_codes, in_data
from likely.apps.traversal import Traversal, traversals
from likely.data import Rows
from likely.errors import FieldError
from likely.fitted import Fitted
from likely.frames import source_of
from likely.suggestion import meant, shown

Array = np.ndarray[Any, Any]
MOST = 2000  # rows that are looked at
USED = 0.1  # a number of the code whose standard deviation is below this, of the largest, is left alone


@dataclass(frozen=True)
class Neighbours:
    """Samples, and the rows nearest to each of them."""

    samples: Rows
    in_codes: Nearest
    in_data: Nearest
    by_code: Rows  # k rows for each sample, one sample after another
    by_data: Rows


@dataclass(frozen=True)
class Inside:
    """A model seen from inside."""

    coded: Coded
    source: str
    plane: Plane
    places: Array  # (N, 2): the rows in the plane
    attribute: Attribute | None  # what the map is coloured by
    values: Array | None  # (N,): that attribute of each row
    side: int
    grid: Array  # (side * side, 2) places
    grid_rows: Rows
    given: dict[str, Any]  # what grid and traversals are given
    traversals: tuple[Traversal, ...]
    interpolations: tuple[Interpolation, ...]
    neighbours: Neighbours

    @property
    def used(self) -> int:
        """How many numbers of the code vary over the rows."""
        spread = self.coded.z.std(0)
        return int((spread > USED * spread.max()).sum()) if spread.max() > 0 else 0


def inside(
    fitted: Fitted[Any], data: Any = None, *, by: str | None = None, between: Sequence[str] = (), labels: Any = None,
    side: int = 12, steps: int = 9, samples: int = 6, nearest: int = 5, most: int = MOST, seed: int = 0,
) -> Inside:  # fmt: skip
    """The model seen from inside, by the rows given or those that it was fitted on.

    `by` colours the map; each of `between` is two rows: "3,17" of the data, counting from 1, or "a.png,b.csv:4" of
    files.
    """
    numbers_of(fitted)
    source = training_source(fitted) if data is None else data
    whole = coded(fitted, source, labels=labels)
    places = drawn(len(whole), most, fitted)
    known = whole.take(places)
    pairs = [pair_named(said, whole) for said in between] or [_apart(known, places)]
    plane = plane_of(known.z)
    attribute, values = coloured(known, by)
    grid, given = grid_of(plane, side), _middle(known, plane)
    return Inside(
        known, source_of(source), plane, plane.places(known.z), attribute, values, side, grid,
        known.decoded(plane.codes(grid), _repeated(given, len(grid))),
        {} if given is None else given.to_dict("records")[0],
        tuple(traversals(known, steps=steps, given=given)),
        tuple(_between(*pair, steps) for pair in pairs),
        _neighbours(known, samples, nearest, seed),
    )  # fmt: skip


def _between(first: tuple[Coded, str], second: tuple[Coded, str], steps: int) -> Interpolation:
    return between(first[0], second[0], (first[1], second[1]), steps=steps)


def _middle(known: Coded, plane: Plane) -> pd.DataFrame | None:
    """The condition of the row whose code is nearest to the middle."""
    place = int(((known.z - plane.centre) ** 2).sum(1).argmin())
    return known.given(np.array([place]))


def _repeated(given: pd.DataFrame | None, rows: int) -> pd.DataFrame | None:
    return None if given is None else given.loc[given.index.repeat(rows)].reset_index(drop=True)


def coloured(known: Coded, by: str | None = None) -> tuple[Attribute | None, Array | None]:
    """What a map is coloured by, and its value in each row."""
    attribute = _attribute(known, by)
    labels = None if attribute is None else known.labels
    return attribute, None if labels is None or attribute is None else attribute.coded(labels.frame[attribute.name])


# What the person named -----------------------------------------------------------------------------------------------


def _attribute(known: Coded, by: str | None) -> Attribute | None:
    """The column that colours the map: the one named, the condition, or the first with few categories."""
    attributes = attributes_of(known.labels)
    if by is None:
        given = [attributes[name] for name in known.fitted.card.condition if name in attributes]
        few = [each for each in attributes.values() if not each.numeric]
        return next(iter([*given, *sorted(few, key=lambda each: len(each.levels) > 10), *attributes.values()]), None)
    if by not in attributes:
        remedy = meant(by, attributes, "" if attributes else "--labels TABLE")
        what = f"there is no column '{by}' to colour by, or nothing varies in it"
        raise FieldError(what, expected=f"one of {shown(attributes, most=20)}" if attributes else "labelled rows",
                         remedy=remedy)  # fmt: skip
    return attributes[by]


def pair_named(said: str, known: Coded) -> tuple[tuple[Coded, str], tuple[Coded, str]]:
    """Two rows, named in one word."""
    parts = [part.strip() for part in said.split(",")]
    if len(parts) != 2 or not all(parts):
        raise FieldError(f"'{said}' does not name two rows", expected="3,17 (rows of the data) or a.png,b.csv:4")
    first, second = ((row_named(part, known), _called(part)) for part in parts)
    return first, second


def _called(part: str) -> str:
    return f"row {part}" if part.isdigit() else part


def row_named(said: str, known: Coded) -> Coded:
    """One row: its number in the data, a file (its first row), or FILE:NUMBER."""
    if said.isdigit():
        return known.take(within(np.array([int(said) - 1]), len(known)))
    path, colon, number = said.rpartition(":")
    numbered = bool(colon) and number.isdigit() and not Path(said).exists()
    return coded(known.fitted, path if numbered else said).take([int(number) - 1 if numbered else 0])


def _apart(known: Coded, numbers: Array) -> tuple[tuple[Coded, str], tuple[Coded, str]]:
    """Two rows at opposite ends of the plane, where none were named; `numbers` are the rows' own places in the data."""
    places = plane_of(known.z).places(known.z)[:, 0]
    ends = np.argsort(places, kind="stable")[[len(places) // 10, -1 - len(places) // 10]]
    first, second = ((known.take([int(end)]), f"row {int(numbers[end]) + 1}") for end in ends)
    return first, second


# Nearest rows --------------------------------------------------------------------------------------------------------


def _neighbours(known: Coded, samples: int, k: int, seed: int) -> Neighbours:
    """New samples of the model beside the rows that are nearest to them."""
    fitted = known.fitted
    made = fitted.sample_rows(samples, seed=seed)
    asked = Coded(fitted, made, made.said)
    codes, data = in_codes(asked, known, k), in_data(asked, known, k)
    return Neighbours(
        made, codes, data, known.rows.take(codes.places.reshape(-1)), known.rows.take(data.places.reshape(-1))
    )
