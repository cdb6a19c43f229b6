r"""A law of rows in closed form: clusters of numbers with a choice, whose every conditional is a formula.

p(x, c) = sum_k w_k N(x; m_k, S_k) q_k(c)                                                 (1)
p(k | known) ~ w_k N(x_K; m_k, S_k) q_k(c)      each factor where it is known             (2)
x_U | x_K, k ~ N(m_U + S_UK S_KK^-1 (x_K - m_K),  S_UU - S_UK S_KK^-1 S_KU)               (3)
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]
CHOICE = "c"
LETTERS = "abcdefgh"


@final
@dataclass(frozen=True)
class Clusters:
    """(1): K clusters of D numbers, and a choice of C."""

    weight: Array  # (K,)
    mean: Array  # (K, D)
    spread: Array  # (K, D, D): covariances
    chance: Array  # (K, C)

    @property
    def names(self) -> list[str]:
        """The columns: numbers, then the choice."""
        return [*self._numbers, CHOICE]

    @property
    def _numbers(self) -> list[str]:
        return [f"x{place + 1}" for place in range(self.mean.shape[1])]

    def draw(self, n: int, *, seed: int) -> pd.DataFrame:
        """n rows."""
        nothing = pd.DataFrame(np.nan, index=range(n), columns=pd.Index(self._numbers))
        return self.completed(nothing.assign(**{CHOICE: None}), seed=seed)

    def completed(self, rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """The rows with every missing cell drawn given the others of its row: the truth."""
        rng, x, codes = np.random.default_rng(seed), np.array(rows[self._numbers], float), self._codes(rows)
        k = _chosen(self._share(x, codes), rng)
        gone = np.isnan(x)
        for pattern in np.unique(gone, axis=0):
            at = (gone == pattern).all(1)
            x[at] = self._drawn(x[at], k[at], pattern, rng)
        codes = np.where(codes < 0, _chosen(self.chance[k], rng), codes)
        letters = np.array(list(LETTERS))[codes]
        return pd.DataFrame(x, columns=pd.Index(self._numbers)).assign(**{CHOICE: letters})

    def _codes(self, rows: pd.DataFrame) -> Array:
        return np.array([LETTERS.index(c) if isinstance(c, str) else -1 for c in rows[CHOICE]])

    def _share(self, x: Array, codes: Array) -> Array:
        """(2), one row each."""
        told = np.tile(np.log(self.weight), (len(x), 1))
        told += np.where(codes[:, None] < 0, 0.0, np.log(self.chance.T[np.maximum(codes, 0)]))
        gone = np.isnan(x)
        for pattern in np.unique(gone, axis=0):
            at, here = (gone == pattern).all(1), np.flatnonzero(~pattern)
            told[at] += np.stack([self._log_normal(x[at][:, here], k, here) for k in range(len(self.weight))], 1)
        share = np.exp(told - told.max(1, keepdims=True))
        return share / share.sum(1, keepdims=True)

    def _log_normal(self, x: Array, k: int, here: Array) -> Array:
        spread, apart = self.spread[k][np.ix_(here, here)], x - self.mean[k, here]
        squares = (apart * np.linalg.solve(spread, apart.T).T).sum(1) if len(here) else np.zeros(len(x))
        return -0.5 * (squares + np.linalg.slogdet(2 * np.pi * spread)[1])

    def _drawn(self, x: Array, k: Array, gone: Array, rng: np.random.Generator) -> Array:
        """(3), for rows of one pattern."""
        there, rest = np.flatnonzero(~gone), np.flatnonzero(gone)
        noise = rng.normal(size=(len(x), len(rest)))
        for each in np.unique(k):
            spread, at = self.spread[each], k == each
            pull = np.linalg.solve(spread[np.ix_(there, there)], spread[np.ix_(there, rest)])
            left = spread[np.ix_(rest, rest)] - spread[np.ix_(rest, there)] @ pull
            mean = self.mean[each, rest] + (x[at][:, there] - self.mean[each, there]) @ pull
            x[np.ix_(at, rest)] = mean + noise[at] @ np.linalg.cholesky(left).T
        return x


def _chosen(p: Array, rng: np.random.Generator) -> Array:
    """A place in each row of probabilities (B, K)."""
    levels = rng.random((len(p), 1)) * p.sum(1, keepdims=True)
    return np.minimum((p.cumsum(1) < levels).sum(1), p.shape[1] - 1)


def three() -> Clusters:
    """Three unequal clusters on a plane, two of them slanted, each with a favourite of three letters."""
    return Clusters(
        weight=np.array([0.5, 0.3, 0.2]),
        mean=np.array([[1.2, 0.3], [-1.4, 0.9], [-0.5, -1.6]]),
        spread=np.array([[[0.30, 0.20], [0.20, 0.40]], [[0.20, -0.12], [-0.12, 0.25]], [[0.40, 0.0], [0.0, 0.15]]]),
        chance=np.array([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.15, 0.15, 0.7]]),
    )
