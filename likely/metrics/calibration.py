r"""Calibration: a map from a classifier's probabilities to honest ones, learned from rows that it has not seen.

    temperature    p'_k ~ p_k^s                                                               (1)
    Platt          p'_k ~ e^{b_k} p_k^s                                                       (2)
    isotonic       p'_k ~ f_k(p_k), each f_k rising, of least squares                         (3)

(1) changes no decision and needs few rows; (3) follows any shape and needs hundreds.
On Calibration of Modern Neural Networks (Guo et al., 2017)
"""

# scikit-learn's and scipy's hints are narrower than what they take
# pyright: reportArgumentType=false

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

Array = np.ndarray[Any, Any]
TINY = 1e-300
PULL = 1.0  # rows' worth of belief that nothing has to be changed
SLOPES = (1e-3, 1e2)


class Calibrator(ABC):
    """A learned map."""

    @abstractmethod
    def __call__(self, p: Array) -> Array:
        """Honest probabilities (B, K) for probabilities (B, K)."""


class Calibration(ABC):
    """A kind of map."""

    @abstractmethod
    def learned(self, p: Array, truth: Array) -> Calibrator:
        """The map that suits these probabilities (B, K) of rows of these classes (B,) best."""


@final
@dataclass(frozen=True)
class Scaled(Calibrator):
    """(1), (2)."""

    slope: float
    shift: tuple[float, ...]

    def __call__(self, p: Array) -> Array:
        return _softmax(self.slope * _logs(p) + np.array(self.shift))


@final
@dataclass(frozen=True)
class Steps(Calibrator):
    """(3): for each class, where it rises and to what."""

    places: tuple[Array, ...]
    values: tuple[Array, ...]
    rows: int

    def __call__(self, p: Array) -> Array:
        risen = [np.interp(p[:, k], x, y) for k, (x, y) in enumerate(zip(self.places, self.values, strict=True))]
        told = np.stack(risen, 1) + 1 / (self.rows + 2) / p.shape[1]  # nothing is impossible after finitely many rows
        return told / told.sum(1, keepdims=True)


@final
@dataclass(frozen=True)
class Temperature(Calibration):
    """One number: how far probabilities are drawn together or apart."""

    def learned(self, p: Array, truth: Array) -> Scaled:
        return _scaled(p, truth, shifted=False)


@final
@dataclass(frozen=True)
class Platt(Calibration):
    """The same, and a shift for each class."""

    def learned(self, p: Array, truth: Array) -> Scaled:
        return _scaled(p, truth, shifted=True)


@final
@dataclass(frozen=True)
class Isotonic(Calibration):
    """A rising curve for each class."""

    def learned(self, p: Array, truth: Array) -> Steps:
        from sklearn.isotonic import isotonic_regression

        places, values = [], []
        for k in range(p.shape[1]):
            place, back, often = np.unique(p[:, k], return_inverse=True, return_counts=True)
            hits = np.bincount(back, truth == k) / often
            values.append(isotonic_regression(hits, sample_weight=often))
            places.append(place)
        return Steps(tuple(places), tuple(values), len(p))


def _scaled(p: Array, truth: Array, *, shifted: bool) -> Scaled:
    """The slope and shifts of least log loss, which is convex in both."""
    from scipy.optimize import minimize

    logs, rows, hot = _logs(p), np.arange(len(p)), np.eye(p.shape[1])[truth]

    def loss(x: Array) -> tuple[float, Array]:
        told = _softmax(x[0] * logs + x[1:])
        apart = (told - hot) / len(p)
        value = -np.log(np.maximum(told[rows, truth], TINY)).mean() + PULL / len(p) * (x[1:] ** 2).sum() / 2
        return value, np.concatenate([[(apart * logs).sum()], (apart.sum(0) + PULL / len(p) * x[1:]) * shifted])

    start = np.concatenate([[1.0], np.zeros(p.shape[1])])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[SLOPES, *[(None, None)] * p.shape[1]])
    return Scaled(float(found.x[0]), tuple(float(shift) for shift in found.x[1:]))


def _logs(p: Array) -> Array:
    return np.log(np.maximum(p, TINY))


def _softmax(z: Array) -> Array:
    risen = np.exp(z - z.max(1, keepdims=True))
    return risen / risen.sum(1, keepdims=True)
