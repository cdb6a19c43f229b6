"""Which cells of a table are unlike every real one: numbers well beyond their ends, categories and gaps they lack.

Of n real rows and one more of the same law, the one more lies beyond the ends of a column with probability
2 / (n + 1) at most, and seldom by a twentieth of their span: a few marked cells are chance, a column of them is not.
"""

from typing import Any

import numpy as np

from likely.data import Table
from likely.metrics.features import categorical, codes

Array = np.ndarray[Any, Any]
BEYOND = 0.05  # of the span of the real numbers, from which a number is well beyond their end


def odd_cells(rows: Table, real: Table, *more: Table) -> Array:
    """(N, D) of the measured columns: cells of these rows that no real row, of one set or more, has the like of."""
    seen, *sets = reversed(codes(real, *more, rows))
    known = np.concatenate(sets)
    kinds, empty = np.array(categorical(real)), np.isnan(known).all(0)
    low, high = (np.where(empty, np.nan, _edge(known, end)) for end in (-1.0, 1.0))
    far = BEYOND * (high - low)
    beyond = (seen < low - far) | (seen > high + far)
    strange = np.stack([~np.isin(seen[:, j], known[:, j]) for j in range(seen.shape[1])], 1) & ~np.isnan(seen)
    unlike = np.where(kinds, strange, beyond | (empty & ~np.isnan(seen)))
    return unlike | (np.isnan(seen) & ~np.isnan(known).any(0))


def _edge(known: Array, end: float) -> Array:
    """The largest (1) or the smallest (-1) number of each column."""
    return end * np.where(np.isnan(known), -np.inf, end * known).max(0)
