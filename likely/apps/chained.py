r"""Chained equations: every column with unknown cells is drawn given all others, in turn, by trees that learned it.

    x_d ~ p_hat(x_d | x_-d) for d = 1 .. D, again and again; each round after the first few is one completion   (1)
    p_hat(x_d | x_-d) = mean over trees of the values of x_d in the leaf that x_-d falls in   (2)
    u_k = (pi(k) + v_k) / n, k = 0 .. n - 1           quantiles of a cell's n draws, pi a permutation of its own   (3)
    x_d = the known value nearest to a + b' x_-d + e, e drawn by (2) from what the line leaves   with a trend   (4)

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
HELD = 4  # one row of so many is held out
PENALTIES = np.logspace(-1, 3, 9)  # of a regression, tried by leaving one out


@final
@dataclass(frozen=True, kw_only=True)
class Chained:
    """How unknown numbers and codes of a table are drawn."""

    trees: int = 10  # of each column in each round: more are nearer to (2), slower
    leaf: int = 5  # rows of a leaf, at least: more are smoother
    share: float = 1.0  # of the columns that a split looks at: fewer make trees differ more
    trend: bool = False  # True: (4) for numbers where it tells held-out rows better than trees alone
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
        order, lines = order[unknown[:, order].any(0)], np.zeros(len(choices), bool)
        for done in range(-self.rounds, n):
            level = rng.random(cells.shape)
            if done >= 0:
                level[unknown] = (strata[:, done] + level[unknown]) / n  # (3)
            for d in order:
                if done == -1 and self.trend and not choices[d]:
                    lines[d] = self._line_is_better(np.delete(x, d, 1), x[:, d], ~unknown[:, d], rng)
                law = _Conditional(self, bool(choices[d]), bool(lines[d]))
                x[unknown[:, d], d] = law.drawn(np.delete(x, d, 1), x[:, d], unknown[:, d], level[:, d], rng)
            if done >= 0:
                yield x.copy()

    def _line_is_better(self, rest: Array, values: Array, known: Array, rng: np.random.Generator) -> bool:
        """Whether (4) tells held-out rows nearer than trees alone."""
        rows = rng.permutation(np.flatnonzero(known))[: self.rows]
        held, learned = np.split(rows, [len(rows) // HELD])
        if not len(held) or not rest.shape[1]:
            return False
        errors = []
        for line in (False, True):
            told = _Conditional(self, False, line).learned(rest, values, learned, rng).mean(rest[held])
            errors.append(float(np.square(told - values[held]).mean()))
        return errors[1] < errors[0]


@final
@dataclass(frozen=True)
class _Conditional:
    """One column given all others."""

    how: Chained
    choice: bool
    line: bool

    def drawn(self, rest: Array, values: Array, unknown: Array, level: Array, rng: np.random.Generator) -> Array:
        """Its unknown cells, at these quantiles of a tree's leaf."""
        known = np.flatnonzero(~unknown)
        if not rest.shape[1] or len(known) < 2:
            return rng.choice(values[known], int(unknown.sum())) if len(known) else values[unknown]
        known = known if len(known) <= self.how.rows else rng.choice(known, self.how.rows, replace=False)
        law = self.learned(rest, values, known, rng)
        own, asked = law.trees.apply(rest[known]), law.trees.apply(rest[unknown])
        left = _of_leaves(own, asked, values[known] - law.along(rest[known]), level[unknown], rng)
        return _nearest(law.along(rest[unknown]) + left, values[known]) if self.line else left

    def learned(self, rest: Array, values: Array, known: Array, rng: np.random.Generator) -> "_Law":
        """From these rows."""
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        how, line = self.how, _line(rest[known], values[known]) if self.line else None
        trees = (ExtraTreesClassifier if self.choice else ExtraTreesRegressor)(
            how.trees, min_samples_leaf=how.leaf, max_features=how.share, random_state=int(rng.integers(1 << 31))
        )
        told = values[known] - (0.0 if line is None else line.predict(rest[known]))
        return _Law(trees.fit(rest[known], told), line)


@final
@dataclass(frozen=True)
class _Law:
    """Trees, and the line that they are beside."""

    trees: Any
    line: Any

    def along(self, rest: Array) -> Array:
        return np.zeros(len(rest)) if self.line is None else self.line.predict(rest)

    def mean(self, rest: Array) -> Array:
        return self.along(rest) + self.trees.predict(rest)


def _line(rest: Array, told: Array) -> Any:
    """A ridge regression on columns of one spread."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(rest, told)


def _nearest(values: Array, among: Array) -> Array:
    """The known value nearest to each."""
    listed = np.unique(among)
    above = np.searchsorted(listed, values).clip(1, max(1, len(listed) - 1)).clip(max=len(listed) - 1)
    low, high = listed[np.maximum(above - 1, 0)], listed[above]
    return np.where(values - low <= high - values, low, high)


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
