r"""From one code to another, straight and along the sphere.

    straight:   z(t) = (1 - t) a + t b                                                                               (1)
    spherical:  z(t) = r(t) [sin((1 - t) w) a / |a| + sin(t w) b / |b|] / sin w,   cos w = a . b / |a| |b|           (2)
                r(t) = (1 - t) |a| + t |b|

Codes of a wide Gaussian lie near a sphere: the straight way passes nearer to its centre than any row does, the
spherical one keeps their length. What is a choice in a code is, on the way, that of the nearer end.
Sampling Generative Networks (White, 2016), arXiv:1609.04468
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.apps.coded import Coded, codes_of, numbers_of
from likely.data import Rows
from likely.searching import choices

Array = np.ndarray[Any, Any]
NARROW = 1e-6  # radians: below, and at codes of no length, both ways are one


@dataclass(frozen=True)
class Interpolation:
    """What lies between two rows, both ways; the ends are the codes of the rows themselves."""

    ends: tuple[str, str]  # what the two rows are called
    straight: Rows
    spherical: Rows
    z: tuple[Array, Array]  # (steps, D) each
    angle: float  # between the two codes, in degrees


def straight(a: Array, b: Array, steps: int) -> Array:
    """(steps, D), both ends included."""
    t = np.linspace(0, 1, steps)[:, None]
    return (1 - t) * a + t * b  # (1)


def spherical(a: Array, b: Array, steps: int) -> Array:
    """(steps, D), both ends included; around the origin, where the prior has its centre."""
    t, w = np.linspace(0, 1, steps)[:, None], angle(a, b)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if w < NARROW or not min(lengths):
        return straight(a, b, steps)
    start, end = a / lengths[0], b / lengths[1]
    across = _across(start, end)  # (2) as a turn from the start in the plane of both
    return ((1 - t) * lengths[0] + t * lengths[1]) * (np.cos(t * w) * start + np.sin(t * w) * across)


def angle(a: Array, b: Array) -> float:
    """Between two codes, in radians; 0 where one has no length."""
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not min(lengths):
        return 0.0
    start, end = a / lengths[0], b / lengths[1]
    return float(2 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end)))


def between(rows: Coded, others: Coded, names: tuple[str, str], *, steps: int = 9) -> Interpolation:
    """From the first of these rows to the first of the others; each step is given the first one's condition."""
    a, b = rows.z[0], others.z[0]
    free = _numbers(rows)
    numbers = straight(a[free], b[free], steps), spherical(a[free], b[free], steps)
    ways = _walked(numbers[0], a, b, free), _walked(numbers[1], a, b, free)
    given = rows.given(np.zeros(steps, int))
    straightly, spherically = (rows.decoded(way, given) for way in ways)
    return Interpolation(names, straightly, spherically, ways, float(np.degrees(angle(a[free], b[free]))))


def _numbers(rows: Coded) -> Array:
    """The places of a code that are no choices; where all are choices, an error."""
    of = choices(codes_of(rows.fitted).codes)
    if len(of) == rows.z.shape[1] or not of:
        numbers_of(rows.fitted)
    return np.array([place for place in range(rows.z.shape[1]) if place not in of], int)


def _walked(numbers: Array, a: Array, b: Array, free: Array) -> Array:
    """(steps, D): the numbers as they go, and the choices of the nearer end."""
    nearer = np.arange(len(numbers)) < len(numbers) / 2
    whole = np.where(nearer[:, None], a, b)
    whole[:, free] = numbers
    return whole


def _across(start: Array, end: Array) -> Array:
    """The direction of length 1 that turns the start towards the end; of opposite ends any, always the same."""
    apart = end - (start @ end) * start
    if np.linalg.norm(apart) < NARROW:
        aside = np.eye(len(start))[np.abs(start).argmin()]
        apart = aside - (start @ aside) * start
    far = np.linalg.norm(apart)
    return apart / far if far > 0 else apart  # in one dimension there is no way around
