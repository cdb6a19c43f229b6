"""Codes in two dimensions: the plane in which they vary most, each row's place in it, and a grid over it.

With one or two numbers in a code the axes are those numbers; with more, the two leading principal axes of the rows'
codes. The grid stands at the quantiles of a normal law with the codes' own centre and spread along each axis.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
EXACT = 512  # numbers in a code up to which principal axes are exact


@dataclass(frozen=True)
class Plane:
    """Two axes through the middle of the codes; one where a code is one number."""

    centre: Array  # (D,)
    axes: Array  # (2, D), orthonormal
    spread: Array  # (2,): the standard deviation of the codes along each
    share: float  # of the codes' variance that lies in the plane

    @property
    def own(self) -> bool:
        """Whether the axes are the code's own numbers."""
        return self.axes.shape[1] <= 2

    def places(self, z: Array) -> Array:
        """(N, 2): where codes lie in the plane; the second is 0 where there is one axis."""
        found = (z - self.centre) @ self.axes.T
        return found if found.shape[1] == 2 else np.pad(found, ((0, 0), (0, 1)))

    def codes(self, places: Array) -> Array:
        """(N, D): the codes of places in the plane."""
        return self.centre + places[:, : len(self.axes)] @ self.axes


def plane_of(z: Array) -> Plane:
    """The plane of the first two numbers, or of the two leading principal axes of codes (N, D)."""
    centre = z.mean(0)
    with one_thread():
        axes = np.eye(z.shape[1]) if z.shape[1] <= 2 else _principal(z - centre)
    along, whole = ((z - centre) @ axes.T).var(0), z.var(0).sum()
    return Plane(centre, axes, np.sqrt(along), float(along.sum() / whole) if whole > 0 else 1.0)


def grid_of(plane: Plane, side: int) -> Array:
    """(side * side, 2) places, or (side, 2) along one axis: to the right grows the first number, upwards the second."""
    quantiles = norm.ppf((np.arange(side) + 0.5) / side)
    across = quantiles * plane.spread[0]
    if len(plane.axes) == 1:
        return np.stack([across, np.zeros(side)], 1)
    down = quantiles[::-1] * plane.spread[1]
    return np.stack([np.tile(across, side), np.repeat(down, side)], 1)


def _principal(apart: Array) -> Array:
    """Two directions of length 1, the largest number of each positive."""
    from sklearn.utils.extmath import randomized_svd

    if apart.shape[1] <= EXACT:
        axes = np.linalg.eigh(apart.T @ apart)[1][:, :-3:-1].T
    else:
        axes = randomized_svd(apart, min(2, len(apart)), random_state=0)[2]
    axes = axes if len(axes) == 2 else np.stack([axes[0], _aside(axes[0])])
    return axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(1)])[:, None]


def _aside(axis: Array) -> Array:
    """Some direction across another: of one row nothing says which."""
    other = np.eye(len(axis))[np.abs(axis).argmin()]
    other = other - (axis @ other) * axis
    return other / np.linalg.norm(other)
