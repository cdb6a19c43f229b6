r"""Linear regression: numbers given the rest, Gaussian around a line.

    y | c ~ N(W phi(c) + b, h(c) Sigma),   h(c) = 1 + 1/n + phi' A^-1 phi                     (1)
    W = G' A^-1,   A = S + ridge I,   S = sum phi phi',   G = sum phi y'                      (2) phi, y about means
    Sigma = E / (n - 1 - sum_i s_i / (s_i + ridge)),   E = sum (y - W phi)(y - W phi)'        (3) s: S's eigenvalues
    log p(Y | ridge) = D/2 sum_i log(ridge / (s_i + ridge)) - n/2 log|Y'Y - G' A^-1 G| + ...  (4) evidence

W has the prior N(0, Sigma / ridge), whose ridge maximises (4) unless it is given; h is what not knowing W exactly adds
to the noise. All of it follows from means and products, which add up over rows. Missing and special values of y have
masses of their own, the same for all c; a row tells of the line where all its numbers are ordinary. Without a condition
it is a Gaussian. Bayesian Interpolation (MacKay, 1992)
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Counted, Density, Family, Predicts, Prepared, Space
from likely.distributions.counted import LOG_2PI, Tallies, blocks
from likely.distributions.design import Design
from likely.distributions.state import Cells
from likely.errors import ConditionError, EmptyData, FieldError
from likely.rng import Rng
from likely.spaces import Real, Vector

WIDEST = 4096  # features whose products are kept
FLOOR = 1e-9  # of the variance of y, below which noise is not taken to be
RIDGES = torch.logspace(-6, 9, 121, dtype=torch.float64)  # tried for the evidence


@dataclass(frozen=True, kw_only=True)
class Linear(Family["LinearModel"]):
    """A line, and Gaussian noise."""

    ridge: float | None = None  # prior precision of every weight: more pulls them towards 0; none: by the evidence

    def __post_init__(self) -> None:
        if self.ridge is not None and not 0 <= self.ridge < math.inf:
            raise FieldError(f"Linear.ridge cannot be {self.ridge}", expected="0, a positive number, or none")

    def build(self, space: Space, condition: Space | None = None) -> "LinearModel":
        columns = space.columns if isinstance(space, Vector) else (None,)
        others = sorted({type(column).__name__ for column in columns if column and not isinstance(column, Real)})
        if not isinstance(space, Vector) or others:
            raise FieldError(
                f"Linear predicts real numbers, not {' and '.join(others) or type(space).__name__}",
                expected="real columns to model, and every other column as the condition",
                remedy="--target COLUMN, or condition=[the other columns]; Logistic for a category; "
                "NaiveBayes for all columns",
            )
        return LinearModel(self, space, condition)


@final
class LinearModel(Density, Counted, Prepared, Predicts):
    """Means and products of features and numbers, and the line that they give."""

    weight: Tensor  # () rows of ordinary numbers
    mean: Tensor  # (P + D,)
    scatter: Tensor  # (P + D, P + D)
    slopes: Tensor  # (D, P): W
    noise: Tensor  # (D, D): a root of Sigma
    spread: Tensor  # (P, P): a root of A^-1

    def __init__(self, family: Linear, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.cells, self.design = family, Cells(space), Design(condition)
        P, D = self.design.width, self.cells.width
        if P > WIDEST:
            raise ConditionError(f"Linear keeps the products of all features; {P:,} are too many",
                                 expected=f"{WIDEST:,} at most", remedy="fewer columns")  # fmt: skip
        self.states = Tallies(1, self.cells.sizes)
        sizes = {"weight": (), "mean": (P + D,), "scatter": (P + D, P + D), "slopes": (D, P), "spread": (P, P)}
        for name, shape in sizes.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("noise", torch.eye(D, dtype=torch.float64))

    # What it answers -------------------------------------------------------------------------------------------------

    def predict(self, c: Tensor | None, rows: int) -> Tensor:
        return self._line(self.design(c, rows))[0]

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Weights (D, P) and intercepts (D,) of the features as they are, not centred."""
        P = self.design.width
        return self.slopes, self.mean[P:] - self.slopes @ (self.mean[:P] + self.design.centre)

    def _line(self, phi: Tensor) -> tuple[Tensor, Tensor]:
        """The mean (B, D) and h (B,) of (1)."""
        P = self.design.width
        apart = phi - self.mean[:P]
        h = 1 + 1 / self.weight.clamp(min=1) + (apart @ self.spread).square().sum(1)
        return self.mean[P:] + apart @ self.slopes.T, h

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        cells = self.cells.flat(x)
        split = self.cells.split(cells)
        told = self.states.looked_up(split.state, self._law().log().T.contiguous())[:, 0]
        mean, h = self._line(self.design(c, len(x)))
        apart = torch.where(split.ordinary, cells.double() - mean, 0.0)
        for pattern in split.ordinary.unique(dim=0):
            rows = (split.ordinary == pattern).all(1)
            told[rows] = told[rows] + self._log_normal(apart[rows][:, pattern], h[rows], pattern)
        return told

    def _log_normal(self, apart: Tensor, h: Tensor, pattern: Tensor) -> Tensor:
        """log N of the numbers that are there, the others integrated out."""
        kept = self.noise[pattern]
        root = torch.linalg.cholesky(kept @ kept.T)
        whitened = torch.linalg.solve_triangular(root, apart.T, upper=False).square().sum(0)
        return -0.5 * (whitened / h + (LOG_2PI + h.log()) * apart.shape[1]) - root.diagonal().log().sum()

    def _law(self) -> Tensor:
        return self.states.law(0.5, 0.0)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        mean, h = self._line(self.design(c, n))
        value = mean + h.sqrt()[:, None] * (rng.normal(mean.shape, like=mean) @ self.noise.T)
        zero = torch.zeros_like(value, dtype=torch.int64)
        level = rng.uniform(mean.shape, like=mean) + torch.arange(self.cells.width, device=mean.device)
        state = self.states.at(self._law(), level, zero[:, 0], zero, (self.cells.sizes - 1).expand_as(zero))
        return self.cells.whole(self.cells.join(state, value))

    # How it learns ---------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.design.prepare(c)

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        cells, w = self.cells.flat(x), torch.ones(len(x), dtype=torch.float64, device=x.device)
        w = w if weight is None else weight.double()
        split = self.cells.split(cells)
        self.states.observe(split.state, torch.zeros(len(x), dtype=torch.int64, device=x.device), w)
        for rows in blocks(len(x), len(self.mean)):
            known = split.ordinary[rows].all(1)
            phi = self.design(None if c is None else c[rows], len(known))
            self._join(torch.cat([phi, cells[rows].double()], 1)[known], w[rows][known])

    def _join(self, z: Tensor, w: Tensor) -> None:
        """Means and products of rows z (B, P + D), joined as `distributions.counted` says."""
        if not w.sum() > 0:
            return
        mean, total = (w @ z) / w.sum(), self.weight + w.sum()
        within, apart = z - mean, mean - self.mean
        self.scatter = self.scatter + within.T @ (within * w[:, None])
        self.scatter = self.scatter + torch.outer(apart, apart) * self.weight * w.sum() / total
        self.mean, self.weight = self.mean + apart * w.sum() / total, total

    def finish(self) -> bool:
        if not self.states.seen.sum() > 0:
            raise EmptyData("linear regression has seen no rows", expected="at least one row")
        P = self.design.width
        S, G, Y = self.scatter[:P, :P], self.scatter[:P, P:], self.scatter[P:, P:]
        s, V = torch.linalg.eigh(S) if P else (S.diagonal(), S)
        s, g = s.clamp(min=0), V.T @ G
        ridge = self._ridge(s, g, Y)
        share = torch.where(s + ridge > 1e-12 * (1 + s.amax() if P else 1), 1 / (s + ridge), 0.0)
        self.slopes, self.spread = (V @ (share[:, None] * g)).T, V * share.sqrt()  # (2)
        left = Y - self.slopes @ G - (self.slopes @ G).T + self.slopes @ S @ self.slopes.T
        free = (self.weight - 1 - (s * share).sum()).clamp(min=1.0)
        self.noise = _root(left / free, Y / self.weight.clamp(min=1.0))  # (3)
        return False

    def _ridge(self, s: Tensor, g: Tensor, Y: Tensor) -> float:
        """The one given, or the best by the evidence (4)."""
        if self.family.ridge is not None or not len(s):
            return self.family.ridge or 0.0
        least = FLOOR * Y.diagonal().clamp(min=1e-300).log().mean().exp()
        told = []
        for ridge in RIDGES.tolist():
            left = Y - g.T @ (g / (s + ridge)[:, None]) + least * torch.eye(len(Y)).to(Y)
            fit = -0.5 * self.weight * torch.linalg.slogdet(left).logabsdet
            told.append(fit + 0.5 * len(Y) * (math.log(ridge) - (s + ridge).log()).sum())
        return float(RIDGES[int(torch.stack(told).argmax())])


def _root(noise: Tensor, whole: Tensor) -> Tensor:
    """The Cholesky root of the noise, of which every direction has a little; 1 where nothing varies."""
    least = FLOOR * torch.where(whole.diagonal() > 0, whole.diagonal(), 1.0)
    root, failed = torch.linalg.cholesky_ex(noise + torch.diag(least))
    return root if not failed else torch.diag((noise.diagonal().clamp(min=0) + least).sqrt())
