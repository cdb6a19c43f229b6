r"""A mixture given a condition: of classes, a mixture for each; of other cells, the joint law of both, conditioned.

    p(x | c = k) = sum_t w_kt p_k(x | t),      p(x) = sum_k p(k) p(x | c = k)                 (1) classes
    p(x | c) = p(x, c) / p(c) = sum_t w_t p(x, c | t) / sum_t w_t p(c | t)                    (2) any other table

What a condition leaves open is integrated out. Free cells are drawn in two steps: the class and the component given the
evidence, then the cells given both.
"""

from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor, nn

from likely.contracts import Evidence, Space
from likely.distributions.components import Components
from likely.distributions.counted import Tallies
from likely.distributions.state import Cells, Classes, Range, columns_of, draw_class
from likely.errors import ConditionError
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Real, Vector

Made = Callable[[Cells, int], Components]  # components over these cells, in so many banks


@final
class Conditioned(nn.Module):
    """A bank of components for each class, over the cells of x and, where it is not classes, of the condition."""

    def __init__(self, space: Space, condition: Space | None, family: str, made: Made) -> None:
        super().__init__()
        self.cells, self.beside = Cells(space), _beside(condition, family)
        self.classes = Classes(None if self.beside else condition, family)
        joint = Cells(Vector((*columns_of(space), *self.beside))) if self.beside else self.cells
        self.components, self.prior = made(joint, self.classes.K), Tallies(1, torch.tensor([self.classes.K]))

    def log_prior(self) -> Tensor:
        """log p(c = k) of every class: (K,)."""
        return self.prior.law(0.5, 0.0)[0].log()

    def joined(self, x: Tensor, c: Tensor | None) -> Tensor:
        """The cells that the components are over: (B, D), NaN where missing or not told."""
        cells = self.cells.flat(x)
        if not self.beside:
            return cells
        return torch.cat([cells, cells.new_full((len(x), len(self.beside)), torch.nan) if c is None else c], 1)

    # Learning --------------------------------------------------------------------------------------------------------

    def of_class(self, x: Tensor, c: Tensor | None, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Cells, classes and weights of the rows whose class is known."""
        cells, k = self.joined(x, c), self.classes.index(None if self.beside else c, len(x))
        w = None if weight is None else weight.double()
        if bool((k < 0).any()):
            cells, k, w = cells[k >= 0], k[k >= 0], None if w is None else w[k >= 0]
        return cells, k, w

    def look(self, cells: Tensor, k: Tensor, w: Tensor | None) -> None:
        """Add rows to the overall moments and to the classes' law."""
        w = cells.new_ones(len(cells), dtype=torch.float64) if w is None else w
        self.prior.observe(k[:, None], torch.zeros_like(k), w)
        self.components.look(cells, w, self.components.moments)

    def observe(self, cells: Tensor, k: Tensor, w: Tensor | None, assigned: Tensor | None = None) -> Tensor:
        """Add rows to the statistics of their classes: the log-likelihood of each candidate."""
        told = self.components.sums.new_zeros(len(self.components.sizes))
        for b, rows in self.by_class(k):
            of_rows = (None if part is None else part[rows] for part in (w, assigned))
            told += self.components.observe(cells[rows], next(of_rows), b, next(of_rows))
        return told

    def by_class(self, k: Tensor) -> Iterator[tuple[int, slice | Tensor]]:
        """Each class that occurs, and the rows of it."""
        if not self.classes.sizes:
            yield 0, slice(0, len(k))
            return
        for b in k[k >= 0].unique().tolist():
            yield b, (k == b).nonzero()[:, 0]

    # Densities -------------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None) -> Tensor:
        cells, told = self.joined(x, c), self.components
        if self.beside:
            return told.log_prob(cells, None, told.answering(0)) - self._log_told(cells)  # (2)
        k = self.classes.index(c, len(x))
        each = cells.new_empty(len(x), dtype=torch.float64)
        for b, rows in self.by_class(k):
            each[rows] = told.log_prob(cells[rows], None, told.answering(b))  # (1) left
        return self._with_open(each, k, cells, c)

    def _with_open(self, each: Tensor, k: Tensor, cells: Tensor, c: Tensor | None) -> Tensor:
        """Rows whose class is not told: (1) right."""
        if bool((k < 0).any()):
            law = self.classes.log_law(c, len(k), self.log_prior())
            each[k < 0] = torch.logsumexp(self._log_joint(cells[k < 0]) + law[k < 0], 1)
        return each

    def _log_told(self, cells: Tensor) -> Tensor:
        """log p(c): (B,)."""
        asked = torch.zeros_like(cells, dtype=torch.bool)
        asked[:, self.cells.width :] = True
        return self.components.log_prob(cells, asked, self.components.answering(0))

    def log_joint(self, x: Tensor) -> Tensor:
        """log p(x | c = k) for every class: (B, K); K is 0 where the condition is not of classes."""
        return self._log_joint(self.joined(x, None))[:, : 0 if self.beside else None]

    def _log_joint(self, cells: Tensor) -> Tensor:
        told = self.components
        return torch.stack([told.log_prob(cells, None, told.answering(b)) for b in range(self.classes.K)], 1)

    def likeliest(self, x: Tensor, c: Tensor | None) -> Tensor:
        """The class of each row (B,): what the condition says, or else the most probable given x."""
        k = self.classes.index(None if self.beside else c, len(x))
        if bool((k >= 0).all()):
            return k
        law = self.classes.log_law(c, len(x), self.log_prior())
        return torch.where(k >= 0, k, (self._log_joint(self.joined(x, c)) + law).argmax(1))

    # Evidence --------------------------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None, *, rng: Rng) -> Tensor:
        like = self.cells.like
        cells = self.joined(like.new_full((n, *self.cells.space.shape), torch.nan), c)
        known, span = torch.zeros_like(cells, dtype=torch.bool), self.components.cells.anything(n)
        known[:, self.cells.width :] = ~torch.isnan(cells[:, self.cells.width :])
        return self._drawn(cells, known, span, torch.zeros_like(known), c, rng)

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None, *, rng: Rng) -> Tensor:
        """Free cells are drawn given that they are present."""
        cells, known, span = self._told(x, evidence, c)
        return torch.where(evidence.known, x, self._drawn(cells, known, span, ~known, c, rng))

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None) -> Tensor:
        cells, known, span = self._told(x, evidence, c)
        told = self._terms(cells, known, span, ~known & span.bounded, c).logsumexp((1, 2))
        return told - self._log_told(cells) if self.beside else told

    def _told(self, x: Tensor, evidence: Evidence, c: Tensor | None) -> tuple[Tensor, Tensor, Range]:
        """Cells, which are known, and what is left of the others, those of the condition beside."""
        _, known, span = self.cells.told(x, evidence)
        cells = self.joined(x, c)
        if not self.beside:
            return cells, known, span
        condition = slice(self.cells.width, None)
        every = self.components.cells.anything(len(x))
        span = Range(*(torch.cat([own, both[:, condition]], 1) for own, both in zip(span, every)))
        return cells, torch.cat([known, ~torch.isnan(cells[:, condition])], 1), span

    def _terms(self, cells: Tensor, known: Tensor, span: Range, between: Tensor, c: Tensor | None) -> Tensor:
        """log p(class, component, evidence | c): (B, K, T)."""
        law = self.classes.log_law(None if self.beside else c, len(cells), self.log_prior())
        T = int(self.components.sizes[self.components.best])
        terms = law[:, :, None].repeat(1, 1, T)
        for b in range(self.classes.K):
            rows = (law[:, b] > -torch.inf).nonzero()[:, 0]
            some = Range(*(part[rows] for part in span))
            which = self.components.answering(b)
            terms[rows, b] += self.components.log_evidence(cells[rows], known[rows], some, between[rows], which)
        return terms

    def _drawn(self, cells: Tensor, known: Tensor, span: Range, between: Tensor, c: Tensor | None, rng: Rng) -> Tensor:
        terms = self._terms(cells, known, span, between, c)
        number = draw_class(terms.flatten(1), rng=rng)
        starts = torch.tensor([self.components.answering(b).start for b in range(self.classes.K)], device=cells.device)
        t = starts[number // terms.shape[2]] + number % terms.shape[2]
        drawn = self.components.draw(t, cells, known, span, rng=rng)
        return self.cells.whole(drawn[:, : self.cells.width])


def _beside(condition: Space | None, family: str) -> tuple[Column, ...]:
    """The columns of a condition that is not of classes alone."""
    if condition is None:
        return ()
    if not isinstance(condition, Vector):
        raise ConditionError(
            f"{family} is conditioned on columns of a table only",
            expected="categorical columns (a mixture for each class), or any columns (their joint law, conditioned)",
            remedy="a family with a network, such as Diffusion",
        )
    if all(isinstance(column, Category) for column in condition.columns):
        return ()
    return tuple(_always(column) for column in condition.columns)


def _always(column: Column) -> Column:
    """The column without a state for missing: what is not told is not asked."""
    match column:
        case Category(k=k):
            return Category(k)
        case Real(atoms=atoms):
            return Real(atoms)
        case _:
            return Count()
