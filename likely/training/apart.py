r"""How far what a model draws is from held-out rows: a distance of two samples that sees every scale at once.

    g(r) = log(1 + r^2 / e^2),   e: how far neighbours among the held-out rows are apart                            (1)
    h_ij = g(|x_i - y_j|) + g(|y_i - x_j|) - g(|x_i - x_j|) - g(|y_i - y_j|)                                        (2)
    t_i = (min_j g(|x_i - y_j|) + min_j g(|y_i - x_j|) - min_j g(|x_i - x_j|) - min_j g(|y_i - y_j|)) / 2,  j != i  (3)
    D = mean of h_ij over i != j,  plus the mean of t_i                                                             (4)
    s.e. = s.d. of n D - (n - 1) D_-i + t_i over rows / sqrt(n),   D_-i: without row i                              (5)

g is of negative type, a mixture of Gaussian kernels of all widths above e, so that the mean of (2) is at least 0, and 0
only where the two laws are the same: it sees how much there is of what. (3) sees how it looks close up: neighbours tell
of the two densities' ratio. Where the laws are the same both have mean 0. The points x_i hold a row and its condition,
y_i what is drawn given that condition: laws are compared jointly, and the pair i = j is left out because it shares its
condition. Where held-out rows are few, several are drawn for each. Energy statistics (Székely & Rizzo, 2013); A kernel
two-sample test (Gretton et al., 2012); Divergence estimation via nearest neighbours (Wang, Kulkarni & Verdú, 2009).
"""

from math import ceil, isfinite, sqrt
from typing import final

import torch
from torch import Tensor

from likely.contracts import Model
from likely.rng import Keyed
from likely.training.examples import Examples, cells
from likely.training.judgement import Judgement
from likely.training.lift import Lifting, lifted
from likely.training.points import LEARNED, Points

FEWEST, ROWS = 8, 1000  # held-out rows: at least, and at most
DRAWN, COPIES = 500, 16  # rows drawn at least, and at most so many for each held-out one
FINEST = 1e-5  # e^2 is at least this share of the mean squared distance
DRAWS, PLACED = 0xD4A, 0xD4B  # forks of the seed


@final
class Apart:
    """Held-out rows to hold draws against. The noise of a draw is keyed by its row, the same every time."""

    unit = "distance"

    def __init__(
        self, model: Model, held_out: Examples, learned: Examples, *, size: int, rng: Keyed, lift: Lifting | None
    ) -> None:
        self.model, self.size, self.rng, self.lift = model, size, rng.fork(DRAWS), lift
        self.dtype = next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.float32)
        rows, few = spread(held_out, ROWS), spread(learned, LEARNED).to(held_out.x.device)
        self.c, self.copies = rows.c, copies_of(len(rows))
        self.points = Points(model.space, self._lifted(few.x))
        self.given = None if model.condition is None or few.c is None else Points(model.condition, self._told(few.c))
        self.x = self._placed(self._lifted(rows.x), rows.c)
        self.near = neighbourly(self.x)
        self.among = _between(self.x, self.x, self.near)
        self.even = rows.weight is None  # neighbours tell of densities where every row counts the same
        self.weight = torch.ones(len(self.x)) if rows.weight is None else rows.weight
        self.weight = (self.weight / self.weight.sum()).to(self.among)

    def judged(self) -> Judgement:
        """The distance, with its standard error over the held-out rows."""
        y = torch.cat([self._draws(copy) for copy in range(self.copies)])
        n = len(self.x)
        across = _between(self.x, y, self.near).view(n, self.copies, n)
        within = _between(y, y, self.near).view(self.copies, n, self.copies, n)
        local = self._local(across, within.diagonal(dim1=0, dim2=2)) if self.even else torch.zeros_like(self.weight)
        h = across.mean(1)
        return distance(h + h.T - self.among - within.mean((0, 2)), self.weight, local)  # (2)

    def _local(self, across: Tensor, own: Tensor) -> Tensor:
        """(3), the mean over what was drawn for each row; what lies on the diagonals, i = j, is spoilt."""
        across.diagonal(dim1=0, dim2=2).fill_(torch.inf)
        own.diagonal(dim1=0, dim2=1).fill_(torch.inf)
        other = self.among.clone().fill_diagonal_(torch.inf).amin(1)
        return (across.amin(2).mean(1) + across.amin(0).mean(0) - other - own.amin(1).mean(1)) / 2

    def _draws(self, copy: int) -> Tensor:
        """A row for each held-out one."""
        rng, made = self.rng.fork(copy), []
        for start in range(0, len(self.x), self.size):
            rows = min(self.size, len(self.x) - start)
            c = None if self.c is None else self._told(self.c[start : start + rows])
            made.append(self.model.sample(rows, c, rng=rng.at(start)))
        drawn = torch.cat(made)
        return self._placed(drawn if self.lift is None else self._lifted(self.lift.down(drawn)), self.c)

    def _placed(self, u: Tensor, c: Tensor | None) -> Tensor:
        """The points of rows with their conditions."""
        x = self.points(u)
        return x if self.given is None or c is None else torch.cat([x, self.given(self._told(c)).to(x)], 1)

    def _lifted(self, x: Tensor) -> Tensor:
        """Rows as the model sees them: what it draws is made the nearest row first, as a person gets it."""
        return lifted(cells(x, self.dtype), self.lift, self.rng.fork(PLACED))[0]

    def _told(self, c: Tensor) -> Tensor:
        return cells(c, self.dtype)


def copies_of(held: int) -> int:
    """Rows that are drawn for each held-out one."""
    return min(COPIES, max(1, ceil(DRAWN / held)))


def drawn_of(held: int) -> int:
    """Rows that a judgement beside so many held-out ones draws."""
    return min(held, ROWS) * copies_of(min(held, ROWS))


def distance(h: Tensor, weight: Tensor, local: Tensor) -> Judgement:
    """(4) and (5) of pairs (n, n) and of each row's neighbours; weights sum to 1."""
    h, w, n = h.double().fill_diagonal_(0.0), weight.double(), len(weight)
    each = h @ w
    total, squares = w @ each, w @ w
    without = (total - 2 * w * each) / ((1 - w).square() - (squares - w.square()))
    shares = local.double() - (n - 1) * without
    error = float(shares.std()) / sqrt(n)  # (5)
    value = float(total / (1 - squares) + local.double().mean())  # (4)
    return Judgement(value, error if isfinite(error) else None)


def neighbourly(x: Tensor) -> float:
    """e^2 of (1): the median squared distance of a row to the nearest other one."""
    squared = _squared(x, x)
    typical = float(squared.mean())
    nearest = float(squared.fill_diagonal_(torch.inf).amin(1).median())
    return max(nearest, FINEST * typical) or 1.0


def spread(rows: Examples, most: int) -> Examples:
    """At most so many rows, evenly spread."""
    if len(rows) <= most:
        return rows
    return rows.take(torch.linspace(0, len(rows) - 1, most, dtype=torch.float64).round().long().to(rows.x.device))


def _between(a: Tensor, b: Tensor, near: float) -> Tensor:
    return _squared(a, b).div_(near).log1p_()  # (1)


def _squared(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances; points lie about the origin, so that little is lost in the difference."""
    return torch.addmm((b * b).sum(1), a, b.T, alpha=-2).add_((a * a).sum(1)[:, None]).clamp_(min=0)
