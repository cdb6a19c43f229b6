r"""Logistic regression: the probability of a label given the rest, by linear scores.

    p(y = k | c) = e^{z_k} / sum_j e^{z_j},   z_k = w_k' phi(c) + b_k                         (1)
    f(w, b) = -sum_i log p(y_i | c_i) + ridge / 2 sum_k |w_k|^2                               (2)
    df/dz_k = p_k - [y = k],   d2f/dz_k dz_j = p_k ([k = j] - p_j)                            (3)

The discriminative partner of naive Bayes with classes: it models the label alone, and so needs no law of the features.
(2) is convex; value, gradient and curvature add up over rows, and a pass is a step of Newton's method, or of its
limited-memory form where there are many weights. Of two classes the first one's score is 0; of more, none is favoured.
Missing cells are indicators of their own, or leave the score as it is (`distributions.design`). Without a condition it
is the label's own law. On Discriminative vs. Generative Classifiers (Ng & Jordan, 2001)
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from likely.contracts import Counted, Density, Family, Predicts, Prepared, Space
from likely.distributions.counted import blocks
from likely.distributions.design import Design
from likely.distributions.state import Cells
from likely.errors import EmptyData, FieldError
from likely.objectives.newton import Newton
from likely.rng import Rng
from likely.spaces import Category, Vector

FREE = 1e-6  # the ridge of intercepts, which are not meant to have one: keeps a class that is never seen finite


@dataclass(frozen=True, kw_only=True)
class Logistic(Family["LogisticModel"]):
    """Linear scores, softmax."""

    ridge: float = 1.0  # prior precision of every weight: more pulls them towards 0 (scikit-learn's 1 / C)

    def __post_init__(self) -> None:
        if not 0 <= self.ridge < math.inf:
            raise FieldError(f"Logistic.ridge cannot be {self.ridge}", expected="0 or a positive number")

    def build(self, space: Space, condition: Space | None = None) -> "LogisticModel":
        columns = space.columns if isinstance(space, Vector) else ()
        if len(columns) != 1 or not isinstance(columns[0], Category):
            told = f"{len(columns)} columns" if isinstance(space, Vector) else type(space).__name__
            raise FieldError(
                f"Logistic predicts one category, not {told}",
                expected="one category to model, and every other column as the condition",
                remedy="--target COLUMN, or condition=[the other columns]; Linear for numbers; "
                "NaiveBayes for all columns",
            )
        return LogisticModel(self, space, condition)


@final
class LogisticModel(Density, Counted, Prepared, Predicts):
    """Weights and intercepts (R, P + 1), R = K, or 1 of two classes."""

    ridge: Tensor  # of each weight
    seen: Tensor  # () rows of this pass

    def __init__(self, family: Logistic, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.cells, self.design = Cells(space), Design(condition)
        self.K = int(self.cells.sizes[0])
        self.scored = slice(1, 2) if self.K == 2 else slice(0, self.K)
        rows = 1 if self.K == 2 else self.K
        ridge = torch.full((rows, self.design.width + 1), family.ridge, dtype=torch.float64)
        ridge[:, -1] = FREE
        self.register_buffer("ridge", ridge, persistent=False)
        self.register_buffer("seen", torch.zeros((), dtype=torch.float64))
        self.newton = Newton(ridge.numel())

    # What it answers -------------------------------------------------------------------------------------------------

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Weights (K, P) and intercepts (K,) of features as they are; the first of two classes has none."""
        held = torch.zeros(self.K, self.design.width + 1, dtype=torch.float64, device=self.seen.device)
        held[self.scored] = self.newton.kept.view_as(self.ridge)
        return held[:, :-1], held[:, -1] - held[:, :-1] @ self.design.centre

    def predict(self, c: Tensor | None, rows: int) -> Tensor:
        return self._log_p(self._features(c, rows), self.newton.kept).exp()

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        state = self._label(x)
        told = self._log_p(self._features(c, len(x)), self.newton.kept)
        return torch.where(state >= 0, told.gather(1, state.clamp(min=0)[:, None])[:, 0], 0.0)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        state = rng.categorical(self._log_p(self._features(c, n), self.newton.kept))
        return self.cells.whole(self.cells.join(state[:, None], state[:, None].double()))

    def _label(self, x: Tensor) -> Tensor:
        """The class of each row (B,), missing among them where it can be; -1 where it is not asked."""
        return self.cells.split(self.cells.flat(x)).state[:, 0]

    def _features(self, c: Tensor | None, rows: int) -> Tensor:
        """phi, and 1 for the intercept: (B, P + 1)."""
        return F.pad(self.design(c, rows), (0, 1), value=1.0)

    def _log_p(self, phi: Tensor, weights: Tensor) -> Tensor:
        """log p(y = k | c): (B, K)."""
        scores = phi.new_zeros(len(phi), self.K)
        scores[:, self.scored] = phi @ weights.view_as(self.ridge).T
        return scores.log_softmax(1)  # (1)

    # How it learns ---------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.design.prepare(c)

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose label is not known are left out."""
        state = self._label(x)
        w = torch.ones_like(state, dtype=torch.float64) if weight is None else weight.double()
        for rows in blocks(len(x), self.design.width + self.K):
            known = state[rows] >= 0
            phi = self._features(None if c is None else c[rows], len(known))
            self._add(phi[known], state[rows][known], w[rows][known])

    def _add(self, phi: Tensor, state: Tensor, w: Tensor) -> None:
        log_p = self._log_p(phi, self.newton.point)
        value = -(w * log_p.gather(1, state[:, None])[:, 0]).sum()  # (2)
        p = log_p.exp()
        apart = (p - F.one_hot(state, self.K))[:, self.scored] * w[:, None]  # (3) left
        curvature = self._curvature(phi, p[:, self.scored], w) if self.newton.whole else None
        self.newton.observe(value, (apart.T @ phi).flatten(), curvature)
        self.seen = self.seen + w.sum()

    def _curvature(self, phi: Tensor, p: Tensor, w: Tensor) -> Tensor:
        """(3) right, between all weights of all scores."""
        scores, width = len(self.ridge), self.ridge.shape[1]
        told = phi.new_zeros(scores, width, scores, width)
        for a in range(scores):
            for b in range(a + 1):
                share = w * p[:, a] * (float(a == b) - p[:, b])
                told[a, :, b] = told[b, :, a] = phi.T @ (phi * share[:, None])
        return told.view(scores * width, -1)

    def finish(self) -> bool:
        if not self.seen > 0:
            raise EmptyData("logistic regression has seen no rows of a known class", expected="at least one row")
        self.seen = torch.zeros_like(self.seen)
        return self.newton.finish(self.ridge.flatten())
