"""The law of the condition: what `sample` draws when nothing is given, and the prior of `classify`."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.rng import Keyed
from likely.spaces import Category, Vector

KEPT = 1000  # conditions remembered where they cannot be counted (captions, reals)


@dataclass(frozen=True)
class Conditions:
    """Every category with its smoothed probability, or a sample of the conditions that were seen."""

    cells: Tensor  # (K, *condition.shape)
    counts: Tensor  # (K,) float64: how often each was seen, smoothed
    complete: bool  # these are all the conditions there are, so that Bayes' rule can be used

    @property
    def weights(self) -> Tensor:
        """(K,) float64 probabilities."""
        return self.counts / self.counts.sum()

    def with_more(self, c: Tensor) -> "Conditions":
        """The law after more conditions were seen, where they can be counted."""
        if not self.complete or self.cells.shape[1:] != (1,):
            return self
        return replace(self, counts=self.counts + _counts(c, len(self.cells)))

    def draw(self, n: int, rng: Keyed, told: Tensor | None = None) -> Tensor:
        """n conditions; `told` is (n, K): log p(what is known of row i | condition k). The i-th depends on i alone."""
        law = self.weights.log()
        return self.cells[rng.categorical(law.expand(n, -1) if told is None else law + told)]


def seen(c: Tensor, space: Space) -> Conditions:
    """The law of the conditions seen."""
    match space:
        case Vector(columns=(Category(k=k),)):
            return Conditions(torch.arange(k, dtype=c.dtype)[:, None], _counts(c, k) + 1, complete=True)  # add-one
        case Vector(columns=columns) if all(isinstance(column, Category) for column in columns):
            cells, counts = _distinct(c)
            return Conditions(cells, counts.double(), complete=True)
        case _:
            kept = c[torch.randperm(len(c), generator=torch.Generator().manual_seed(0))[:KEPT]]
            return Conditions(kept, torch.ones(len(kept), dtype=torch.float64), complete=False)


@final
class Gathered:
    """The law of conditions that come in pieces: no more is kept than the law itself holds."""

    def __init__(self, space: Space) -> None:
        self.space, self.law = space, seen(torch.zeros(0, *space.shape), space)
        self.rows, self._marks = 0, torch.zeros(0)

    def add(self, c: Tensor) -> None:
        """The next rows' conditions."""
        if self.rows == 0:
            self.law = seen(c[:0], self.space)  # of their own type
        match self.space:
            case Vector(columns=(Category(),)):
                self.law = self.law.with_more(c)
            case Vector(columns=columns) if all(isinstance(column, Category) for column in columns):
                self.law = _merged(self.law, seen(c, self.space))
            case _:
                self._keep(c)
        self.rows += len(c)

    def _keep(self, c: Tensor) -> None:
        """The rows of the lowest marks: as likely to be early as late ones."""
        marks = torch.cat([self._marks, Keyed(0, rows=self.rows).uniform((len(c),), like=self._marks)])
        kept = marks.argsort()[:KEPT]
        self._marks = marks[kept]
        self.law = replace(self.law, cells=torch.cat([self.law.cells, c])[kept], counts=torch.ones_like(kept).double())


def _merged(one: Conditions, other: Conditions) -> Conditions:
    """What both saw, counted together."""
    cells = torch.cat([one.cells, other.cells])
    distinct, place = torch.unique(cells.nan_to_num(nan=-1.0), dim=0, return_inverse=True)
    counts = torch.zeros(len(distinct), dtype=torch.float64).index_add(0, place, torch.cat([one.counts, other.counts]))
    return replace(one, cells=torch.where(distinct < 0, float("nan"), distinct), counts=counts)


def _counts(c: Tensor, k: int) -> Tensor:
    return torch.bincount(c[:, 0][~c[:, 0].isnan()].long(), minlength=k).double()


def _distinct(c: Tensor) -> tuple[Tensor, Tensor]:
    """Distinct rows and how often each occurs; NaN equals NaN here."""
    cells, counts = torch.unique(c.nan_to_num(nan=-1.0), dim=0, return_counts=True)
    return torch.where(cells < 0, float("nan"), cells), counts
