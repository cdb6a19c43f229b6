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


def radii(points: Array, k: int) -> Array:
    """Each point's squared distance to its k-th other point."""
    found = np.zeros(len(points))
    for chunk, distances in squared(points, points):
        distances[np.arange(len(distances)), np.arange(chunk.start, chunk.stop)] = np.inf  # not itself
        found[chunk] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return found


def inside(queries: Array, centres: Array, around: Array) -> Array:
    """How many balls hold each query."""
    counts = np.zeros(len(queries), int)
    for chunk, distances in squared(queries, centres):
        counts[chunk] = (distances <= around + SAME).sum(1)
    return counts
