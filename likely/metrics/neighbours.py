"""Nearest neighbours, a chunk of queries at a time, so that memory is bounded."""

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
CHUNK = 512
SAME = 1e-9  # squared distances this small are rounding


def squared(queries: Array, points: Array) -> Iterator[tuple[slice, Array]]:
    """Squared distances of each chunk of queries to every point."""
    norms = (points**2).sum(1)
    for start in range(0, len(queries), CHUNK):
        part = queries[start : start + CHUNK]
        far = (part**2).sum(1)[:, None] + norms - 2 * part @ points.T
        yield slice(start, start + len(part)), np.where(far < SAME, 0.0, far)


def unlike(queries: Array, points: Array) -> Iterator[tuple[slice, Array]]:
    """How many cells of each chunk of queries differ from those of every point: the distance of choices."""
    for start in range(0, len(queries), CHUNK):
        part = queries[start : start + CHUNK]
        counts = np.zeros((len(part), len(points)))
        for cell in range(points.shape[1]):
            counts += part[:, cell, None] != points[:, cell]
        yield slice(start, start + len(part)), counts


def nearest(queries: Array, points: Array) -> tuple[Array, Array]:
    """Each query's nearest point and its squared distance."""
    places, far = np.zeros(len(queries), int), np.zeros(len(queries))
    for chunk, distances in squared(queries, points):
        places[chunk] = distances.argmin(1)
        far[chunk] = distances.min(1)
    return places, far
