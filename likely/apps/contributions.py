r"""Why a row is odd: its score, told column by column.

    log p(x) = sum_j u_j(x) + rest(x)                                                                                (1)
    u_j = mean over orders of log p(x_before, x_j) - log p(x_before)          the chain rule, where marginals are known
    u_j = mean over orders of v(before, j) - v(before),   v(S) = mean_r log p(x_S, r_{not S})         where they are not
                                                                                                                     (2)
    e_j = mean of u_j over rows that the model draws - u_j(x)                                                        (3)

r are rows that the model draws. In every order (2) telescopes, so that (1) holds to the last digit however many orders
there are; with all of them u_j is Shapley's value. An order and its reverse come together. `rest` is what no column
says: log|det| of what has no cell, and v of no column at all. (3) is how much less likely than usual a cell is: the
unit that a column is measured in falls out of it.

A Unified Approach to Interpreting Model Predictions (Lundberg & Lee, 2017), arXiv:1705.07874
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import permutations
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import frames
from likely.apps.strange import Likelihood
from likely.codecs import Cells, TableCodec
from likely.contracts import Completes, Evidence
from likely.errors import CannotAnswer
from likely.fitted import Fitted
from likely.scoring import batches, placed, strangeness

Array = np.ndarray[Any, Any]
ORDERS, MOST = 8, 4096  # orders; of all of them together, so many columns at most (two orders at least)
IMPOSSIBLE = -1e9  # nats of what has no mass: a column takes them all
USUAL, BESIDE = 64, 8  # rows drawn for (3); rows that stand for unknown cells in (2)


@final
@dataclass(frozen=True)
class Contributions:
    """What each column adds to each row's log p, in nats and in the data's own units."""

    nats: pd.DataFrame  # u: a row each, a column for each that the model has a cell of
    rest: Array  # (B,): what no column says
    usual: pd.Series  # the mean of u over rows that the model draws
    way: str  # how they were found, in words

    @property
    def excess(self) -> pd.DataFrame:
        """(3): nats by which a cell is less likely than usual."""
        return -self.nats.sub(self.usual)

    @property
    def total(self) -> Array:
        """(1): each row's log p (minus its misfit, where there is no density)."""
        return self.nats.to_numpy().sum(1) + self.rest


def contributions(
    fitted: Fitted[Any], data: Any, *, orders: int = ORDERS, usual: int = USUAL, seed: int = 0
) -> Contributions:
    """What each column adds to each row's log p, and what it adds to that of rows the model draws."""
    if not isinstance(fitted.codec, TableCodec):
        raise CannotAnswer(f"{fitted.codec.reads.word} have no columns", expected="a model of tables")
    rows = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
    asked = orders_of(len(fitted.codec.names), orders, seed)
    game = _game(fitted, seed)
    columns = list(fitted.codec.names)
    u, rest = _told(fitted, fitted.codec, game, rows, asked)
    drawn, _ = _told(fitted, fitted.codec, game, fitted.sample_rows(usual, seed=seed + 1), asked)
    nats = pd.DataFrame(u, columns=columns, index=frames.index_of(data))
    return Contributions(nats, rest, pd.Series(drawn.mean(0), index=columns), f"{game.said}, {len(asked)} orders")


class Game(ABC):
    """What any columns of rows say together, without the others."""

    said: str

    @abstractmethod
    def value(self, x: Tensor, c: Tensor | None, known: Tensor) -> Tensor:
        """(B,) float64: v of the cells that are known, one set a row."""


@final
class Marginals(Game):
    """v(S) = log p(x_S), exact where the model's completion is."""

    said = "chain rule"

    def __init__(self, model: Completes) -> None:
        self.model = model

    @torch.no_grad()
    def value(self, x: Tensor, c: Tensor | None, known: Tensor) -> Tensor:
        parts, told = batches(x, c), known.split(1024)
        each = [
            self.model.log_evidence(placed(part, self.model), Evidence(here), placed(given, self.model)).double().cpu()
            for (part, given), here in zip(parts, told, strict=True)
        ]
        return torch.where(known.any(1), torch.cat(each), 0.0)  # to know nothing is certain


@final
class Replaced(Game):
    """v(S) = mean over rows r of the model's own of log p(x_S, r_{not S})."""

    said = "other columns replaced by those of drawn rows"

    def __init__(self, fitted: Fitted[Any], seed: int) -> None:
        self.fitted, self.seed = fitted, seed
        self.beside = fitted.cells(fitted.sample_rows(BESIDE, seed=seed))[0]

    def value(self, x: Tensor, c: Tensor | None, known: Tensor) -> Tensor:
        whole = known.flatten(1).all(1)
        told = torch.zeros(len(x), dtype=torch.float64)
        told[whole] = self._score(x[whole], None if c is None else c[whole])
        for beside in self.beside:
            mixed = torch.where(known, x, beside)[~whole]
            told[~whole] += self._score(mixed, None if c is None else c[~whole]) / len(self.beside)
        return told

    def _score(self, x: Tensor, c: Tensor | None) -> Tensor:
        if not len(x):
            return torch.zeros(0, dtype=torch.float64)
        cells = Cells(x, torch.zeros(len(x), dtype=torch.float64))
        return -strangeness(self.fitted.model, self.fitted.lift, cells, c, seed=self.fitted.card.seed)


def _game(fitted: Fitted[Any], seed: int) -> Game:
    return Marginals(fitted.model) if isinstance(fitted.model, Completes) else Replaced(fitted, seed)


def orders_of(columns: int, asked: int, seed: int) -> list[tuple[int, ...]]:
    """Orders of the columns, each beside its reverse; all of them where there are no more than was asked for."""
    if math.factorial(min(columns, 12)) <= asked:
        return list(permutations(range(columns)))
    chance = np.random.default_rng(seed)
    pairs = max(1, min(asked, MOST // columns) // 2)
    forth = [tuple(chance.permutation(columns).tolist()) for _ in range(pairs)]
    return [order for each in forth for order in (each, each[::-1])]


def _told(
    fitted: Fitted[Any], codec: TableCodec, game: Game, data: Any, orders: list[tuple[int, ...]]
) -> tuple[Array, Array]:
    """(2) of rows, in the data's own units, (B, D); and the rest, (B,)."""
    x, _, c = fitted.cells(data)
    score = -Likelihood().scores(fitted, data)
    own = torch.arange(x.shape[1])
    u = torch.stack([along(game, x, c, order, own) for order in orders]).mean(0)
    u = (u + codec.ladj_of_cells(data)).numpy()
    return u, score - u.sum(1)  # (1)


def along(game: Game, x: Tensor, c: Tensor | None, order: tuple[int, ...], group: Tensor) -> Tensor:
    """(B, D): what each group of cells adds to those before it; `group` says which each cell is of."""
    rows, groups = len(x), len(order)
    place = torch.tensor(order).argsort()
    known = place < torch.arange(groups + 1)[:, None]  # (D + 1, D): the first 0, 1, ... D groups of the order
    spread = [None if each is None else each.repeat(groups + 1, *[1] * (each.ndim - 1)) for each in (x, c)]
    assert spread[0] is not None
    values = game.value(spread[0], spread[1], known[:, group].repeat_interleave(rows, 0)).view(groups + 1, rows)
    return values.clamp(min=IMPOSSIBLE).diff(dim=0)[place].T
