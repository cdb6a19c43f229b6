r"""A tree of hidden variables, one above each column, or one above all of them: a probabilistic circuit.

    p(x) = sum_t,z p(t, z_root) prod_v p(z_v | z_pa(v)) prod_d p(s_d | z_d) p(x_d | s_d)      (1)
    p(x | c) = p(x, c) / p(c)                                                                 (2) c: more columns
    t, z ~ p(t, z | e),   s_d ~ p(s_d | z_d, e),   x_d ~ p(x_d | s_d, e)                      (3) completion, exact
    argmax_{t, z, s} p(t, z, s | e)                                                           (4) completion, heuristic

s_d is the state of a column: a code, an atom, missing, or the bin that a number falls in (`distributions.bins`). Sums
are exact (`distributions.hidden_tree`), so that any cells, and any of the condition's, may be unknown. The tree is the
columns' Chow-Liu tree, hidden values begin as rows of the data (`distributions.leaves`), and gradients, which are the
expected counts of EM, do the rest.
Tractable Regularization of Probabilistic Circuits (Liu & Van den Broeck, 2021), arXiv:2106.02264
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from likely.contracts import Completes, Density, Evidence, Family, Player, Prepared, Space, Trained, Turn
from likely.distributions.bins import Bins, Middle, bins_of, learned
from likely.distributions.hidden_tree import (
    TINY,
    Laws,
    Trees,
    draw,
    inverted,
    likeliest,
    log_sum,
    log_sums,
    scattered,
    upward,
)
from likely.distributions.hierarchy import HiddenTree, Hierarchy
from likely.distributions.leaves import Leaves
from likely.distributions.state import Range
from likely.errors import FieldError
from likely.rng import Rng

BLOCK = 1 << 23  # hidden states, of nodes and rows, at a time
HELD = 0.95  # the chance, at first, that a node is in its parent's state


@dataclass(frozen=True, kw_only=True)
class Circuit(Family["CircuitModel"]):
    """Sums and products from which every marginal and every conditional is read."""

    hierarchy: Hierarchy = field(default_factory=HiddenTree)  # Shallow(components=256) is a mixture of products
    bins: int = 64  # of each number (frequent counts: one a value), and of pixels with more levels: more is sharper
    smoothing: float = 0.001  # share of every leaf that follows its column's overall law: more is safer on few rows
    rate: float = 0.05  # the learning rate; less is slower, and calmer where there are few rows
    apart: bool = False  # each of several trees learns every row alone, as if there were no other: they then err apart

    def __post_init__(self) -> None:
        if self.bins < 2:
            raise FieldError(f"Circuit.bins cannot be {self.bins}", expected="at least 2")
        if not 0 <= self.smoothing < 1:
            raise FieldError(f"Circuit.smoothing cannot be {self.smoothing}", expected="0 or a share below 1")
        if not 0 < self.rate < math.inf:
            raise FieldError(f"Circuit.rate cannot be {self.rate}", expected="a positive number")

    def build(self, space: Space, condition: Space | None = None) -> "CircuitModel":
        return CircuitModel(self, space, condition)


@final
class CircuitModel(Density, Completes, Trained, Prepared):
    """Laws of hidden variables, and of every column's states, those of x and then those of c, given them."""

    parent: Tensor  # (n,) the trees of hidden variables
    home: Tensor  # (T, D) which of them a column hangs from in each tree

    def __init__(self, family: Circuit, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, hidden = family, family.hierarchy.states
        self.bins = bins_of(space, family.bins)
        self.given = None if condition is None else bins_of(condition, family.bins)
        sizes = torch.cat([each.sizes for each in self._all()])
        home, trees = family.hierarchy.first(len(sizes))
        self.leaves = Leaves(sizes, self._possible(), len(home), hidden, family.smoothing)
        self.register_buffer("parent", trees.parent)
        self.register_buffer("home", home)
        self.root = nn.Parameter(torch.zeros(len(home), hidden))
        edges = len(trees.parent) - len(home)
        self.edge = nn.Parameter(torch.randn(edges, hidden, hidden)) if edges else None

    def _all(self) -> list[Bins]:
        return [self.bins] if self.given is None else [self.bins, self.given]

    def _possible(self) -> Tensor:
        return torch.cat([each.possible() for each in self._all()])

    def laws(self) -> tuple[Laws, Tensor]:
        """Of hidden variables, and log p(s_d | z_d) of leaves: (T, F + 1, H)."""
        hidden = self.root.shape[1]
        edge = self.root.new_zeros(0, hidden, hidden) if self.edge is None else self.edge.softmax(2)
        root = self.root.softmax(1) / len(self.root) if self.family.apart else self.root.flatten().softmax(0)
        return Laws(root.view_as(self.root), edge), self.leaves.log_law()

    # What it answers -------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        cells = self.bins.cells.flat(x)
        state = self.bins.states(cells)
        return self._log_states(state, c) + self.bins.log_within(cells, state)

    def _log_states(self, state: Tensor, c: Tensor | None) -> Tensor:
        """log p(states of x | c), where a state of -1 is any."""
        whole, *given = (each.logsumexp(0) for each in self._log_trees(state, c))  # (1)
        return whole - sum(given)  # (2)

    def _log_apart(self, state: Tensor, c: Tensor | None) -> Tensor:
        """The same by each tree alone, but for a constant: (T, B)."""
        whole, *given = self._log_trees(state, c)
        return whole - sum(given)

    def _log_trees(self, state: Tensor, c: Tensor | None) -> Iterator[Tensor]:
        """log p(t, states of x, c), and where there are more columns log p(t, c): (T, B)."""
        laws, joint = self.laws(), self._joined(state, c)
        yield self._sums(joint, *laws)
        if self.given is not None:
            yield self._sums(self._alone(joint), *laws)

    def _alone(self, joint: Tensor) -> Tensor:
        """The same, with nothing known of x."""
        return F.pad(joint[:, self.bins.cells.width :], (self.bins.cells.width, 0), value=-1)

    def _sums(self, joint: Tensor, laws: Laws, leaf: Tensor) -> Tensor:
        told = [log_sums(self._own(joint[rows], leaf), laws, Trees(self.parent)) for rows in self._blocks(len(joint))]
        return torch.cat([*told, self.root[:, :0]], 1)

    def _joined(self, state: Tensor, c: Tensor | None) -> Tensor:
        """The states of x, and behind them those of c, -1 where it says nothing: (B, D)."""
        if self.given is None:
            return state
        if c is None:
            return F.pad(state, (0, self.given.cells.width), value=-1)
        cells = self.given.cells.flat(c)
        return torch.cat([state, self.given.states(cells, ~torch.isnan(cells))], 1)

    def _own(self, joint: Tensor, leaf: Tensor) -> Tensor:
        """log of how likely each hidden variable's own columns are, given its states: (n, B, H)."""
        return self.leaves.own(joint, leaf, self.home, len(self.parent))

    def _blocks(self, rows: int) -> Iterator[slice]:
        size = max(1, BLOCK // (len(self.parent) * self.root.shape[1]))
        return (slice(start, start + size) for start in range(0, rows, size))

    # How it learns ---------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        state = learned(self.bins, self.bins.cells.flat(x))
        if self.given is not None and c is not None:
            state = torch.cat([state, learned(self.given, self.given.cells.flat(c))], 1)
        home, trees = self.family.hierarchy.grown(state.cpu(), self.leaves.sizes.cpu(), rng=rng)
        self.home.copy_(home)
        self.parent.copy_(trees.parent)
        self.leaves.begin(state, self._possible(), torch.cat([each.numbered() for each in self._all()]), rng=rng)
        if self.edge is not None:
            first = scattered(self.root.shape[1], len(self.edge), HELD, like=self.edge, rng=rng)
            self.edge.data.copy_(first.clamp(min=1e-9).log())

    def players(self) -> dict[str, Player]:
        return {"circuit": Player(self, rate=self.family.rate, betas=(0.9, 0.99))}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        """Where a number lies within its bin does not depend on what is learned, and is left out of the loss."""
        state = self.bins.states(self.bins.cells.flat(x))
        learned = self._log_apart if self.family.apart else self._log_states
        yield Turn("circuit", lambda: -learned(state, c).mean())

    # How it samples and completes ------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        unknown = torch.full((n, self.bins.cells.width), -1, device=self.home.device)
        return self.bins.cells.whole(self._drawn(unknown, unknown > 0, self.bins.cells.anything(n), c, rng))

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Free cells are drawn given that they are present."""
        cells, known, span = self.bins.cells.told(x, evidence)
        drawn = self._drawn(self.bins.states(cells, known), ~known, span, c, rng)
        return torch.where(evidence.known, x, self.bins.cells.whole(drawn))

    @torch.no_grad()
    def _drawn(self, state: Tensor, between: Tensor, span: Range, c: Tensor | None, rng: Rng) -> Tensor:
        """(3): cells within their span, given the known states and that cells between lie there."""
        nodes, (laws, leaf) = len(self.parent), self.laws()
        level = rng.uniform((len(state), nodes + 1 + state.shape[1]), like=self.root)
        joint, found = self._joined(state, c), torch.empty_like(state)
        for rows in self._blocks(len(state)):
            shares = self._shares(span, rows)
            own = self._evidence(joint[rows], between[rows], shares, leaf)[0]
            tree, z = draw(upward(own, laws, Trees(self.parent)), laws, Trees(self.parent), level[rows, : nodes + 1].T)
            for d, share in enumerate(shares):
                weights = share * self.leaves.of(d, leaf)[tree, :, self._above(z, tree, d)].exp()
                found[rows, d] = inverted(weights, level[rows, nodes + 1 + d])
        return self.bins.draw(found, span, rng=rng)

    @torch.no_grad()
    def likeliest(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        """x with its free cells in the states that are together with the hidden ones most probable (4).

        Heuristic: the most probable x is a sum over hidden states, whose maximum is NP-hard to find.
        """
        cells, known, span = self.bins.cells.told(x, evidence)
        state, (laws, leaf) = self._joined(self.bins.states(cells, known), c), self.laws()
        for rows in self._blocks(len(x)):
            shares, free = enumerate(self._shares(span, rows)), ~known[rows]
            best = [(share.log()[:, :, None] + self.leaves.of(d, leaf)[:, None]).max(2) for d, share in shares]
            own = self._own(state[rows], leaf)
            for d, each in enumerate(best):
                own[self.home[:, d]] += torch.where(free[:, d, None], each.values, 0.0)
            tree, z = likeliest(own, laws, Trees(self.parent))
            for d, each in enumerate(best):
                state[rows, d] = each.indices[tree, torch.arange(len(tree)), self._above(z, tree, d)]
        drawn = self.bins.draw(state[:, : cells.shape[1]], span, rng=Middle())
        return torch.where(evidence.known, x, self.bins.cells.whole(drawn))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        cells, known, span = self.bins.cells.told(x, evidence)
        state, (laws, leaf) = self.bins.states(cells, known), self.laws()
        joint, between, told = self._joined(state, c), ~known & span.bounded, self.bins.log_within(cells, state)
        for rows in self._blocks(len(x)):
            own, possible = self._evidence(joint[rows], between[rows], self._shares(span, rows), leaf)
            told[rows] += torch.where(possible, log_sum(own, laws, Trees(self.parent)), -math.inf)
        return told if self.given is None else told - self._sums(self._alone(joint), laws, leaf).logsumexp(0)

    def _above(self, z: Tensor, tree: Tensor, column: int) -> Tensor:
        """The state of a column's hidden variable in each row's tree: (b,)."""
        return z[self.home[tree, column], torch.arange(len(tree), device=z.device)]

    def _shares(self, span: Range, rows: slice) -> list[Tensor]:
        """What share of each state's law lies in the span: (b, states) of each column of x."""
        told = self.bins.log_shares(Range(*(each[rows] for each in span)))
        return [share.exp().to(self.root.dtype) for share in told]

    def _evidence(
        self, joint: Tensor, between: Tensor, shares: Sequence[Tensor], leaf: Tensor
    ) -> tuple[Tensor, Tensor]:
        """log of how likely what is known below each hidden variable is (n, b, H), and whether it can be (b,)."""
        own, possible = self._own(joint, leaf), torch.ones_like(joint[:, 0], dtype=torch.bool)
        for d in between.any(0).nonzero()[:, 0].tolist():
            mass = shares[d] @ self.leaves.of(d, leaf).exp()
            own[self.home[:, d]] += torch.where(between[:, d, None], mass.clamp(min=TINY).log(), 0.0)
            possible &= (shares[d] > 0).any(1) | ~between[:, d]
        return own, possible
