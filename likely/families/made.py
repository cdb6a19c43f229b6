r"""Masked autoencoder for distribution estimation: one perceptron says the law of every column from those before it.

    p(x | c) = prod_d p(x_o(d) | x_o(1), ..., x_o(d-1), c),   o an order of the columns                              (1)
    L = -E_o log p(x | c; o),   o drawn anew for every batch where any order may be asked for                        (2)
    p(unknown | known, c) is (1) in an order that has what is known first                                            (3)
    p(x | c) = mean over a few orders, each a density, of (1)                                                        (4)

Masks keep every conditional from what comes later (`backbones.masked`), so that all of them are one pass; columns are
drawn one after the other, each unit computed once: one pass too. One set of weights serves all orders. A cell is read
as an indicator of its choice and its value, all 0 where it comes later: the network is told which cells it knows.

MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), arXiv:1502.03509
"""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import MaskedMLP, encoder
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
from likely.distributions.columnwise import Draw, columnwise
from likely.distributions.pattern import groups
from likely.errors import CannotAnswer, FieldError
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
    orders: int = 4  # drawn for each training batch, a part of its rows for each, where any may be asked for
    ensemble: int = 1  # orders whose mixture the density is; more are better by a little, and cost as much
    components: int = 10  # of the mixture of logistics of each real, or pixel of many levels
    bins: int = 256  # of each count: so many frequent counts have a probability of their own
    decay: float = 0.0  # of the weights, decoupled; more for small tables
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        least = {"width": 1, "depth": 0, "orders": 1, "ensemble": 1, "components": 1, "bins": 2}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise FieldError(f"MADE.{name} cannot be {getattr(self, name)}", expected=f"at least {lowest}")
        if not (0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            raise FieldError(
                f"MADE has decay={self.decay} and rate={self.rate}", expected="decay at least 0, rate above"
            )

    def build(self, space: Space, condition: Space | None = None) -> "MADEModel | OrderedMADE":
        any_order = isinstance(space, Vector) if self.any_order is None else self.any_order
        return MADEModel(self, space, condition) if any_order else OrderedMADE(self, space, condition)


@final
class Chain(nn.Module):
    """The chain rule (1), in any order."""

    def __init__(self, family: MADE, space: Space, condition: Space | None) -> None:
        super().__init__()
        self.columns = columnwise(space, components=family.components, bins=family.bins)
        self.told = None if condition is None else encoder(condition, family.width)
        hidden, context = (family.width,) * family.depth, 0 if condition is None else family.width
        self.network = MaskedMLP(
            self.columns.reads, self.columns.says, hidden=hidden, context=context,
            residual=True, direct=True, faint=FAINT,
        )  # fmt: skip

    def context(self, c: Tensor | None) -> Tensor | None:
        return None if self.told is None or c is None else self.told(c).summary.t()

    def forward(self, cells: Tensor, context: Tensor | None, order: Tensor | None) -> Tensor:
        """log p of every cell given those before it (B, D); no order: as they come."""
        numbers = self.network(self.columns.read(cells).t(), context, order)
        return self.columns.log_prob(cells, numbers.t())

    def drawn(self, x: Tensor, context: Tensor | None, order: Tensor, known: Tensor, draw: Draw) -> Tensor:
        """Cells (B, D) with those of unknown columns drawn, one column after the other."""
        cells = x.clone()
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            steps = self.network.by_column(len(x), context, order)
            for d in order.tolist():
                numbers = steps.says().t()
                if not known[d]:
                    cells[:, d] = draw(d, numbers)
                steps.know(self.columns.read_one(d, cells[:, d]).t())
        return cells


class Autoregression(Density, Sharpens, Trained, Prepared):
    """What both models share: a chain, and the orders of its mixture (4), the first being that of the columns."""

    mixed: Tensor  # (ensemble, D)

    def __init__(self, family: MADE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.chain = family, Chain(family, space, condition)
        columns, like = self.chain.columns.columns, torch.empty(0, dtype=torch.float64)
        others = Keyed(ORDERS).uniform((family.ensemble - 1, columns), like=like).argsort(1)
        self.register_buffer("mixed", torch.cat([torch.arange(columns)[None], others]), persistent=False)

    @abstractmethod
    def learned_orders(self, rng: Rng) -> list[Tensor | None]:
        """The orders that a batch is learned in, each by a part of its rows; none: as the columns come."""

    # What it can answer

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        cells, context = self.chain.columns.cells(x), self.chain.context(c)
        orders = [None] if len(self.mixed) == 1 else self.mixed
        told = torch.stack([self.chain(cells, context, order).sum(1) for order in orders], 1)
        return log_mean_exp(told) + self.chain.columns.log_within(x).sum(1).to(told.dtype)  # (4)

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.chain.columns.prepare(x)

    def players(self) -> dict[str, Player]:
        return {"made": Player(self, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        orders = self.learned_orders(rng)[: len(x)]
        yield Turn("made", lambda: self._loss(self.chain.columns.cells(x), c, orders))

    def _loss(self, cells: Tensor, c: Tensor | None, orders: list[Tensor | None]) -> Tensor:
        """(2)"""
        context = self.chain.context(c)
        contexts = [None] * len(orders) if context is None else context.tensor_split(len(orders), 1)
        parts = zip(cells.tensor_split(len(orders)), contexts, orders)
        return -torch.cat([self.chain(part, given, order).sum(1) for part, given, order in parts]).mean()

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        nothing = self.chain.columns.start.new_full((n, len(self.mixed[0])), math.nan)
        cells = self._drawn(nothing, torch.zeros_like(nothing, dtype=torch.bool), c, sharpness, False, rng)
        return self.chain.columns.whole(cells, rng=rng.fork(VALUES))

    def _drawn(
        self, x: Tensor, known: Tensor, c: Tensor | None, sharpness: Sharpness, present: bool, rng: Rng
    ) -> Tensor:
        """Cells (B, D) with the unknown ones drawn, every row in one of the orders."""
        columns, like, context = self.chain.columns, x.double(), self.chain.context(c)
        which = rng.integers(len(self.mixed), (len(x),), like=like)
        levels, drawn = rng.uniform((len(x), columns.columns, columns.noise), like=like), x.clone()
        for rows, first in _patterns(known, which):
            given, order = None if context is None else context[:, rows], _first(self.mixed[which[rows[0]]], first)
            draw = Draw(columns, levels[rows], sharpness, present)
            drawn[rows] = self.chain.drawn(x[rows], given, order, first, draw)
        return drawn


@final
class OrderedMADE(Autoregression, Density, Sharpens, Trained, Prepared):
    """Learned in the orders of its mixture alone."""

    def learned_orders(self, rng: Rng) -> list[Tensor | None]:
        if len(self.mixed) == 1:
            return [None]
        return [self.mixed[rng.integers(len(self.mixed), (1,), like=self.mixed)[0]]]


@final
class MADEModel(Autoregression, Density, Sharpens, AnyOrder, Trained, Prepared):
    """Learned in any order."""

    def learned_orders(self, rng: Rng) -> list[Tensor | None]:
        return list(self._orders(self.family.orders, rng))

    def _orders(self, orders: int, rng: Rng) -> Tensor:
        return rng.uniform((orders, self.mixed.shape[1]), like=self.chain.columns.start).argsort(1)

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Each free cell is drawn given that it is present (of tokens, the end is drawn too)."""
        filled, cells = isinstance(self.space, Vector), self.chain.columns.cells(x)
        drawn = self._drawn(cells, _asked(evidence), c, PLAIN, filled, rng)  # (3)
        return torch.where(evidence.known, x, self.chain.columns.whole(drawn, rng=rng.fork(VALUES)))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        known, cells, context = _asked(evidence), self.chain.columns.cells(x), self.chain.context(c)
        told = cells.new_zeros(len(cells), len(self.mixed))
        for rows, first in _patterns(known):
            given = None if context is None else context[:, rows]
            each = [self.chain(cells[rows], given, _first(order, first)) for order in self.mixed]
            told[rows] = torch.stack([log_p[:, first].sum(1) for log_p in each], 1)  # (3)
        within = torch.where(known, self.chain.columns.log_within(x), 0.0)
        return log_mean_exp(told) + within.sum(1).to(told.dtype)

    def disagreement(self, x: Tensor, c: Tensor | None = None, *, orders: int, rng: Rng) -> Tensor:
        cells, context = self.chain.columns.cells(x), self.chain.context(c)
        told = [self.chain(cells, context, order).sum(1) for order in self._orders(orders, rng)]
        return torch.stack(told).std(0)


def _first(order: Tensor, known: Tensor) -> Tensor:
    """The order with the known columns before the others."""
    return order[known[order].logical_not().to(torch.int8).argsort(stable=True)]


def _patterns(known: Tensor, label: Tensor | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows that know the same columns and have the same label, and what they know (D,)."""
    for group in groups(known, 1, torch.zeros_like(known[:, 0], dtype=torch.int64) if label is None else label):
        rows = group.take(torch.arange(len(known), device=known.device))[0]
        yield rows, known[rows[0]]


def _asked(evidence: Evidence) -> Tensor:
    """Which cells are known (B, D); intervals have no formula."""
    if evidence.low is not None or evidence.high is not None:
        raise CannotAnswer("MADE cannot be given intervals", expected="values of some cells",
                           remedy="give values, or use Circuit, BayesNet or GaussianMixture")  # fmt: skip
    return evidence.known.flatten(1)
