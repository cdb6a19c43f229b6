r"""Which points lie in which balls: exactly, among fifty thousand of either side, in little memory.

Squared distances come a block at a time from a product of matrices in single precision,

    |q - p|^2 = (-2 q, |q|^2, 1) . (p, 1, |p|^2)                                                        (1)

each wrong by no more than, D the number of axes,

    m = 2^-23 (D + 6) (|q| + |p|)^2                                                                     (2)

Whatever is farther than m from a ball's edge is decided; the few pairs nearer to it are taken again in double
precision. The k-th neighbour among some points is a bound on the k-th among all, so few pairs are looked at twice.
Points that are equal are one point with a weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.metrics.neighbours import SAME

Array = np.ndarray[Any, Any]
ROWS, COLUMNS = 512, 4096  # of a block: 8 MB
PAIRS = 1 << 16  # taken again together
EDGE = 1e-12  # of a radius: sums of the same terms in another order


@final
@dataclass(frozen=True)
class Block:
    """Distances of some points to some others, in single precision."""

    top: int  # the first row's place
    left: int  # the first column's place
    far: Array  # (R, C)

    def within(self, edges: Array) -> tuple[Array, Array, Array]:
        """The pairs up to edges that broadcast to (R, C): rows, columns, and how far."""
        places = np.flatnonzero(self.far <= edges.astype(np.float32))
        rows, columns = np.divmod(places, self.far.shape[1])
        return rows + self.top, columns + self.left, self.far[rows, columns]


@final
class Places:
    """The different points among rows (N, D): where they are, how many rows are at each, and each row's (N,)."""

    def __init__(self, points: Array) -> None:
        self.at, self.back, self.weights = np.unique(points, axis=0, return_inverse=True, return_counts=True)
        self.back = self.back.reshape(-1)
        squares = (self.at**2).sum(1)[:, None]
        ones, self.norms = np.ones_like(squares), np.sqrt(squares[:, 0])
        self.rows = np.concatenate([-2 * self.at, squares, ones], 1).astype(np.float32)
        self.columns = np.concatenate([self.at, ones, squares], 1).astype(np.float32)

    def __len__(self) -> int:
        return len(self.at)

    def blocks(self, others: "Places", rows: slice, columns: Array | None = None) -> Iterator[Block]:
        """(1) of some of these points to all others, or to some."""
        asked, right = self.rows[rows], others.columns if columns is None else others.columns[columns]
        for left in range(0, len(right), COLUMNS):
            yield Block(rows.start, left, asked @ right[left : left + COLUMNS].T)

    def margin(self, others: "Places") -> Array:
        """(2) of each of these points, whichever the other is."""
        return 2.0**-23 * (self.at.shape[1] + 6) * (self.norms + others.norms.max()) ** 2  # (2)

    def apart(self, others: "Places", rows: Array, columns: Array) -> Array:
        """The squared distances of pairs, in double precision."""
        found = np.empty(len(rows))
        for start in range(0, len(rows), PAIRS):
            some = slice(start, start + PAIRS)
            found[some] = ((self.at[rows[some]] - others.at[columns[some]]) ** 2).sum(1)
        return found


def chunks(size: int) -> Iterator[slice]:
    """Rows, some at a time."""
    return (slice(start, min(start + ROWS, size)) for start in range(0, size, ROWS))


# Radii ---------------------------------------------------------------------------------------------------------------


def radii(points: Places, k: int) -> Array:
    """Each place's squared distance to the k-th other row, (U,)."""
    some = np.random.default_rng(0).permutation(len(points))[:COLUMNS]
    margin = points.margin(points)
    return np.concatenate([_radii(points, rows, k, some, margin[rows]) for rows in chunks(len(points))])


def _radii(points: Places, rows: slice, k: int, some: Array, margin: Array) -> Array:
    edges = _at_most(points, rows, k, some) + 2 * margin
    found = [block.within(edges[:, None]) for block in points.blocks(points, rows)]
    at, others, far = (np.concatenate(part) for part in zip(*found, strict=True))
    nearest = _kth(at - rows.start, far, np.ones_like(far), k + 1, len(edges))  # with itself
    kept = (far <= (nearest + 2 * margin)[at - rows.start]) & (at != others)
    at, others = at[kept], others[kept]
    far, own = points.apart(points, at, others), points.weights[rows] - 1
    found = _kth(at - rows.start, far, points.weights[others], k - own, len(edges))
    return np.where(own >= k, 0.0, found)


def _at_most(points: Places, rows: slice, k: int, some: Array) -> Array:
    """No less than the squared distance to the k-th neighbour: that to the k-th, or one more, among some points."""
    if len(some) <= k:
        return np.full(rows.stop - rows.start, np.inf)
    (block,) = points.blocks(points, rows, some)
    return np.partition(block.far, k, axis=1)[:, k].astype(np.float64)


def _kth(rows: Array, far: Array, weights: Array, k: Array | int, size: int) -> Array:
    """For each row the distance at which the weights of what is nearer reach k, infinite where they do not."""
    order = np.lexsort((far, rows))
    rows, far, total = rows[order], far[order], np.cumsum(weights[order])
    first = np.searchsorted(rows, np.arange(size))
    before = np.concatenate([[0], total])[first]
    reached = np.flatnonzero(total - before[rows] >= np.broadcast_to(k, size)[rows])
    told, places = np.unique(rows[reached], return_index=True)
    found = np.full(size, np.inf)
    found[told] = far[reached[places]]
    return found


# Balls ---------------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Hits:
    """For each place of one side: how many rows of the other go with it, and where it is one alone, which place."""

    counts: Array  # (U,)
    alone: Array  # (U,) -1 where there is none, or more than one


def held(points: Places, balls: Places, around: Array) -> tuple[Hits, Hits]:
    """The balls, one a row, that hold each place of the points; and the points in each place's ball, in one pass."""
    edges, margin = around * (1 + EDGE) + SAME, balls.margin(points)
    inner, outer = np.zeros((2, len(points))), np.zeros((2, len(balls)))
    for rows in chunks(len(balls)):
        for block in balls.blocks(points, rows):
            at, inside, far = block.within((edges + margin)[rows, None])
            near = far > (edges - margin)[at]
            far = far.astype(np.float64)
            far[near] = balls.apart(points, at[near], inside[near])
            sure = far <= edges[at]
            _add(inner, inside[sure], balls.weights, at[sure])
            _add(outer, at[sure], points.weights, inside[sure])
    return _hits(inner), _hits(outer)


def _add(sums: Array, places: Array, weights: Array, others: Array) -> None:
    """Counts how many of the others there are, and adds up which."""
    sums[0] += np.bincount(places, weights[others], minlength=sums.shape[1])
    sums[1] += np.bincount(places, others, minlength=sums.shape[1])


def _hits(sums: Array) -> Hits:
    return Hits(sums[0], np.where(sums[0] == 1, sums[1], -1).astype(int))
