r"""Naive Bayes: the columns are independent given the class.

    p(x | c) = prod_d p_d(x_d | c)                                                            (1)
    p(x)     = sum_c p(c) p(x | c)                                                            (2) no class given
    p(c | x) = p(c) p(x | c) / p(x)                                                           (3) classification
    p(c | e) ~ p(c) prod_{d in e} P_d(e_d | c),   x_d ~ p_d(. | c, e_d) for every other d     (4) completion

Each p_d is a mass on the column's states (codes, atoms, missing) times a law of its value where it has one. All of it
is learned by adding up: chunks in any order, files larger than memory. Without a condition there is one class: the
columns are independent. Idiot's Bayes - Not So Stupid After All? (Hand & Yu, 2001)
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Classed, Completes, Counted, Density, Evidence, Family, Space
from likely.distributions.counted import Tallies, blocks
from likely.distributions.feature import Feature, Marginals, NegativeBinomial, Normal
from likely.distributions.plane import Planes, planes
from likely.distributions.state import Cells, Classes, Range, Split, draw_class
from likely.errors import CannotAnswer, EmptyData, FieldError
from likely.rng import Rng


@dataclass(frozen=True, kw_only=True)
class NaiveBayes(Family["NaiveBayesModel"]):
    """Columns independent given the class."""

    reals: Feature = (
        Normal()
    )  # the law of real columns in each class: KernelDensity() fits any shape, and keeps the rows
    counts: Feature = NegativeBinomial()  # the law of counts: Poisson() ties the variance to the mean
    smoothing: float = 0.5  # pseudo-count of every category, level and class: more pulls them towards equal
    strength: float = 1.0  # pseudo-rows of all classes together that join each class: more makes classes alike

    def __post_init__(self) -> None:
        for name, value in (("smoothing", self.smoothing), ("strength", self.strength)):
            if not 0 <= value < math.inf:
                raise FieldError(f"NaiveBayes.{name} cannot be {value}", expected="0 or a positive number")

    def build(self, space: Space, condition: Space | None = None) -> "NaiveBayesModel":
        return NaiveBayesModel(self, space, condition)


@final
class NaiveBayesModel(Density, Counted, Completes, Classed):
    """Tallies of states and statistics of values, class by class."""

    def __init__(self, family: NaiveBayes, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.smoothing, self.strength = family.smoothing, family.strength
        self.cells, self.classes = Cells(space), Classes(condition, "NaiveBayes")
        classes = self.classes.K
        self.prior = Tallies(1, torch.tensor([classes]))
        self.states = Tallies(classes, self.cells.sizes)
        self.reals = family.reals.marginals(classes, len(self.cells.real), family.strength)
        self.counts = family.counts.marginals(classes, len(self.cells.count), family.strength)

    def _laws(self) -> list[tuple[Marginals, Tensor]]:
        """The laws of values, each with the columns it is of."""
        pairs = (self.reals, self.cells.real), (self.counts, self.cells.count)
        return [(law, where) for law, where in pairs if len(where)]

    # What it answers -------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        law = self.classes.log_law(c, len(x), self.log_prior())
        return torch.logsumexp(self.log_joint(x) + law, 1)  # (2); where c says the class one term is left, (1)

    def log_prior(self) -> Tensor:
        """log p(c) of every class: (K,)."""
        return self.prior.law(self.smoothing, 0.0)[0].log()

    def log_joint(self, x: Tensor) -> Tensor:
        """log p(x | c = k) for every class: (B, K)."""
        return self._log_joint(self.cells.flat(x), None)

    def log_posterior(self, x: Tensor) -> Tensor:
        """log p(c = k | x): (B, K)."""
        joint = self.log_joint(x).add_(self.log_prior())
        return joint.sub_(joint.logsumexp(1, keepdim=True))  # (3)

    def _log_joint(self, cells: Tensor, asked: Tensor | None) -> Tensor:
        if self.cells.plain:
            return self.reals.log_joint(cells, None if asked is None else asked & ~torch.isnan(cells))
        table = self._law().log().T.contiguous()
        slices = blocks(len(cells), self.cells.width * 4)
        told = (self._block(cells[rows], self.cells.split(cells[rows], part(asked, rows)), table) for rows in slices)
        return torch.cat([*told, table.new_empty(0, self.classes.K)])

    def _block(self, cells: Tensor, split: Split, table: Tensor) -> Tensor:
        """(1) for every class: the masses of the states, then the laws of the values."""
        joint = self.states.looked_up(split.state, table)
        for law, where in self._laws():
            joint = joint + law.log_joint(cells[:, where], split.ordinary[:, where])
        return joint

    def _law(self) -> Tensor:
        """p(state | class): (K, F)."""
        return self.states.law(self.smoothing, self.strength)

    def linear(self) -> Planes:
        """The same classifier as weights and a bias of each class: where every law is linear in its class's terms."""
        laws = [(law.line(), where) for law, where in self._laws()]
        if not all(line for line, _ in laws):
            raise CannotAnswer(
                "this naive Bayes is not a linear classifier: its laws differ between classes by more than a plane",
                expected="reals=Normal(shared=True) and counts=Poisson(), as far as there are such columns",
                remedy="likely.NaiveBayes(reals=Normal(shared=True), counts=Poisson())",
            )
        lines = [(*line, where) for line, where in laws if line is not None]
        return planes(self.cells, self._law().log(), lines, self.log_prior())

    # How it learns ---------------------------------------------------------------------------------------------------

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose class is missing are left out."""
        cells, k = self.cells.flat(x), self.classes.index(c, len(x))
        w = cells.new_ones(len(x), dtype=torch.float64) if weight is None else weight.double()
        if (k < 0).any():
            cells, k, w = cells[k >= 0], k[k >= 0], w[k >= 0]
        self.prior.observe(k[:, None], torch.zeros_like(k), w)
        if self.cells.plain:
            return self.reals.observe(cells, k, w, None)
        for rows in blocks(len(cells), self.cells.width):
            self._count(cells[rows], k[rows], w[rows])
        return None

    def _count(self, cells: Tensor, k: Tensor, w: Tensor) -> None:
        split = self.cells.split(cells)
        self.states.observe(split.state, k, w)
        for law, where in self._laws():
            law.observe(cells[:, where], k, w, split.ordinary[:, where])

    def finish(self) -> bool:
        if not self.prior.seen.sum() > 0:
            raise EmptyData("naive Bayes has seen no rows of a known class", expected="at least one row")
        return False

    # How it samples and completes ------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        k = draw_class(self.classes.log_law(c, n, self.log_prior()), rng=rng)
        return self.cells.whole(self._draw(k, self.cells.anything(n), rng))

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Free cells are drawn given that they are present."""
        cells, known, span = self.cells.told(x, evidence)
        prior = self.classes.log_law(c, len(x), self.log_prior())
        weights = prior + self._log_evidence(cells, known, span, ~known)
        k = draw_class(weights, rng=rng)  # (4) left
        return torch.where(evidence.known, x, self.cells.whole(self._draw(k, span, rng)))  # (4) right

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        cells, known, span = self.cells.told(x, evidence)
        prior = self.classes.log_law(c, len(x), self.log_prior())
        return torch.logsumexp(prior + self._log_evidence(cells, known, span, ~known & span.bounded), 1)

    def _log_evidence(self, cells: Tensor, known: Tensor, span: Range, between: Tensor) -> Tensor:
        """log p(known cells, and these cells within their range | c = k): (B, K)."""
        joint = self._log_joint(cells, known)
        if not (between & (span.bounded | (self.cells.gone >= 0))).any():
            return joint
        ones = torch.ones(len(cells), dtype=torch.int64, device=cells.device)
        masses = (torch.logaddexp(*self._masses(k * ones, span)[:2]) for k in range(self.classes.K))
        return joint + torch.stack([torch.where(between, mass, 0.0).sum(1) for mass in masses], 1)

    def _masses(self, k: Tensor, span: Range) -> tuple[Tensor, Tensor, Tensor]:
        """Each cell's log-mass of ordinary values in the range, of other states there, and what is laid out below."""
        head = self.states.between(self._law(), k, torch.zeros_like(span.first), torch.zeros_like(span.last))[0].log()
        head = head.masked_fill(self.cells.category, -math.inf)
        tail, below = self.states.between(self._law(), k, span.first, span.last)
        if span.bounded.any():
            for law, where in self._laws():
                head[:, where] += law.log_mass(k, span.low[:, where], span.high[:, where])
        return head, tail.log(), below

    def _draw(self, k: Tensor, span: Range, rng: Rng) -> Tensor:
        """A cell for each column from its law under class k, within its range: (B, D)."""
        head, tail, below = self._masses(k, span)
        whole = torch.logaddexp(head, tail)
        level = rng.uniform(whole.shape, like=whole)
        ordinary = ~self.cells.category & ~(level > (head - whole).exp())
        level = below + (whole.exp() * level - head.exp()).clamp(min=0)
        state = self.states.at(self._law(), level, k, span.first, span.last)
        value = torch.zeros_like(whole)
        for law, where in self._laws():
            value[:, where] = law.draw(k, span.low[:, where], span.high[:, where], rng=rng)
        return self.cells.join(torch.where(ordinary, 0, state), value)


def part(asked: Tensor | None, rows: slice) -> Tensor | None:
    """These rows of a mask, where there is one."""
    return None if asked is None else asked[rows]
