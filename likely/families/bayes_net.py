r"""Bayesian network: every column depends on few others, and one can read on which.

    p(x | c) = prod_d p(z_d | z_pa(d), c) p(x_d | z_d)                                        (1)
    p(x)     = sum_c p(c) p(x | c)                                                            (2) no class given
    parents  = the tree under which the data are most likely                                  (3) Chow and Liu
    p(z | e) by eliminating one variable at a time, exact                                     (4) completion

z_d is the state of a column: a code, an atom, missing, or the bin that a number falls in; p(x_d | z_d) is a number's
density within its bin, exponential (`distributions.bins`). A first pass counts pairs of states, which gives the tree,
a second one the tables along its edges. Given a class, every table has one version for each class: a tree-augmented
naive Bayes. Bayesian Network Classifiers (Friedman, Geiger & Goldszmidt, 1997)
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from likely.contracts import Classed, Completes, Counted, Density, Drawable, Edge, Evidence, Family, Prepared, Space
from likely.distributions.bins import Bins
from likely.distributions.chow_liu import Pairs, affordable
from likely.distributions.conditional import Tables
from likely.distributions.counted import Tallies, blocks
from likely.distributions.elimination import Bucket, drawn, eliminated, inverted
from likely.distributions.state import Cells, Classes, Range, draw_class
from likely.distributions.structure import ChowLiu, Structure
from likely.errors import EmptyData, FieldError
from likely.rng import Rng

PAIRED = 4096  # rows whose pairs are counted at a time


@dataclass(frozen=True, kw_only=True)
class BayesNet(Family["BayesNetModel"]):
    """A tree of columns, or a given graph."""

    structure: Structure = field(default_factory=ChowLiu)  # ChowLiu() learns the best tree; Given(edges=...) is yours
    bins: int = 16  # of each number: more follows closer how numbers depend on each other, and needs more rows
    smoothing: float = 0.5  # pseudo-count of every state: more pulls them towards equal
    strength: float = 5.0  # pseudo-rows of a column without its parents that join each row of its table

    def __post_init__(self) -> None:
        if self.bins < 2:
            raise FieldError(f"BayesNet.bins cannot be {self.bins}", expected="at least 2")
        for name, value in (("smoothing", self.smoothing), ("strength", self.strength)):
            if not 0 <= value < math.inf:
                raise FieldError(f"BayesNet.{name} cannot be {value}", expected="0 or a positive number")

    def build(self, space: Space, condition: Space | None = None) -> "BayesNetModel":
        return BayesNetModel(self, space, condition)


@final
class BayesNetModel(Density, Counted, Prepared, Completes, Classed, Drawable):
    """States and bins, the counts of pairs while there is no tree, then the tables."""

    learned: Tensor  # () bool: the structure is known, tables are counted

    def __init__(self, family: BayesNet, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        self.cells, self.classes = Cells(space, ordered=True), Classes(condition, "BayesNet")
        self.bins = Bins(self.cells, family.bins)
        self.prior = Tallies(1, torch.tensor([self.classes.K]))
        wiring = family.structure.known(self.bins.sizes.tolist())
        self.order = None if wiring is None else wiring.order
        parents = torch.full((self.cells.width, 1), -1) if wiring is None else wiring.parents
        self.pairs = _pairs(self.bins.sizes, self.classes.K) if wiring is None else None
        self.tables = Tables(self.classes.K, self.bins.sizes, parents.expand(self.classes.K, -1, -1).clone())
        self.register_buffer("learned", torch.tensor(wiring is not None))

    # What it answers -------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        k = self.classes.index(c, len(x)).to(x.device)
        if (k >= 0).all():
            return self._log_prob(x, k)
        return torch.logsumexp(self.log_joint(x) + self.classes.log_law(c, len(x), self.log_prior()), 1)  # (2)

    def log_prior(self) -> Tensor:
        """log p(c) of every class: (K,)."""
        return self.prior.law(self.family.smoothing, 0.0)[0].log()

    def log_joint(self, x: Tensor) -> Tensor:
        """log p(x | c = k) for every class: (B, K)."""
        return torch.stack([self._log_prob(x, k.expand(len(x))) for k in self._every_class()], 1)

    def _every_class(self) -> Tensor:
        return torch.arange(self.classes.K, device=self.learned.device)

    def _log_prob(self, x: Tensor, k: Tensor) -> Tensor:
        """(1), each row under its class."""
        cells, law = self.cells.flat(x), self._log_law()
        told = law.new_zeros(len(x))
        for rows in blocks(*cells.shape):
            state = self.bins.states(cells[rows])
            told[rows] = self.bins.log_within(cells[rows], state) + self._log_states(state, k[rows], law)
        return told

    def _log_states(self, state: Tensor, k: Tensor, law: Tensor) -> Tensor:
        """log p(states | class); a state of -1 is any."""
        told, gaps = law[self.tables.places(state, k).clamp(min=0)].sum(1), (state < 0).any(1)
        if gaps.any():
            own = [_hot(state[gaps, d], size) for d, size in enumerate(self.bins.sizes.tolist())]
            told[gaps] = self._log_evidence(own, k[gaps], law)
        return told

    def _log_law(self) -> Tensor:
        return self.tables.log_law(self.bins.possible(), self.family.smoothing, self.family.strength)

    def graphs(self) -> tuple[tuple[Edge, ...], ...]:
        structure, nats = self.family.structure, self.tables.strengths()
        if not isinstance(structure, ChowLiu) or structure.shared:
            share = self.prior.seen[0] / self.prior.seen.sum().clamp(min=1)
            nats = (nats * share.to(nats)[:, None, None]).sum(0, keepdim=True)
        return tuple(_edges(self.tables.parents[k], each) for k, each in enumerate(nats))

    # How it learns ---------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        cells = self.cells.flat(x)
        self.bins.prepare(cells)
        if self.pairs is not None:
            self.pairs.prepare(self.bins.states(cells))

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose class is missing are left out."""
        cells, k = self.cells.flat(x), self.classes.index(c, len(x)).to(x.device)
        w = cells.new_ones(len(x), dtype=torch.float64) if weight is None else weight.double()
        for rows in (k >= 0).nonzero()[:, 0].split(PAIRED):
            self._count(cells[rows], self.bins.states(cells[rows]), k[rows], w[rows])

    def _count(self, cells: Tensor, state: Tensor, k: Tensor, w: Tensor) -> None:
        if self.pairs is not None and not self.learned:
            return self.pairs.observe(state, k, w)
        self.prior.observe(k[:, None], torch.zeros_like(k), w)
        self.tables.observe(state, k, w)
        return self.bins.observe(cells, state, w)

    def finish(self) -> bool:
        """The tree after the first pass, which asks for a second one."""
        grown, structure = not bool(self.learned), self.family.structure
        if not (self.pairs.seen if self.pairs is not None and grown else self.prior.seen).sum() > 0:
            raise EmptyData("a Bayesian network has seen no rows of a known class", expected="at least one row")
        if grown and self.pairs is not None and isinstance(structure, ChowLiu):
            self.tables.rewire(self.pairs.trees(structure.penalty, shared=structure.shared)[..., None])  # (3)
            self.pairs.seen = self.pairs.seen[:, :0, :0].clone()
            self.learned = torch.ones_like(self.learned)
        return grown

    # How it samples and completes ------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        k = draw_class(self.classes.log_law(c, n, self.log_prior()), rng=rng)
        level = rng.uniform((n, self.cells.width), like=self.prior.seen)
        state = self.tables.draw(self._log_law(), k, level)
        return self.cells.whole(self.bins.draw(state, self.cells.anything(n), rng=rng))

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Free cells are drawn given that they are present."""
        cells, known, span = self.cells.told(x, evidence)
        level = rng.uniform((len(x), self.cells.width + 1), like=self.prior.seen)  # one more for the class
        state, law = torch.zeros_like(level[:, 1:], dtype=torch.int64), self._log_law()
        for rows in blocks(len(x), int(self.bins.sizes.sum())):
            own = self._own(cells[rows], known[rows], Range(*(part[rows] for part in span)), ~known[rows])
            k = inverted(self._class_terms(own, None if c is None else c[rows], law), level[rows, 0])
            for some, _, buckets in self._passes(own, k, law):
                state[rows][some] = drawn(buckets, level[rows, 1:][some])  # (4)
        return torch.where(evidence.known, x, self.cells.whole(self.bins.draw(state, span, rng=rng)))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        cells, known, span = self.cells.told(x, evidence)
        told, law = self.bins.log_within(cells, self.bins.states(cells, known)), self._log_law()
        for rows in blocks(len(x), int(self.bins.sizes.sum())):
            part = Range(*(each[rows] for each in span))
            own = self._own(cells[rows], known[rows], part, ~known[rows] & part.bounded)
            told[rows] += torch.logsumexp(self._class_terms(own, None if c is None else c[rows], law), 1)
        return told

    def _own(self, cells: Tensor, known: Tensor, span: Range, between: Tensor) -> list[Tensor]:
        """log of what each column's evidence leaves of its states: (B, states) a column."""
        state = self.bins.states(cells, known)
        told = [_hot(state[:, d], size) for d, size in enumerate(self.bins.sizes.tolist())]
        if not (between & (span.bounded | (self.cells.gone >= 0))).any():
            return told
        shares = enumerate(self.bins.log_shares(span))
        return [torch.where(between[:, d, None], share, told[d]) for d, share in shares]

    def _class_terms(self, own: list[Tensor], c: Tensor | None, law: Tensor) -> Tensor:
        """log p(class, evidence of states): (B, K)."""
        rows = len(own[0])
        joint = [self._log_evidence(own, k.expand(rows), law) for k in self._every_class()]
        return torch.stack(joint, 1) + self.classes.log_law(c, rows, self.log_prior())

    def _log_evidence(self, own: list[Tensor], k: Tensor, law: Tensor) -> Tensor:
        told = law.new_zeros(len(k))
        for rows, total, _ in self._passes(own, k, law):
            told[rows] = total
        return told

    def _passes(self, own: list[Tensor], k: Tensor, law: Tensor) -> Iterator[tuple[Tensor, Tensor, list[Bucket]]]:
        """Elimination (4), for rows of one class at a time."""
        orders = self.tables.ordered().flip(1)  # children before parents
        for label in k.unique().tolist():
            order, rows = self.order or orders[label].tolist(), (k == label).nonzero()[:, 0]
            factors = self.tables.factors(law, label, {d: at for at, d in enumerate(order)})
            yield rows, *eliminated(factors, [part[rows] for part in own], order)


def _hot(state: Tensor, size: int) -> Tensor:
    """log of 1 for this state (B,) alone, or for all where it is -1: (B, size)."""
    told = torch.full((len(state), size), -math.inf, dtype=torch.float64, device=state.device)
    return told.scatter_(1, state.clamp(min=0)[:, None], 0.0).masked_fill_(state[:, None] < 0, 0.0)


def _edges(parents: Tensor, nats: Tensor) -> tuple[Edge, ...]:
    pairs = (parents >= 0).nonzero().tolist()
    return tuple(Edge(int(parents[d, m]), d, float(nats[d, m])) for d, m in pairs)


def _pairs(sizes: Tensor, classes: int) -> Pairs:
    """Where there are too many columns to count their pairs, an error."""
    if affordable(sizes, classes) < min(2, int(sizes.max())):
        raise FieldError(
            f"BayesNet cannot count the pairs of {len(sizes):,} columns in {classes:,} classes",
            expected="about 2,900 columns at most for one class, 900 for ten",
            remedy="a known graph, structure=Given(edges=...), or another family",
        )
    return Pairs(classes, sizes)
