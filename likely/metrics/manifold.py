r"""How well codes keep the neighbourhoods of the rows, and how many dimensions the rows have.

With n rows, r(i, j) the rank of j among the neighbours of i by the rows, and U_k(i) those among its k nearest by the
codes that are not among its k nearest by the rows,

    trustworthiness = 1 - 2 / (n k (2 n - 3 k - 1)) sum_i sum_{j in U_k(i)} (r(i, j) - k)                            (1)
    continuity is (1) with rows and codes in each other's places                                                     (2)

With T_j(i) the distance of i to its j-th nearest, (T_j / T_k)^d, j < k, are uniform near a manifold of d dimensions:

    d = (k - 1) / mean_i sum_{j < k} log(T_k(i) / T_j(i))                                                            (3)

whose k = 2 is the two-neighbours estimate (Facco et al., 2017). (1): Venna & Kaski (2001); (3): Levina & Bickel (2004),
averaged as MacKay & Ghahramani (2005) say.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from likely.metrics.measure import Measure, Z, mean
from likely.metrics.neighbours import squared

Array = np.ndarray[Any, Any]
NEAREST = 10  # neighbours that codes keep or lose
WITHIN = 10  # neighbours whose distances tell the dimension: fewer are noisier, more feel the ends of the manifold
Distances = Iterator[tuple[slice, Array]]  # of each chunk of rows to every row
Far = Callable[[Array, Array], Distances]


def trustworthiness(rows: Array, codes: Array, *, k: int = NEAREST, by: Far = squared) -> Measure:
    """Whether neighbours by the codes, as far apart as `by` says, are neighbours by the rows: 1 always, 0.5 chance."""
    return neighbourhoods(rows, codes, k=k, by=by)[0]


def continuity(rows: Array, codes: Array, *, k: int = NEAREST, by: Far = squared) -> Measure:
    """Whether neighbours by the rows are neighbours by the codes, too: 1 is always, 0.5 is by chance."""
    return neighbourhoods(rows, codes, k=k, by=by)[1]


def neighbourhoods(rows: Array, codes: Array, *, k: int = NEAREST, by: Far = squared) -> tuple[Measure, Measure]:
    """Trustworthiness and continuity, from one pass over all distances."""
    sizes, (trusted, continued) = (len(rows), len(codes)), kept(rows, codes, k, by)
    return (
        mean("trustworthiness", trusted, sizes, 1.0, f"the {k} nearest rows by the codes are near by the rows, too"),
        mean("continuity", continued, sizes, 1.0, f"the {k} nearest rows are near by the codes, too"),
    )


def kept(rows: Array, codes: Array, k: int, by: Far = squared) -> tuple[Array, Array]:
    """The terms of (1) and those of (2), one a row, whose means they are."""
    n = len(rows)
    lost = np.zeros((2, n))
    for (chunk, far), (_, apart) in zip(squared(rows, rows), by(codes, codes), strict=True):
        own = np.arange(len(far)), np.arange(chunk.start, chunk.stop)
        far[own] = apart[own] = -1.0  # itself first: the others' ranks begin at 1
        lost[:, chunk] = _lost(far, apart, k), _lost(apart, far, k)
    trusted, continued = 1 - 2 / (k * (2 * n - 3 * k - 1)) * lost  # (1), (2)
    return trusted, continued


def _lost(ranked: Array, asked: Array, k: int) -> Array:
    """How far beyond rank k, by one distance, the k nearest by the other are; of equal distances none comes later."""
    near = np.take_along_axis(ranked, np.argpartition(asked, k, axis=1)[:, : k + 1], 1)  # with itself, of rank 0
    ranks = [np.searchsorted(row, each) for row, each in zip(np.sort(ranked, axis=1), near, strict=True)]
    return np.maximum(np.stack(ranks) - k, 0).sum(1)


def dimension(points: Array, *, k: int = WITHIN) -> Measure | None:
    """How many dimensions the points' neighbourhoods have; none where most points have copies."""
    logs = _logs(points, k)
    if 2 * len(logs) < len(points) or not logs.mean() > 0:
        return None
    value = (k - 1) / float(logs.mean())  # (3)
    half = Z * value * float(logs.std() / logs.mean()) / len(logs) ** 0.5  # the delta method: of 1 / the mean
    rows = (len(points), len(logs))
    return Measure("dimension", value, value - half, value + half, rows, value, f"by the {k} nearest of each")


def _logs(points: Array, k: int) -> Array:
    """sum_{j < k} log(T_k / T_j) of each point that has no copies."""
    found = []
    for chunk, rough in squared(points, points):
        rough[np.arange(len(rough)), np.arange(chunk.start, chunk.stop)] = np.inf  # not itself
        places = np.argpartition(rough, k - 1, axis=1)[:, :k]
        near = np.sort(((points[places] - points[chunk, None]) ** 2).sum(2), axis=1)  # exact, where `squared` rounds
        near = near[near[:, 0] > 0]
        found.append(0.5 * (np.log(near[:, -1:]) - np.log(near[:, :-1])).sum(1))
    return np.concatenate(found)
