"""Rows between rows (SMOTE): the reference that learns nothing, and that a model of tables should beat.

    x' = x + u (y - x),   u ~ U(0, 1),   y: one of the k nearest other rows of x          numbers
    x' = what most of x and its k nearest say                                             everything else

SMOTE: Synthetic Minority Over-sampling Technique, with its form for mixed columns, SMOTE-NC (Chawla et al., 2002)
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from typing import Any

import numpy as np
import pandas as pd

from likely.data import Table
from likely.metrics.features import features, sampled
from likely.metrics.neighbours import squared
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
KNOWN = 5000  # rows among which neighbours are looked for, at most
NEAR = 5  # neighbours of a row
NUMBERS = ("real", "count")


def between(rows: Table, count: int, *, near: int = NEAR, seed: int = 0) -> Table:
    """So many rows between these rows and their neighbours."""
    known = sampled(rows, KNOWN, seed)
    assert isinstance(known, Table)
    rng = np.random.default_rng(seed)
    places = rng.integers(len(known), size=count)
    others = _nearest(known, places, min(near, len(known) - 1))
    chosen, u = others[np.arange(count), rng.integers(others.shape[1], size=count)], rng.random(count)
    frame = known.frame.reset_index(drop=True)
    made = {name: _made(frame[name], known, name, places, others, chosen, u) for name in frame.columns}
    return Table(pd.DataFrame(made), known.schema)


def _nearest(known: Table, places: Array, near: int) -> Array:
    """(count, near): the nearest other rows of each."""
    points = features(known)[0]
    found = np.zeros((len(places), near), int)
    with one_thread():
        for chunk, far in squared(points[places], points):
            far[np.arange(len(far)), places[chunk]] = np.inf
            found[chunk] = np.argpartition(far, near - 1, axis=1)[:, :near]
    return found


def _made(
    cells: pd.Series, known: Table, name: str, places: Array, others: Array, chosen: Array, u: Array
) -> pd.Series:
    """One column of the new rows."""
    kind = known.schema[name].kind
    if kind in NUMBERS and pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return _interpolated(cells, places, chosen, u)
    return cells.take(_commonest(cells, np.concatenate([places[:, None], others], 1))).reset_index(drop=True)


def _interpolated(cells: pd.Series, places: Array, chosen: Array, u: Array) -> pd.Series:
    """Between the two numbers; where one is missing, the row's own cell. Whole numbers stay whole."""
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    one, other = numbers[places], numbers[chosen]
    made = np.where(np.isnan(other), one, one + u * (other - one))
    present = numbers[~np.isnan(numbers)]
    if (present == np.rint(present)).all():
        made = np.rint(made)
    if pd.api.types.is_integer_dtype(cells) and not np.isnan(made).any():
        return pd.Series(made.astype(np.int64)).astype(cells.dtype)
    return pd.Series(made)


def _commonest(cells: pd.Series, groups: Array) -> Array:
    """For each group of rows, the first that says what most of them say."""
    spelled, _ = pd.factorize(cells.astype(object))  # a missing cell is −1, and may be what most say
    said = spelled[groups]
    votes = (said[:, :, None] == said[:, None, :]).sum(2)
    return groups[np.arange(len(groups)), votes.argmax(1)]
