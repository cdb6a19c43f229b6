r"""The visible side of a Boltzmann machine: columns of any kind, each with features that hidden units can push.

    p(x | t) ~ exp(sum_d base_d(x_d) + t' phi(x))                                                                    (1)
    a choice, an atom, a missing cell, a bin of a count:   phi one-hot but for the first state                       (2)
    a real:   base = log N(v; m, s^2),   phi = (v - m) / s,   so that v | t ~ N(m + s t, s^2), of mass e^{t^2 / 2}   (3)
    log sum_x exp(...) = sum_d logsumexp_states (a_s + t_s), plus t^2 / 2 where the state has a value                (4)

A row is written as its states (B, D) and, beside them, the values of its reals (B, R), in one tensor. Counts, and
levels where they are many, are states by bins; where in its bin a value lies is no hidden unit's affair.
"""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from likely.contracts import Space
from likely.distributions.bins import bins_of, learned
from likely.distributions.state import Cells, columns_of
from likely.errors import CannotAnswer
from likely.rng import Rng
from likely.spaces import Category, Column, Real, Vector, levels_of

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
NEVER = -1e30  # of a log-mass: what has none, where masses are added up
SMOOTHING = 0.5  # pseudo-count of every state
NARROWEST = 1e-3  # the least standard deviation that a real begins with


@final
class Visible(nn.Module):
    """Rows as states and values, and the law (1) of them given what pushes them."""

    place: Tensor  # (D, most): where in [0 | features of states | nothing] each state's push stands
    first: Tensor  # (D,): where a column's features begin
    centre: Tensor  # (features,): the mean of phi over the rows shown first

    def __init__(self, space: Space, most: int) -> None:
        super().__init__()
        self.cells = Cells(space)
        columns = columns_of(space)
        self.reals = [d for d, column in enumerate(columns) if isinstance(column, Real)]
        many = (levels_of(space) or 0) > most
        self.bins = bins_of(space if many else Vector(tuple(_coarse(column) for column in columns)), most)
        sizes = self.bins.sizes
        self.states, self.binary = int(sizes.sum()) - len(sizes), bool((sizes == 2).all()) and not self.reals
        self.width = self.states + len(self.reals)
        first = (sizes - 1).cumsum(0) - (sizes - 1)
        number = torch.arange(int(sizes.max()))
        place = torch.where(number > 0, first[:, None] + number, 0)
        self.register_buffer("first", first, persistent=False)
        self.register_buffer("place", place.where(number < sizes[:, None], self.states + 1), persistent=False)
        self.register_buffer("centre", torch.zeros(self.width))
        self.bias = nn.Parameter(torch.zeros(self.states)) if self.states else None
        self.mean = nn.Parameter(torch.zeros(len(self.reals))) if self.reals else None
        self.log_scale = nn.Parameter(torch.zeros(len(self.reals))) if self.reals else None

    @property
    def listed(self) -> float:
        """How many rows there are, as far as hidden units see them."""
        return math.inf if self.reals else math.prod(self.bins.sizes.tolist())

    # Rows ------------------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor) -> None:
        """Bins, biases, means and scales of these rows: with no hidden unit at work, columns independent."""
        flat = self._coarse(x)
        learned(self.bins, flat)
        rows = self.rows(x)
        if self.mean is not None and self.log_scale is not None:
            self._fit(rows, self.mean, self.log_scale)
        phi = self.features(rows)
        self.centre.copy_(phi.mean(0))
        if self.bias is not None:
            with torch.no_grad():
                self.bias.copy_(self._log_odds(phi[:, : self.states].double().sum(0), len(x)))

    def _fit(self, rows: Tensor, mean: Tensor, log_scale: Tensor) -> None:
        values, there = rows[:, -len(self.reals) :].double(), self._valued(rows)
        count = there.sum(0).clamp(min=1)
        centre = torch.where(there, values, 0.0).sum(0) / count
        spread = (torch.where(there, values - centre, 0.0).square().sum(0) / count).sqrt().clamp(min=NARROWEST)
        with torch.no_grad():
            mean.copy_(centre)
            log_scale.copy_(torch.where(count > 1, spread, 1.0).log())

    def _log_odds(self, seen: Tensor, rows: int) -> Tensor:
        """Of every state against its column's first."""
        padded = torch.cat([seen.new_zeros(1), seen, seen.new_zeros(1)])[self.place]
        first = rows - padded.sum(1)
        odds = (seen + SMOOTHING).log() - (first + SMOOTHING).log().repeat_interleave(self.bins.sizes - 1)
        return odds.clamp(-15, 15)

    def _coarse(self, x: Tensor) -> Tensor:
        """(B, D) cells, reals by their state."""
        flat = self.cells.flat(x)
        if not self.reals:
            return flat
        flat = flat.clone()
        flat[:, self.reals] = self.cells.split(self.cells.flat(x)).state[:, self.reals].to(flat.dtype)
        return flat

    def rows(self, x: Tensor) -> Tensor:
        """Cells as states and values: (B, D + R)."""
        if self.binary and len(self.bins.numbers) == 0 and not bool(torch.isnan(self.cells.flat(x)).any()):
            return self.cells.flat(x).to(self.centre.dtype)
        coarse = self._coarse(x)
        state = self.bins.states(coarse)
        if bool((state < 0).any()) or (self.reals and bool((coarse[:, self.reals] < 0).any())):
            raise CannotAnswer("a Boltzmann machine needs every cell, and some are missing at random",
                               expected="rows without gaps, or columns in which a missing cell is a value of its own",
                               remedy="fill them first (likely complete), or a family that completes")  # fmt: skip
        values = torch.nan_to_num(self.cells.flat(x)[:, self.reals])
        values = torch.where(coarse[:, self.reals] == 0, values, 0.0)
        return torch.cat([state.to(self.centre.dtype), values.to(self.centre.dtype)], 1)

    def whole(self, rows: Tensor, *, rng: Rng) -> Tensor:
        """Cells of these states and values; a value inside a bin is drawn."""
        state = self.states_of(rows)
        flat = state.double() if not len(self.bins.numbers) else self._drawn(state, rng)
        if self.reals:
            flat[:, self.reals] = self._values(rows, state[:, self.reals])
        elif not len(self.bins.numbers):
            flat = torch.where(state == self.cells.gone, math.nan, flat)
        return self.cells.whole(flat)

    def _drawn(self, state: Tensor, rng: Rng) -> Tensor:
        return self.bins.draw(state, self.bins.cells.anything(len(state)), rng=rng).double()

    def _values(self, rows: Tensor, state: Tensor) -> Tensor:
        """Of reals: values, atoms, and nothing where missing."""
        value, atoms = rows[:, -len(self.reals) :].double(), self.cells.atoms[self.reals]
        for at in range(atoms.shape[1]):
            value = torch.where((state == at + 1) & ~torch.isnan(atoms[:, at]), atoms[:, at], value)
        return value.masked_fill(state == self.cells.gone[self.reals], math.nan)

    def within(self, x: Tensor) -> Tensor:
        """log p(values | their bins), one value a row."""
        if not len(self.bins.numbers):
            return torch.zeros(len(x), dtype=torch.float64, device=x.device)
        coarse = self._coarse(x)
        return self.bins.log_within(coarse, self.bins.states(coarse))

    def log_within_known(self, x: Tensor, known: Tensor) -> Tensor:
        """log p(known values | their bins) (B,)."""
        if not len(self.bins.numbers):
            return torch.zeros(len(x), dtype=torch.float64, device=x.device)
        coarse = self._coarse(torch.where(known, x, 0))
        each = self.bins.log_within_each(coarse, self.bins.states(coarse))
        return torch.where(known.flatten(1), each, 0.0).sum(1)

    def states_of(self, rows: Tensor) -> Tensor:
        """(B, D)."""
        return rows[:, : len(self.bins.sizes)].long()

    def _valued(self, rows: Tensor) -> Tensor:
        """Which reals have a value: (B, R)."""
        return rows[:, self.reals] == 0

    # The law ---------------------------------------------------------------------------------------------------------

    def features(self, rows: Tensor) -> Tensor:
        """phi: (B, width)."""
        if self.binary:
            return rows  # (2)
        state = self.states_of(rows)
        at = torch.where(state > 0, self.first + state - 1, self.states)
        phi = rows.new_zeros(len(rows), self.states + 1).scatter_(1, at, 1.0)[:, : self.states]  # (2)
        return phi if self.mean is None else torch.cat([phi, self._standing(rows)], 1)

    def _standing(self, rows: Tensor) -> Tensor:
        assert self.mean is not None
        assert self.log_scale is not None
        apart = (rows[:, -len(self.reals) :] - self.mean) * torch.exp(-self.log_scale)
        return torch.where(self._valued(rows), apart, 0.0)  # (3)

    def log_base(self, rows: Tensor, phi: Tensor) -> Tensor:
        """sum_d base_d, one value a row."""
        base = phi.new_zeros(len(phi)) if self.bias is None else phi[:, : self.states] @ self.bias
        if self.log_scale is None:
            return base
        laws = -0.5 * phi[:, self.states :].square() - self.log_scale - HALF_LOG_2PI
        return base + torch.where(self._valued(rows), laws, 0.0).sum(1)  # (3)

    def log_mass(self, push: Tensor) -> Tensor:
        """(4), for pushes t (B, width)."""
        if self.binary and self.bias is not None:
            return softplus(push + self.bias).sum(1)
        return self._logits(push).logsumexp(2).sum(1)

    def log_mass_held(self, push: Tensor, rows: Tensor, known: Tensor) -> Tensor:
        """log of what (1) adds up to over all rows that have these known columns (B, D), the others there."""
        if self.binary and self.bias is not None:
            lean = push + self.bias
            return torch.where(known, rows * lean, softplus(lean)).sum(1)
        logits = self._logits(push)
        told = logits.gather(2, self.states_of(rows).clamp(min=0)[:, :, None])[:, :, 0]
        if self.reals and self.log_scale is not None:
            z, t = self._standing(rows), push[:, self.states :]
            value = z * t - 0.5 * z.square() - self.log_scale - HALF_LOG_2PI  # (3)
            told = told.index_copy(1, torch.tensor(self.reals, device=told.device),
                                   torch.where(self._valued(rows), value, told[:, self.reals]))  # fmt: skip
        return torch.where(known, told, self._there(logits).logsumexp(2)).sum(1)

    def log_masses_held(self, push: Tensor, rows: Tensor, known: Tensor, *, present: bool) -> Tensor:
        """The same of every push (S, width) beside every row (B, D): (B, S), float64; the others there, or anything."""
        push, known = push.double(), known.double()
        if self.binary and self.bias is not None:
            lean = push + self.bias
            return (rows * known).double() @ lean.T + (1 - known) @ softplus(lean).T
        logits, state = self._logits(push), self.states_of(rows).clamp(min=0)
        hot = torch.nn.functional.one_hot(state, logits.shape[2]).double() * known[:, :, None]
        if self.reals and self.log_scale is not None:
            hot[:, self.reals, 0] = 0.0  # a value is no state: below
        free = self._there(logits) if present else logits
        told = hot.flatten(1) @ logits.clamp(min=NEVER).flatten(1).T + (1 - known) @ free.logsumexp(2).T
        told = told if not self.reals else told + self._valued_at(push, rows, known)
        return told.masked_fill(told < 0.1 * NEVER, -math.inf)

    def _valued_at(self, push: Tensor, rows: Tensor, known: Tensor) -> Tensor:
        """(3) of known values (B, R) under every push: (B, S)."""
        assert self.log_scale is not None
        z, valued = self._standing(rows).double(), self._valued(rows) * known[:, self.reals]
        alone = (valued * (-0.5 * z.square() - self.log_scale - HALF_LOG_2PI)).sum(1, keepdim=True)
        return alone + (z * valued) @ push[:, self.states :].T

    def agreeing(self, states: Tensor, rows: Tensor, known: Tensor, *, present: bool) -> Tensor:
        """(B, S): which states (S, D) have the known columns of rows, and, where asked, miss none of the others."""
        most = self.place.shape[1]
        hot = torch.nn.functional.one_hot(self.states_of(rows).clamp(min=0), most) * known[:, :, None]
        every = torch.nn.functional.one_hot(states.long(), most).float().flatten(1)
        right = hot.float().flatten(1) @ every.T == known.sum(1, keepdim=True)
        if not present:
            return right
        gone = torch.where(self.cells.gone >= 0, self.bins.sizes - 1, -1)
        return right & ((~known).float() @ (states == gone).float().T == 0)

    def _there(self, logits: Tensor) -> Tensor:
        """Logits (B, D, most) without the states that say: missing."""
        gone = torch.where(self.cells.gone >= 0, self.bins.sizes - 1, -1)
        return logits.masked_fill(torch.arange(logits.shape[2], device=logits.device) == gone[:, None], -math.inf)

    def held(self, x: Tensor, known: Tensor) -> Tensor:
        """The known cells of x as states and values, the others as anything."""
        return self.rows(torch.where(known, x, 0))

    def hold(self, drawn: Tensor, rows: Tensor, known: Tensor) -> Tensor:
        """Drawn rows (B, D + R) with the known columns (B, D) of others."""
        return torch.where(torch.cat([known, known[:, self.reals]], 1), rows, drawn)

    def _logits(self, push: Tensor) -> Tensor:
        """(B, D, most): of every column's states."""
        flat = push[:, : self.states] if self.bias is None else push[:, : self.states] + self.bias
        if len(self.bins.numbers):
            flat = torch.where(self.bins.possible()[self._counted()], flat, -math.inf)
        logits = torch.nn.functional.pad(flat, (1, 0))
        logits = torch.nn.functional.pad(logits, (0, 1), value=-math.inf)[:, self.place]
        if self.reals:
            logits = logits.clone()
            logits[:, self.reals, 0] = logits[:, self.reals, 0] + 0.5 * push[:, self.states :].square()  # (4)
        return logits

    def _counted(self) -> Tensor:
        """Which of all states, side by side, are not their column's first."""
        counted = torch.ones(int(self.bins.sizes.sum()), dtype=torch.bool, device=self.place.device)
        counted[self.bins.start] = False
        return counted

    def draw(self, push: Tensor, *, rng: Rng, present: bool = False) -> Tensor:
        """Rows (B, D + R) of (1); where they must be `present`, given that no cell is missing."""
        if self.binary and self.bias is not None:
            return rng.bernoulli(torch.sigmoid(push + self.bias))
        logits = self._there(self._logits(push)) if present else self._logits(push)
        state = rng.categorical(logits).to(push.dtype)
        if self.mean is None or self.log_scale is None:
            return state
        values = self.mean + self.log_scale.exp() * (push[:, self.states :] + self._noise(push, rng))  # (3)
        return torch.cat([state, torch.where(state[:, self.reals] == 0, values, 0.0)], 1)

    def _noise(self, push: Tensor, rng: Rng) -> Tensor:
        return rng.normal((len(push), len(self.reals)), like=push)

    def likely(self, push: Tensor) -> Tensor:
        """The most probable states, and the mean of every value."""
        state = self._logits(push).argmax(2).to(push.dtype)
        if self.mean is None or self.log_scale is None:
            return state
        values = self.mean + self.log_scale.exp() * push[:, self.states :]
        return torch.cat([state, torch.where(state[:, self.reals] == 0, values, 0.0)], 1)

    def every(self) -> Tensor:
        """All rows that hidden units can tell apart, where these are finitely many."""
        possible = self.bins.possible().split(self.bins.sizes.tolist())
        grids = torch.cartesian_prod(*(each.nonzero()[:, 0] for each in possible))
        return grids.reshape(-1, len(possible)).to(self.centre)


def _coarse(column: Column) -> Column:
    """A real as the choice between its value, its atoms and nothing; other columns as they are."""
    if not isinstance(column, Real):
        return column
    return Category(1 + len(set(column.atoms)) + column.missing)
