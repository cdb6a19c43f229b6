r"""Kernel density estimation: a bump at every training row.

    p(x)     = sum_i w_i prod_d K_d(x_d | x_id)                                               (1)
    p(x | c) = the same over the rows of class c                                              (2)
    w_i(e)   ~ w_i prod_{d in e} K_d(e_d | x_id): rows that agree with the evidence weigh more (3) completion
    h        = argmax_h sum_i log sum_{j != i} w_j K_h(x_i | x_j)                             (4) leave one out

Products of bumps normalise in any dimension and serve columns of any kind: reals get a kernel, counts and pixel levels
a two-sided geometric one, categories, atoms and missing cells one that leaves a share for other choices.
Density Estimation for Statistics and Data Analysis (Silverman, 1986)
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Classed, Completes, Counted, Density, Evidence, Family, Space
from likely.distributions.counted import Moments, ratio
from likely.distributions.kernels import Bandwidth, Gaussian, Kernel, Likelihood
from likely.distributions.product import Bumps, Side
from likely.distributions.search import climb, vertex
from likely.distributions.state import Cells, Classes, Range
from likely.errors import EmptyData
from likely.rng import Rng
from likely.spaces import Image

SHARED = 0.03  # of a pixel's variance is the picture's: many pixels hardly vary in training
MIXES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.8)  # tried for choices
PAIRS = 1 << 22  # of a query and a row, at a time
MOST_WORK = 2e8  # pairs computed for one candidate bandwidth


@dataclass(frozen=True, kw_only=True)
class KDE(Family["KDEModel"]):
    """A bump at every training row."""

    kernel: Kernel = Gaussian()  # the bumps of real columns; compact ones give density 0 far from all rows
    bandwidth: Bandwidth = Likelihood()  # wider is smoother; Scott() and Silverman() are quick rules of thumb

    def build(self, space: Space, condition: Space | None = None) -> "KDEModel":
        return KDEModel(self, space, condition)


@final
class KDEModel(Density, Counted, Completes, Classed):
    """The rows, their weights, and how wide their bumps are."""

    value: Tensor  # (N, D) cells, 0 where missing
    absent: Tensor  # (N, D)
    k: Tensor  # (N,) classes
    weight: Tensor  # (N,)
    width: Tensor  # (D,)
    mix: Tensor  # (): the share of a choice's bump that is spread over all choices

    def __init__(self, family: KDE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        self.cells, self.classes = Cells(space, ordered=True), Classes(condition, "KDE")
        self.moments = Moments(self.classes.K, self.cells.width)  # of the values of ordinary cells
        self.register_buffer("value", torch.zeros(0, self.cells.width))
        self.register_buffer("absent", torch.zeros(0, self.cells.width, dtype=torch.bool))
        self.register_buffer("k", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("weight", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("width", torch.ones(self.cells.width, dtype=torch.float64))
        self.register_buffer("mix", torch.tensor(0.1, dtype=torch.float64))
        self.waiting: list[tuple[Tensor, ...]] = []  # chunks observed in this pass

    # What it answers -------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self._log_prob(self.cells.flat(x), None, c)

    def log_joint(self, x: Tensor) -> Tensor:
        """log p(x | c = k) for every class: (B, K)."""
        bumps = self._bumps()
        q = bumps.side(self.cells.flat(x))
        return torch.stack([self._mixture(bumps, q, self._rows_of(k)) for k in range(self.classes.K)], 1)

    def _log_prob(self, cells: Tensor, asked: Tensor | None, c: Tensor | None) -> Tensor:
        bumps = self._bumps()
        q, told = bumps.side(cells, asked), cells.new_empty(len(cells), dtype=torch.float64)
        for at, rows in self._given(c, len(cells)):
            told[at] = self._mixture(bumps, q[at], rows)  # (2)
        return told

    def _mixture(self, bumps: Bumps, q: Side, rows: Tensor, left_out: Tensor | None = None) -> Tensor:
        return bumps.log_sum(q, bumps.side(self._cells()[rows]), self._log_weight(rows), left_out)  # (1)

    def _bumps(self) -> Bumps:
        """The bumps as they are, with the columns' overall mean and spread for what rows do not tell."""
        weight, mean, scatter = self.moments.pooled()
        std = torch.where(scatter[0] > 0, ratio(scatter, weight)[0], 1.0).sqrt()
        return Bumps(self.cells, self.family.kernel, self.width, float(self.mix), (mean[0], std))

    def _cells(self) -> Tensor:
        return self.value.masked_fill(self.absent, math.nan)

    def _log_weight(self, rows: Tensor) -> Tensor:
        return (self.weight[rows] / self.weight[rows].sum()).log()

    def _given(self, c: Tensor | None, n: int) -> Iterator[tuple[Tensor, Tensor]]:
        """For each thing that is said of the class: which of the n queries say it, and the rows that agree."""
        if c is None or not self.classes.sizes:
            yield torch.arange(n, device=self.k.device), torch.arange(len(self.k), device=self.k.device)
            return
        said, place = torch.unique(c.nan_to_num(nan=-1.0), dim=0, return_inverse=True)
        for number, one in enumerate(said):
            fits = ((self.classes.digits == one) | (one < 0)).all(1)
            yield (place == number).nonzero()[:, 0], self._rows_where(fits[self.k])

    def _rows_of(self, k: int) -> Tensor:
        return self._rows_where(self.k == k)

    def _rows_where(self, fits: Tensor) -> Tensor:
        """Rows that agree; all of them where none does."""
        return (fits if fits.any() else torch.ones_like(fits)).nonzero()[:, 0]

    # How it learns ---------------------------------------------------------------------------------------------------

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose class is missing, or that weigh nothing, are left out."""
        cells, k = self.cells.flat(x), self.classes.index(c, len(x))
        w = cells.new_ones(len(x), dtype=torch.float64) if weight is None else weight.double()
        kept = (k >= 0) & (w > 0)
        cells, k, w = cells[kept], k[kept], w[kept]
        self.moments.observe(cells, k, w, self.cells.split(cells).ordinary)
        self.waiting.append((cells.nan_to_num(0.0), torch.isnan(cells), k, w))

    def finish(self) -> bool:
        for name, parts in zip(("value", "absent", "k", "weight"), zip(*self.waiting)):
            held = getattr(self, name)
            setattr(self, name, torch.cat([held, *parts] if len(held) else [*parts]))
        self.waiting.clear()
        if not len(self.k):
            raise EmptyData("a kernel density estimate has seen no rows of a known class", expected="at least one row")
        self._smooth()
        return False

    def _smooth(self) -> None:
        """Widths by the rule (each class being one sample of its own), then by leaving one out where that is asked."""
        rule, valued = self.family.bandwidth, self.cells.integer | ~self.cells.category
        rows = max(1.0, float(self.weight.sum() ** 2 / self.weight.square().sum()) / len(self.k.unique()))
        self.width = torch.ones_like(self.width)
        self.width[valued] = rule.widths(self._spread(rows)[valued], rows, self.family.kernel)
        self.mix = self.mix.new_tensor(rule.mixing(self.cells.width, rows))
        if isinstance(rule, Likelihood) and len(self.k) > 1:
            self._search(rule, valued, rows)

    def _spread(self, rows: float) -> Tensor:
        """Standard deviations within classes; pixels share a little of each other's; 1 where nothing varies."""
        weight, _, overall = (part[0] for part in self.moments.pooled())
        free = max(1 - 1 / rows, 0.5)
        within, overall = ratio(self.moments.scatter.sum(0), weight) / free, ratio(overall, weight) / free
        if isinstance(self.space, Image):
            within = torch.lerp(within, within.mean().expand_as(within), SHARED)
        variance = torch.where(within > 0, within, overall)
        return torch.where(variance > 0, variance, 1.0).sqrt()

    def _search(self, rule: Likelihood, valued: Tensor, rows: float) -> None:
        """A multiple of the rule's widths and a mix: found on every so many rows, then climbed to on all of them."""
        every = torch.arange(len(self.k), device=self.k.device)
        few = every[:: -(-len(every) // rule.rows)]
        scales, mixes = rule.multiples if valued.any() else [1.0], MIXES if (self.cells.sizes > 1).any() else []
        near, full = (self._likelihood(rule, valued, part, rows * len(part) / len(every)) for part in (few, every))
        mix = float(self.mix)
        scale = max(scales, key=lambda scale: near(scale, mix))
        if mixes:
            mix = climb(lambda mix: full(scale, mix), mixes, max(mixes, key=lambda mix: near(scale, mix)))
        scale = climb(lambda scale: full(scale, mix), scales, scale)
        full(vertex(lambda scale: full(scale, mix), scales, scale), mix)

    def _likelihood(
        self, rule: Likelihood, valued: Tensor, part: Tensor, rows: float
    ) -> Callable[[float, float], float]:
        """(4) among some of the rows, at a multiple and a mix, which the model then has."""
        queries = int(min(rule.queries, max(100, MOST_WORK // len(part)), len(part)))
        some = part[torch.arange(queries, device=part.device) * len(part) // queries]
        start = torch.ones_like(self.width)
        start[valued] = rule.widths(self._spread(rows)[valued], rows, self.family.kernel)
        known: dict[tuple[float, float], float] = {}

        def likelihood(scale: float, mix: float) -> float:
            self.width, self.mix = torch.where(valued, start * scale, 1.0), self.mix.new_tensor(mix)
            if (scale, mix) not in known:
                known[scale, mix] = float((self._left_out(some, part) * self.weight[some]).sum())  # (4)
            return known[scale, mix]

        return likelihood

    def _left_out(self, some: Tensor, part: Tensor) -> Tensor:
        """log p of these rows under the part's others of their class, at least -10,000: compact bumps may give none."""
        bumps, cells = self._bumps(), self._cells()
        told = torch.zeros(len(some), dtype=torch.float64, device=some.device)
        for k in self.k[some].unique():
            at, rows = (self.k[some] == k).nonzero()[:, 0], part[self.k[part] == k]
            own = torch.searchsorted(rows, some[at])
            rest = torch.log1p(-self.weight[some[at]] / self.weight[rows].sum())
            told[at] = self._mixture(bumps, bumps.side(cells[some[at]]), rows, own) - rest
        return told.clamp(min=-1e4).nan_to_num(-1e4)

    # How it samples and completes ------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        level = rng.uniform((n, 1), like=self.weight)[:, 0]
        chosen = torch.empty(n, dtype=torch.int64, device=self.k.device)
        for at, rows in self._given(c, n):
            share = self.weight[rows].cumsum(0)
            chosen[at] = rows[torch.searchsorted(share, level[at] * share[-1]).clamp(max=len(rows) - 1)]
        return self.cells.whole(self._bumps().draw(self._cells()[chosen], self.cells.anything(n), rng=rng))

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Free cells are drawn given that they are present."""
        cells, known, span = self.cells.told(x, evidence)
        level = rng.uniform((len(x), 1), like=self.weight)
        chosen = torch.empty(len(x), dtype=torch.int64, device=self.k.device)
        for at, rows, terms in self._terms(cells, known, span, ~known, c):
            share = terms.softmax(1).nan_to_num(1.0).cumsum(1)  # (3)
            place = torch.searchsorted(share, level[at] * share[:, -1:])[:, 0]
            chosen[at] = rows[place.clamp(max=len(rows) - 1)]
        drawn = self._bumps().draw(self._cells()[chosen], span, rng=rng)
        return torch.where(evidence.known, x, self.cells.whole(drawn))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        cells, known, span = self.cells.told(x, evidence)
        between = ~known & span.bounded
        if not between.any():
            return self._log_prob(cells, known, c)
        told = torch.empty(len(x), dtype=torch.float64, device=cells.device)
        for at, _, terms in self._terms(cells, known, span, between, c):
            told[at] = terms.logsumexp(1)
        return told

    def _terms(
        self, cells: Tensor, known: Tensor, span: Range, between: Tensor, c: Tensor | None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """log of each row's weight times its bump's share of the evidence: queries, rows, (b, n) at a time."""
        bumps, stored = self._bumps(), self._cells()
        counts = between & (span.bounded | (self.cells.gone >= 0))
        for every, rows in self._given(c, len(cells)):
            side = bumps.side(stored[rows])
            for at in every.split(max(1, PAIRS // len(rows))):
                terms = bumps.log_terms(bumps.side(cells[at], known[at]), side, self._log_weight(rows))
                for d in counts[at].any(0).nonzero()[:, 0].tolist():
                    terms += torch.where(counts[at, d, None], bumps.log_within(d, side, span.take(at, d)), 0.0)
                yield at, rows, terms
