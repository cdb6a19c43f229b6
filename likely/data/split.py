"""Train, validation and test by hash: the same rows on the same sides, whatever is appended later.

A row's place in [0, 1) is a hash of its cells and of its occurrence number, so that copies of one row fall on all sides
in proportion and no side can be told from another. Pictures, and tables with less than 1 % copies, keep copies on one
side instead: there a copy is a leak, not a frequency. A group column keeps all rows of one value on one side. Pages of
one document are cut, not drawn: training, validation and test follow one another, and no side knows its neighbours.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.data.hashing import column_hashes, mixed, occurrences, share_of_copies
from likely.data.rows import Pieces, Rows, Table
from likely.errors import FieldError

Array = np.ndarray[Any, Any]
RARE = 0.01  # copies below this share are kept together


@dataclass(frozen=True)
class Split:
    """The sides; only validation and test can be empty."""

    train: Rows
    validation: Rows
    test: Rows


def split(rows: Rows, *, fractions: Sequence[float] = (0.8, 0.1, 0.1), salt: int = 0) -> Split:
    """The rows by side, each side in the rows' own order."""
    side = sides(rows, fractions=fractions, salt=salt)
    train, validation, test = (rows.take(np.flatnonzero(side == each)) for each in range(3))
    return Split(train, validation, test)


def sides(rows: Rows, *, fractions: Sequence[float] = (0.8, 0.1, 0.1), salt: int = 0) -> Array:
    """0 (train), 1 (validation) or 2 (test) for each row."""
    edges = _edges(fractions)
    where = places(rows, salt=salt)
    side = np.searchsorted(edges, where, side="right").astype(np.int8)
    if len(side) and fractions[0] > 0 and not (side == 0).any():
        side[where == where.min()] = 0  # a handful of rows: learning needs one
    return side


def places(rows: Rows, *, salt: int = 0) -> Array:
    """Each row's place in [0, 1)."""
    if isinstance(rows, Pieces) and rows.consecutive:
        return (np.arange(len(rows)) + 0.5) / max(len(rows), 1)
    group = _group(rows)
    hashes = rows.hashes() if group is None else group
    number = np.zeros(len(hashes), np.uint64)
    if group is None and not keeps_copies_together(rows, hashes):
        number = occurrences(hashes)
    seed = mixed(np.full(1, salt % 2**64, np.uint64))
    return (mixed(mixed(hashes + seed) + number) >> np.uint64(11)) * 2.0**-53


def keeps_copies_together(rows: Rows, hashes: Array) -> bool:
    """Pieces (a picture twice is a leak), and tables in which copies are rare."""
    return not isinstance(rows, Table) or share_of_copies(hashes) < RARE


def _group(rows: Rows) -> Array | None:
    table = rows.said
    if table is None or table.schema.group is None:
        return None
    return column_hashes(table.frame[table.schema.group])


def _edges(fractions: Sequence[float]) -> Array:
    given = np.asarray(fractions, dtype=float)
    if given.shape != (3,) or (given < 0).any() or abs(given.sum() - 1) > 1e-6:
        raise FieldError(
            f"fractions are {tuple(fractions)}", expected="three shares (train, validation, test) that sum to 1"
        )
    return np.cumsum(given)[:2]
