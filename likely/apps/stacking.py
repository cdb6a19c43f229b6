r"""How much to trust each of several ways to draw unknown cells: weights under which their mixture tells hidden cells.

    d(x, y) = |x - y| of numbers, 1 where x and y differ of choices; over the column's own E d(Y, Y') / 2   (1)
    a_m = E d(X_m, y),   b_ml = E d(X_m, X_l')                X_m a draw of way m, y what was hidden   (2)
    S(w) = sum_m w_m a_m - 1/2 sum_ml w_m w_l b_ml   the energy score of the mixture: least for p(y | known)   (3)
    w = argmin_w mean over columns of the mean of S over their hidden cells   (4)

Of numbers (3) is the continuous ranked probability score, of choices half of Brier's. In w it is a convex quadratic, so
that the weights are found exactly; a way that only repeats another gets none.

Strictly proper scoring rules (Gneiting & Raftery, 2007); stacking: Yao, Vehtari, Simpson & Gelman (2018)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

Array = np.ndarray[Any, Any]
STEPS, LEAST = 1000, 1e-9  # towards the least score; the fall of it below which no step is taken


class Hidden(NamedTuple):
    """One column's hidden cells."""

    truth: Array  # (cells,)
    draws: Array  # (ways, draws, cells)
    known: Array  # what else is known of the column
    choice: bool


@final
@dataclass(frozen=True)
class Stacked:
    """(3) as a quadratic, over all columns."""

    apart: Array  # (ways,): a
    between: Array  # (ways, ways): b

    @classmethod
    def of(cls, columns: Sequence[Hidden]) -> "Stacked":
        """The mean over columns that vary and have hidden cells."""
        each = [_terms(column) for column in columns if len(column.truth) and _spread(column) > 0]
        ways = len(columns[0].draws)
        if not each:
            return cls(np.zeros(ways), np.zeros((ways, ways)))  # nothing tells them apart
        return cls(np.mean([a for a, _ in each], 0), np.mean([b for _, b in each], 0))

    def score(self, weights: Array) -> float:
        """(3): 1 is what each column's own law gets."""
        return float(weights @ self.apart - 0.5 * weights @ self.between @ weights)

    def weights(self) -> Array:
        """(4), by Frank and Wolfe's steps towards the best corner, each as long as the quadratic says."""
        w = np.eye(len(self.apart))[int(np.argmin(self.apart - 0.5 * np.diag(self.between)))]
        for _ in range(STEPS):
            slope = self.apart - self.between @ w
            towards, away = int(slope.argmin()), int(np.where(w > 0, slope, -np.inf).argmax())
            step = np.zeros_like(w)
            step[towards] += 1.0
            step[away] -= 1.0  # pairwise steps: weight goes from the worst to the best
            fall, bend = -float(slope @ step), -float(step @ self.between @ step)
            if fall < LEAST:
                break
            w = w + step * min(w[away], fall / bend if bend > 0 else w[away])
        return w.clip(0) / w.clip(0).sum()


def _terms(column: Hidden) -> tuple[Array, Array]:
    """(2), the mean over the cells, in units of (1)."""
    draws, spread = column.draws, _spread(column)
    apart = _distance(draws, column.truth, column.choice).mean((1, 2))
    count = draws.shape[1]
    between = np.array([[_distance(a[:, None], b[None], column.choice).mean() for b in draws] for a in draws])
    if count > 1:
        between[np.diag_indices(len(draws))] *= count / (count - 1)  # a draw beside itself is no pair
    return apart / spread, between / spread


def _spread(column: Hidden) -> float:
    """Half of the mean distance of two known cells."""
    known = column.known
    if column.choice:
        shares = np.unique(known, return_counts=True)[1] / max(1, len(known))
        return float(1 - (shares**2).sum()) / 2
    ordered, count = np.sort(known), len(known)
    rank = 2 * np.arange(1, count + 1) - count - 1
    return float((rank * ordered).sum()) / max(1, count) ** 2


def _distance(x: Array, y: Array, choice: bool) -> Array:
    return (x != y).astype(float) if choice else np.abs(x - y)
