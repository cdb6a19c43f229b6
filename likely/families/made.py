r"""Masked autoencoder for distribution estimation: one perceptron says the law of every column from those before it.

    p(x | c) = prod_d p(x_o(d) | x_o(1), ..., x_o(d-1), c),   o an order of the columns                              (1)
    p(unknown | known, c) is (1) in an order that has what is known first                                            (2)
    L = -E_S D / (D - |S|) sum_{d not in S} log p(x_d | x_S, c),   S the first |S| < D columns of a random order     (3)
    p(x | c) = mean of (1) over a few orders, each a density                                                         (4)

In the columns' own order masks of the weights keep every conditional from what comes later: all are one pass, drawn one
after the other too. For any order masks of the inputs do (3), which leave all units to every conditional: they fit
any order nearly as well as masked weights fit one. A cell is read as indicators and values, all 0 where not known.

MADE (Germain et al., 2015), arXiv:1502.03509; (3): Uria, Murray & Larochelle (2014), arXiv:1310.1757
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import Growing, MaskedMLP, SubsetMLP, encoder
from likely.contracts import (
    AnyOrder,
    Density,
    Evidence,
    Family,
    Player,
    Prepared,
    Sharpens,
    Sharpness,
    Space,
    Trained,
    Turn,
    log_mean_exp,
)
from likely.distributions import PLAIN
from likely.distributions.asked import values_known
from likely.distributions.columnwise import Draw, columnwise
from likely.errors import FieldError
from likely.rng import Keyed, Rng
from likely.spaces import Vector

ORDERS = 17  # the seed of the orders of an ensemble
FAINT = 0.1  # what a network says at first, beside the columns' own laws
VALUES = 2  # a fork of the noise: values inside bins


@final
@dataclass(frozen=True, kw_only=True)
class MADE(Family["MADEModel | OrderedMADE"]):
    """Column after column, each from those before it; tables in any order, so that any cells can be given."""

    width: int = 512  # units of each hidden layer
    depth: int = 2  # hidden layers
    any_order: bool | None = None  # False: the columns as they come, a better density; none: any order for tables only
    own: float = 0.5  # share of training rows in the density's own order, where any may be asked for; others: any order
    ensemble: int = 1  # orders whose mixture the density is; more are better by a little, and cost as much
    components: int = 10  # of the mixture of logistics of each real, or pixel of many levels
    bins: int = 256  # of each count: so many frequent counts have a probability of their own
    decay: float = 0.0  # of the weights, decoupled; more for small tables
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        least = {"width": 1, "depth": 1, "ensemble": 1, "components": 1, "bins": 2}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise FieldError(f"MADE.{name} cannot be {getattr(self, name)}", expected=f"at least {lowest}")
        if not (0 <= self.decay < math.inf and 0 < self.rate < math.inf and 0 <= self.own <= 1):
            told = f"MADE has decay={self.decay}, rate={self.rate} and own={self.own}"
            raise FieldError(told, expected="decay at least 0, rate above 0, own from 0 to 1")

    def build(self, space: Space, condition: Space | None = None) -> "MADEModel | OrderedMADE":
        any_order = isinstance(space, Vector) if self.any_order is None else self.any_order
        return MADEModel(self, space, condition) if any_order else OrderedMADE(self, space, condition)


@final
class Chain(nn.Module):
    """The chain rule (1): by masked weights, or in any order by masked inputs."""

    def __init__(self, family: MADE, space: Space, condition: Space | None, *, any_order: bool) -> None:
        super().__init__()
        self.columns = columnwise(space, components=family.components, bins=family.bins, any_order=any_order)
        self.told = None if condition is None else encoder(condition, family.width)
        reads, says, context = self.columns.reads, self.columns.says, 0 if condition is None else family.width
        self.network = (
            SubsetMLP(reads, says, width=family.width, depth=family.depth, context=context, faint=FAINT) if any_order
            else MaskedMLP(reads, says, hidden=(family.width,) * family.depth, context=context, residual=True,
                           direct=True, faint=FAINT)
        )  # fmt: skip

    def context(self, c: Tensor | None) -> Tensor | None:
        return None if self.told is None or c is None else self.told(c).summary.t()

    def forward(self, cells: Tensor, context: Tensor | None, order: Tensor, known: Tensor | None = None) -> Tensor:
        """log p of every cell given those before it (B, D), or of the known cells (B, D) given known ones, else 0."""
        if isinstance(self.network, MaskedMLP):
            masks = None if torch.equal(order, self.network.order) else order  # those of its own order are ready
            return self.columns.log_prob(cells, self.network(self.columns.read(cells).t(), context, masks).t())
        steps, told = self.network.by_column(len(cells), context, order), torch.zeros_like(cells)
        for d, at in enumerate(order.tolist()):
            there = torch.ones_like(cells[:, at], dtype=torch.bool) if known is None else known[:, at]
            log_p = self.columns.log_prob_one(at, cells[:, at], steps.says().t())
            told = told.index_copy(1, order[d : d + 1], torch.where(there, log_p, 0.0)[:, None])
            steps.know(torch.where(there, self.columns.read_one(at, cells[:, at]).t(), 0.0))
        return told

    def given(self, cells: Tensor, context: Tensor | None, known: Tensor) -> Tensor:
        """log p of every cell given the known ones (B, D), which are 0."""
        assert isinstance(self.network, SubsetMLP)
        numbers = self.network(self.columns.read(cells).t(), known.t(), context).t()
        return torch.where(known, 0.0, self.columns.log_prob(cells, numbers))

    def drawn(self, x: Tensor, context: Tensor | None, order: Tensor, known: Tensor, draw: Draw) -> Tensor:
        """Cells (B, D) with the unknown ones drawn given the others, one column after the other."""
        cells = x.clone()
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            steps = self.network.by_column(len(x), context, order)
            if isinstance(steps, Growing):
                steps.given(torch.where(known[:, self.network.reads], self.columns.read(cells), 0.0).t())  # (2)
            for d in order.tolist():
                free = (~known[:, d]).nonzero()[:, 0]  # only these are asked for
                said = steps.says_to(free) if isinstance(steps, Growing) else steps.says()[:, free]
                if len(free):
                    cells[free, d] = draw._replace(levels=draw.levels[free])(d, said.t())
                steps.know(torch.where(known[:, d], 0.0, self.columns.read_one(d, cells[:, d]).t()))
        return cells


class Autoregression(Density, Sharpens, Trained, Prepared):
    """What both models share: a chain, and the orders of its mixture (4), the first being that of the columns."""

    mixed: Tensor  # (ensemble, D)

    def __init__(self, family: MADE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        self.chain = Chain(family, space, condition, any_order=isinstance(self, AnyOrder))
        columns, like = self.chain.columns.columns, torch.empty(0, dtype=torch.float64)
        others = Keyed(ORDERS).uniform((family.ensemble - 1, columns), like=like).argsort(1)
        self.register_buffer("mixed", torch.cat([torch.arange(columns)[None], others]), persistent=False)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        cells, context = self.chain.columns.cells(x), self.chain.context(c)
        told = torch.stack([self.chain(cells, context, order).sum(1) for order in self.mixed], 1)
        return log_mean_exp(told) + self.chain.columns.log_within(x).sum(1).to(told.dtype)  # (4)

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.chain.columns.prepare(x)

    def players(self) -> dict[str, Player]:
        return {"made": Player(self, rate=self.family.rate, decay=self.family.decay)}

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        nothing = self.chain.columns.start.new_full((n, len(self.mixed[0])), math.nan)
        cells = self.drawn(nothing, torch.zeros_like(nothing, dtype=torch.bool), c, sharpness, False, rng)
        return self.chain.columns.whole(cells, rng=rng.fork(VALUES))

    def drawn(
        self, x: Tensor, known: Tensor, c: Tensor | None, sharpness: Sharpness, present: bool, rng: Rng
    ) -> Tensor:
        """Cells (B, D) with the unknown ones drawn, every row in one of the orders."""
        columns, like, context = self.chain.columns, x.double(), self.chain.context(c)
        which = rng.integers(len(self.mixed), (len(x),), like=like)
        levels, drawn = rng.uniform((len(x), columns.columns, columns.noise), like=like), x.clone()
        for number in which.unique().tolist():
            rows = (which == number).nonzero()[:, 0]
            draw, told = Draw(columns, levels[rows], sharpness, present), None if context is None else context[:, rows]
            drawn[rows] = self.chain.drawn(x[rows], told, self.mixed[number], known[rows], draw)
        return drawn


@final
class OrderedMADE(Autoregression, Density, Sharpens, Trained, Prepared):
    """Learned in the orders of its mixture alone."""

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        cells, order = self.chain.columns.cells(x), self.mixed[rng.integers(len(self.mixed), (1,), like=x.double())[0]]
        yield Turn("made", lambda: -self.chain(cells, self.chain.context(c), order).sum(1).mean())


@final
class MADEModel(Autoregression, Density, Sharpens, AnyOrder, Trained, Prepared):
    """Learned in any order."""

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        cells = self.chain.columns.cells(x)
        known = self._subsets(len(x), rng)
        weight = known.shape[1] / (~known).sum(1, keepdim=True)
        yield Turn(
            "made", lambda: -(weight * self.chain.given(cells, self.chain.context(c), known)).sum(1).mean()
        )  # (3)

    def _subsets(self, rows: int, rng: Rng) -> Tensor:
        """The first columns of an order (B, D), as often of one size as of another."""
        like, D = self.chain.columns.start, self.mixed.shape[1]
        sizes = (torch.arange(rows, device=like.device) + rng.integers(D, (1,), like=like)) % D
        order, one = rng.uniform((rows, D), like=like).argsort(1), rng.integers(len(self.mixed), (rows,), like=like)
        own = rng.uniform((rows, 1), like=like) < self.family.own
        return torch.where(own, self.mixed[one], order).argsort(1) < sizes[:, None]

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Each free cell is drawn given that it is present (of tokens, the end is drawn too)."""
        filled, cells = isinstance(self.space, Vector), self.chain.columns.cells(x)
        drawn = self.drawn(cells, values_known(evidence, "MADE").flatten(1), c, PLAIN, filled, rng)
        return torch.where(evidence.known, x, self.chain.columns.whole(drawn, rng=rng.fork(VALUES)))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        known, cells, context = (
            values_known(evidence, "MADE").flatten(1),
            self.chain.columns.cells(x),
            self.chain.context(c),
        )
        told = torch.stack([self.chain(cells, context, order, known).sum(1) for order in self.mixed], 1)
        within = torch.where(known, self.chain.columns.log_within(x), 0.0)
        return log_mean_exp(told) + within.sum(1).to(told.dtype)

    def disagreement(self, x: Tensor, c: Tensor | None = None, *, orders: int, rng: Rng) -> Tensor:
        cells, context = self.chain.columns.cells(x), self.chain.context(c)
        drawn = rng.uniform((orders, self.mixed.shape[1]), like=cells).argsort(1)
        return torch.stack([self.chain(cells, context, order).sum(1) for order in drawn]).std(0)
