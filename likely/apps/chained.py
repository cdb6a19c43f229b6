r"""Chained equations: every column with unknown cells is drawn given all others, in turn, by trees that learned it.

    x_d ~ p_hat(x_d | x_-d) for d = 1 .. D, again and again; each round after the first few is one completion   (1)
    p_hat(x_d | x_-d) = mean over trees of the values of x_d in the leaf that x_-d falls in   (2)
    u_k = (pi(k) + v_k) / n, k = 0 .. n - 1           quantiles of a cell's n draws, pi a permutation of its own   (3)

Trees are extremely randomised, learned anew in each round from the rows where x_d is known; a drawn value is one of
these. No joint law need exist that has all these conditionals, so that the draws are "heuristic"; they are good where
the columns depend on each other in steps and in threes. Unknown cells begin as draws of their own columns.

By (3), a Latin hypercube, the mean of few draws is near that of many, and each draw is as it would be alone.

Recursive partitioning for missing data imputation in the presence of interaction effects (Doove, van Buuren &
Dusseldorp, 2014); trees: Extremely randomized trees (Geurts, Ernst & Wehenkel, 2006)
"""

# scikit-learn says less of its types than it takes
# pyright: reportArgumentType=false

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.errors import FieldError

Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True, kw_only=True)
class Chained:
    """How unknown numbers and codes of a table are drawn."""

    trees: int = 10  # of each column in each round: more are nearer to (2), slower
    leaf: int = 5  # rows of a leaf, at least: more are smoother
    share: float = 1.0  # of the columns that a split looks at: fewer make trees differ more
    rounds: int = 4  # before the first completion
    rows: int = 4000  # that the trees of a column learn from in a round, at most

    def __post_init__(self) -> None:
        for name in ("trees", "leaf", "rounds", "rows"):
            if getattr(self, name) < 1:
                raise FieldError(f"Chained.{name} cannot be {getattr(self, name)}", expected="at least 1")
        if not 0 < self.share <= 1:
            raise FieldError(f"Chained.share cannot be {self.share}", expected="a share above 0, at most 1")

    def completions(self, cells: Array, choices: Array, n: int, *, rng: np.random.Generator) -> Iterator[Array]:
        """(1): n times the cells (B, D) with those that are NaN drawn; `choices` (D,) are columns of codes."""
        unknown = np.isnan(cells)
        x, order = _begun(cells, unknown, rng), np.argsort(unknown.sum(0), kind="stable")
        strata = rng.permuted(np.broadcast_to(np.arange(n), (int(unknown.sum()), n)), axis=1)  # (3)
        order = order[unknown[:, order].any(0)]
        for done in range(-self.rounds, n):
            level = rng.random(cells.shape)
            if done >= 0:
                level[unknown] = (strata[:, done] + level[unknown]) / n  # (3)
            for d in order:
                gone, rest = unknown[:, d], np.delete(x, d, 1)
                x[gone, d] = self._drawn(rest, x[:, d], gone, bool(choices[d]), level[gone, d], rng)
            if done >= 0:
                yield x.copy()

    def _drawn(
        self, rest: Array, values: Array, unknown: Array, choice: bool, level: Array, rng: np.random.Generator
    ) -> Array:
        """One column's unknown cells given all others, at these quantiles of a tree's leaf."""
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        known = np.flatnonzero(~unknown)
        if not rest.shape[1] or len(known) < 2:
            return rng.choice(values[known], int(unknown.sum())) if len(known) else values[unknown]
        known = known if len(known) <= self.rows else rng.choice(known, self.rows, replace=False)
        trees = (ExtraTreesClassifier if choice else ExtraTreesRegressor)(
            self.trees, min_samples_leaf=self.leaf, max_features=self.share, random_state=int(rng.integers(1 << 31))
        ).fit(rest[known], values[known])
        return _of_leaves(trees.apply(rest[known]), trees.apply(rest[unknown]), values[known], level, rng)


def _begun(cells: Array, unknown: Array, rng: np.random.Generator) -> Array:
    """Unknown cells as draws of what their column has."""
    x = cells.copy()
    for d in np.flatnonzero(unknown.any(0)):
        known = cells[~unknown[:, d], d]
        x[unknown[:, d], d] = rng.choice(known if len(known) else np.zeros(1), int(unknown[:, d].sum()))
    return x


def _of_leaves(known: Array, asked: Array, told: Array, level: Array, rng: np.random.Generator) -> Array:
    """For each row asked, a quantile of its leaf in one tree: leaves (rows, trees) of known rows and of those."""
    tree = rng.integers(0, asked.shape[1], len(asked))
    drawn = np.empty(len(asked))
    for t in range(asked.shape[1]):
        at, order = np.flatnonzero(tree == t), np.lexsort((told, known[:, t]))
        first, stop = (np.searchsorted(known[order, t], asked[at, t], side=side) for side in ("left", "right"))
        drawn[at] = told[order[first + (level[at] * (stop - first)).astype(int)]]
    return drawn
