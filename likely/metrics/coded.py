r"""What is measured of the codes of rows: neighbourhoods kept, dimensions, and of choices how many are used.

Codes that are numbers are as far apart as points are; codes that are choices, as many as differ. Of choices

    perplexity = exp(-sum_k f_k log f_k),   f_k the share of code k among all cells of all codes                     (1)
"""

from typing import Any

import numpy as np

from likely.contracts import Space
from likely.data import Pieces, Rows, Table
from likely.metrics.features import features, measurable
from likely.metrics.manifold import NEAREST, dimension, neighbourhoods
from likely.metrics.measure import Measure
from likely.metrics.neighbours import squared, unlike
from likely.metrics.thread import one_thread
from likely.spaces import Category, Image, Tokens, Vector

Array = np.ndarray[Any, Any]
FEWEST = 4 * NEAREST  # rows below which nothing is said of neighbours


def coded(rows: Rows, codes: Array, space: Space) -> dict[str, Measure]:
    """Every measure of the codes (N, ...) of rows, by name."""
    flat, kinds = codes.reshape(len(codes), -1), choices(space)
    found = [] if kinds is None else [perplexity(flat, kinds), unused(flat, kinds)]
    points = points_of(rows)
    finite = np.isfinite(points).all(1) & np.isfinite(flat).all(1)
    if points.shape[1] and finite.sum() >= FEWEST:
        with one_thread():
            found += _near(points[finite], flat[finite], numbers=kinds is None)
    return {measure.name: measure for measure in found}


def _near(points: Array, codes: Array, *, numbers: bool) -> list[Measure]:
    kept = neighbourhoods(points, codes, by=squared if numbers else unlike)
    sides = {"dimension of the rows": points} | ({"dimension of the codes": codes} if numbers else {})
    dimensions = {name: dimension(side) for name, side in sides.items()}
    return [*kept, *(_named(found, name) for name, found in dimensions.items() if found is not None)]


def _named(found: Measure, name: str) -> Measure:
    return Measure(name, found.value, found.low, found.high, found.rows, found.ideal, found.note)


def points_of(rows: Rows) -> Array:
    """Rows as points: standardised numbers and one-hot categories, or pieces as their own; of nothing (N, 0)."""
    match rows:
        case Pieces():
            return rows.points().astype(np.float64)
        case Table() if measurable(rows):
            return features(rows)[0]
    return np.zeros((len(rows), 0))


def choices(space: Space) -> int | None:
    """Of how many each cell of a code is a choice; none where cells are numbers."""
    match space:
        case Vector(columns=(Category(k=k), *_)) if all(isinstance(column, Category) for column in space.columns):
            return k
        case Image(levels=int(levels)):
            return levels
        case Tokens(vocabulary=vocabulary):
            return vocabulary
    return None


def perplexity(codes: Array, choices: int) -> Measure:
    """(1), the number of codes that would say as much if all were as frequent."""
    share = _counts(codes, choices) / max(codes.size, 1)
    there = share[share > 0]
    value = float(np.exp(-(there * np.log(there)).sum()))  # (1)
    return _counted("perplexity", value, codes, f"of {choices} codes, evenly used, say as much")


def unused(codes: Array, choices: int) -> Measure:
    """How many codes stand in no row."""
    value = float((_counts(codes, choices) == 0).sum())
    return _counted("unused codes", value, codes, f"of {choices} codes stand in none of {codes.size:,} places")


def _counts(codes: Array, choices: int) -> Array:
    return np.bincount(codes.astype(np.int64).ravel().clip(0), minlength=choices)


def _counted(name: str, value: float, codes: Array, note: str) -> Measure:
    return Measure(name, value, value, value, (len(codes), len(codes)), value, note)
