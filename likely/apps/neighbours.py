"""The rows that lie nearest to others: in the model's codes, and in the data themselves."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.apps.coded import Coded
from likely.data import Pieces
from likely.metrics.features import features
from likely.metrics.neighbours import squared
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Nearest:
    """For each row asked about, the places of its nearest ones and how far they are."""

    places: Array  # (M, k), the nearest first
    far: Array  # (M, k)


def nearest_of(queries: Array, points: Array, k: int) -> Nearest:
    """The k nearest of points (N, D) to each query (M, D); of equals the first."""
    places, far = [], []
    with one_thread():
        for _, distances in squared(queries, points):
            order = np.argsort(distances, axis=1, kind="stable")[:, :k]
            places.append(order)
            far.append(np.sqrt(np.take_along_axis(distances, order, 1)))
    return Nearest(np.concatenate(places), np.concatenate(far))


def in_codes(asked: Coded, known: Coded, k: int = 5) -> Nearest:
    """Nearest by the distance of codes."""
    return nearest_of(asked.z, known.z, k)


def in_data(asked: Coded, known: Coded, k: int = 5) -> Nearest:
    """Nearest as they stand: pieces number by number, tables by standardised numbers and equal categories."""
    if isinstance(known.rows, Pieces) and isinstance(asked.rows, Pieces):
        return nearest_of(asked.rows.points(), known.rows.points(), k)
    points, queries = features(known.rows, asked.rows)
    return nearest_of(queries, points, k)
