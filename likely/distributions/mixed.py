r"""Rows of a table: every column a choice, a real, a count, or a choice before one.

A column first chooses: a category its code, a real its atoms or its density, each of them whether it is missing; then a
present cell that is no atom has its density (reals) or its mass (counts):

    log p(x_d) = log P(choice of x_d) + [x_d is regular] log f(x_d)                                                  (1)

A NaN is a choice of its own where the column can be missing, and is marginalised (0 nats) elsewhere. Columns with the
same number of options are one tensor, so are all reals and all counts: no loop runs over rows or columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness, Space
from likely.distributions.categorical import chosen
from likely.distributions.count import CountLaw, NegativeBinomial
from likely.distributions.law import MayMiss, Observation, known, precise
from likely.distributions.sharpened import PLAIN, Tempered, sharpened
from likely.distributions.student import Normal, RealLaw
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Real, Vector


@final
@dataclass(frozen=True)
class Mixed(Observation):
    """The cells of a Vector, each by its column's kind."""

    real: RealLaw = Normal()  # Student gives reals heavy tails, Logistics several peaks
    count: CountLaw = NegativeBinomial()  # Poisson holds a count's variance to its mean

    def law(self, space: Space) -> "MixedLaw":
        if not isinstance(space, Vector):
            raise FieldError(f"the Mixed law is over the columns of a Vector, not {space!r:.80}",
                             remedy="leave the law out: each space has one of its own")  # fmt: skip
        return MixedLaw(space, self.real, self.count)


@dataclass(frozen=True)
class Group:
    """Columns whose parameters are one slice of the decoder's output: (per, columns) of them, parameter-major."""

    columns: Tensor  # (G,) positions in the row
    start: int
    per: int

    @property
    def stop(self) -> int:
        return self.start + self.per * len(self.columns)

    def of(self, parameters: Tensor) -> Tensor:
        """(B, per, G): a view."""
        return parameters[:, self.start : self.stop].reshape(len(parameters), self.per, len(self.columns))


@final
class MixedLaw(MayMiss):
    """Independent columns; the parameters lie as the choices by their number of options, the reals, the counts."""

    def __init__(self, space: Vector, real: RealLaw, count: CountLaw) -> None:
        self.space, self.real, self.count = space, real, count
        self.choices: list[Group] = []
        stop = 0
        for options, columns in sorted(_by_options(space.columns).items()):
            self.choices.append(Group(torch.tensor(columns), stop, options))
            stop = self.choices[-1].stop
        self.reals = Group(_positions(space, Real), stop, real.parameters)
        self.counts = Group(_positions(space, Count), self.reals.stop, count.parameters)
        self.outputs = (self.counts.stop,)
        self._missing = torch.tensor([_options(c) - 1 if c.missing else -1 for c in space.columns])  # the last option
        self._categories = torch.tensor([isinstance(c, Category) for c in space.columns])
        self._atoms = _atom_table(space, self.reals.columns)
        self._gone = self._of_missing()  # (outputs,) which parameters are log-probabilities of missing

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        parameters = precise(parameters)
        there = known(x)
        filled = torch.where(there, x, 0.0)
        choice = self.choice(filled, there)
        scored = torch.zeros_like(filled)
        for group in self.choices:
            columns = group.columns.to(x.device)
            log_p = chosen(group.of(parameters).log_softmax(1), choice[:, columns], 1)
            scored = scored.index_add(1, columns, log_p.to(scored.dtype))
        regular = there & (choice == 0)
        for columns, log_f in self._regular(filled, parameters):
            scored = scored.index_add(1, columns, torch.where(regular[:, columns], log_f.to(scored.dtype), 0.0))  # (1)
        scoring = there | (self._missing >= 0).to(x.device)
        return torch.where(scoring, scored, 0.0)

    def _regular(self, filled: Tensor, parameters: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The columns of reals, then of counts, with log f of each cell."""
        if len(self.reals.columns):
            columns = self.reals.columns.to(filled.device)
            yield columns, self.real.log_prob(filled[:, columns], self.reals.of(parameters))
        if len(self.counts.columns):
            columns = self.counts.columns.to(filled.device)
            count = filled[:, columns].double()
            whole = (count >= 0) & (count == count.floor())
            log_f = self.count.log_prob(torch.where(whole, count, 0.0), self.counts.of(parameters).double())
            yield columns, log_f.masked_fill(~whole, -torch.inf)

    def choice(self, filled: Tensor, there: Tensor) -> Tensor:
        """(B, D) each cell's option: a code, 0 for a regular cell, 1 + i for the i-th atom, the last if missing."""
        device = filled.device
        choice = torch.where(self._categories.to(device), filled, 0.0).long()
        if self._atoms.shape[1]:
            columns = self.reals.columns.to(device)
            same = filled[:, columns, None] == self._atoms.to(device, filled.dtype)
            place = torch.arange(1, self._atoms.shape[1] + 1, device=device)
            choice[:, columns] = (same * place).amax(-1)
        return torch.where(there, choice, self._missing.to(device).clamp_min(0))

    def log_present(self, parameters: Tensor) -> Tensor:
        parameters = precise(parameters)
        told = self._empty(parameters)
        for group in self.choices:
            log_p = group.of(parameters).log_softmax(1)
            columns = group.columns.to(told.device)
            told = told.index_copy(1, columns, log_p[:, :-1].logsumexp(1).clamp(max=0.0))
        return torch.where((self._missing >= 0).to(told.device), told, 0.0)

    def present(self, parameters: Tensor) -> Tensor:
        return precise(parameters).masked_fill(self._gone.to(parameters.device), -torch.inf)

    def _of_missing(self) -> Tensor:
        gone = torch.zeros(self.outputs, dtype=torch.bool)
        for group in self.choices:
            last = slice(group.stop - len(group.columns), group.stop)
            gone[last] = self._missing[group.columns] >= 0
        return gone

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        parameters = precise(parameters)
        choice = self._draw_choices(parameters, rng, sharpness)
        reals = self.real.draw(self.reals.of(parameters), rng=rng, sharpness=sharpness)
        counts = reals[:, :0]
        if len(self.counts.columns):  # drawing nothing takes time too
            counts = self.count.draw(self.counts.of(parameters).double(), rng=Tempered(rng, sharpness.temperature))
        return self._assembled(choice, reals, counts)

    def mean(self, parameters: Tensor) -> Tensor:
        parameters = precise(parameters)
        choice = self._empty(parameters).long()
        for group in self.choices:
            choice[:, group.columns.to(choice.device)] = group.of(parameters).argmax(1)
        counts = self.count.mean(self.counts.of(parameters).double()).round()
        return self._assembled(choice, self.real.mean(self.reals.of(parameters)), counts)

    def _draw_choices(self, parameters: Tensor, rng: Rng, sharpness: Sharpness) -> Tensor:
        choice = self._empty(parameters).long()
        for group in self.choices:
            drawn = rng.categorical(sharpened(group.of(parameters).movedim(1, -1), sharpness))
            choice[:, group.columns.to(choice.device)] = drawn
        return choice

    def _assembled(self, choice: Tensor, reals: Tensor, counts: Tensor) -> Tensor:
        """The row that choices, regular reals and regular counts make together."""
        device = choice.device
        row = choice.to(reals.dtype)
        row[:, self.reals.columns.to(device)] = self._with_atoms(choice, reals)
        row[:, self.counts.columns.to(device)] = counts.to(reals.dtype)
        missing = self._missing.to(device)
        return row.masked_fill((choice == missing) & (missing >= 0), torch.nan)

    def _with_atoms(self, choice: Tensor, reals: Tensor) -> Tensor:
        """Regular reals where option 0 was chosen, else the atom's value (a missing cell's is written over later)."""
        if not self._atoms.shape[1]:
            return reals
        picked = choice[:, self.reals.columns.to(choice.device)]
        atoms = self._atoms.to(reals.device, reals.dtype).expand(len(reals), -1, -1)
        place = (picked - 1).clamp(0, self._atoms.shape[1] - 1)
        return torch.where(picked == 0, reals, atoms.gather(2, place[..., None])[..., 0])

    def _empty(self, parameters: Tensor) -> Tensor:
        return parameters.new_zeros(len(parameters), len(self.space.columns))


def _options(column: Column) -> int:
    """How many choices a column has before its density or mass."""
    match column:
        case Category(k=k):
            return k + column.missing
        case Real(atoms=atoms):
            return 1 + len(atoms) + column.missing
        case _:
            return 1 + column.missing


def _by_options(columns: tuple[Column, ...]) -> dict[int, list[int]]:
    """Positions of the columns that have something to choose, by their number of options."""
    grouped: dict[int, list[int]] = {}
    for place, column in enumerate(columns):
        if _options(column) > 1:
            grouped.setdefault(_options(column), []).append(place)
    return grouped


def _positions(space: Vector, kind: type[Column]) -> Tensor:
    return torch.tensor([place for place, c in enumerate(space.columns) if isinstance(c, kind)], dtype=torch.long)


def _atom_table(space: Vector, positions: Tensor) -> Tensor:
    """(R, A) the atoms of every real column, NaN (equal to nothing) where it has fewer than the most."""
    listed = [c.atoms for place in positions.tolist() if isinstance(c := space.columns[place], Real)]
    most = max((len(atoms) for atoms in listed), default=0)
    rows = [[*atoms, *[torch.nan] * (most - len(atoms))] for atoms in listed]
    return torch.tensor(rows, dtype=torch.float64).reshape(len(listed), most)
