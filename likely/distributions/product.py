r"""Mixtures of products of bumps, one at each row: what a kernel density estimate computes.

    K(x | y) = prod_d P_d(state of x_d | state of y_d) K_d(x_d | y_d)                         (1)

    states     1 - a where equal, a / (m - 1) on each of the m - 1 others (Aitchison & Aitken, 1976)         (2)
    reals      1/h K((x - y) / h)                                                             (3)
    integers   e^(-tau |x - y|) / Z(y) on 0 .. top                                            (4)

Where x has a value and y has none, the value follows a law as wide as its column: normal, or (4) about the mean. For
Gaussian bumps the logarithm of (1) is a product of features of x with features of y, so that a block of queries against
a tile of rows is one matrix product.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.distributions.kernels import (
    LOG_2PI,
    Gaussian,
    Kernel,
    decay,
    integer_between,
    log_integer_mass,
    log_integer_norm,
)
from likely.distributions.state import Cells, Range, Split
from likely.rng import Rng

TILE = 1 << 18  # pairs of a query and a row computed at a time: stays in cache
FAR = 800.0  # squared scaled distance from the centre beyond which float32 products lose the fifth digit
TILE_ROWS = 2048
MOST_STATES = 4096  # more states than this are compared column by column
MOST_FEATURES = 1 << 24
LEAST = -80.0  # exponents are clamped here: exp is 50 times slower where it underflows
GAUSSIAN = Gaussian()


@final
@dataclass(frozen=True)
class Side:
    """Queries, or rows, made ready to be compared."""

    split: Split
    value: Tensor  # (B, D) values where ordinary, else 0
    asked: Tensor  # (B, D): the cell says something

    def __getitem__(self, rows: "slice | Tensor") -> "Side":
        return Side(Split(self.split.state[rows], self.split.ordinary[rows]), self.value[rows], self.asked[rows])

    def __len__(self) -> int:
        return len(self.value)


@final
class Bumps:
    """The bumps of a table: their shape and width in every column."""

    def __init__(self, cells: Cells, kernel: Kernel, width: Tensor, mix: float, base: tuple[Tensor, Tensor]) -> None:
        self.cells, self.kernel = cells, kernel
        self.width, (self.mean, self.std) = width.double(), base
        self.tau, self.top = decay(self.width), cells.top
        states = cells.sizes.double()
        self.other = torch.where(states > 1, mix / states, 0.0)
        self.match = 1 - self.other * (states - 1)
        self.listed = (cells.sizes > 1).nonzero()[:, 0]
        self.middle, self.fall = self.mean.round().clamp(min=0).minimum(self.top), decay(self.std)  # the wide (4)

        self.offset = (cells.sizes[self.listed].cumsum(0) - cells.sizes[self.listed]).long()
        self.states = int(cells.sizes[self.listed].sum())
        self.real, self.count = cells.real, cells.count
        self.listed_apart = self.listed.tolist() if self.states > MOST_STATES else []  # compared column by column
        smooth = isinstance(kernel, Gaussian)
        self.quadratic = self.real if smooth else self.real[:0]  # columns whose bumps are products of features
        self.values_apart = [] if smooth else self.real.tolist()

    def side(self, x: Tensor, asked: Tensor | None = None) -> Side:
        """Cells (B, D) made ready; those that are not asked say nothing."""
        split = self.cells.split(x, asked)
        return Side(split, torch.where(split.ordinary, x, 0.0), split.state >= 0)

    # The mixture -----------------------------------------------------------------------------------------------------

    def log_sum(self, q: Side, rows: Side, log_weight: Tensor, left_out: Tensor | None = None) -> Tensor:
        """log sum_i w_i K(x | y_i) for each query (B,) in float64; `left_out` names a row for each query."""
        told = torch.empty(len(q), dtype=torch.float64, device=log_weight.device)
        precise = self._far(q) | (q.value.dtype == torch.float64)
        for chosen, dtype in ((~precise, torch.float32), (precise, torch.float64)):
            at = chosen.nonzero()[:, 0]
            for block in at.split(max(1, MOST_FEATURES // (self.states + self.cells.width))):
                out = None if left_out is None else left_out[block]
                told[block] = self._log_sum(q[block], rows, log_weight, out, dtype)
        return told

    def _log_sum(self, q: Side, rows: Side, log_weight: Tensor, out: Tensor | None, dtype: torch.dtype) -> Tensor:
        pairs = Pairs(self, q, rows, log_weight, out, dtype)
        some = torch.arange(0, len(rows), max(1, len(rows) // 512), device=log_weight.device)
        told = pairs.log_sum(pairs.tile(slice(None), pairs.made(some)).amax(1))  # about the largest exponent
        lost = ~torch.isfinite(told)
        if lost.any():  # the guess was far off, or there is no mass
            pairs = Pairs(self, q[lost], rows, log_weight, None if out is None else out[lost], dtype)
            told[lost] = pairs.log_sum(pairs.largest())
        return told

    def log_terms(self, q: Side, rows: Side, log_weight: Tensor) -> Tensor:
        """log w_i K(x | y_i) for each query and row: (B, N) in float64."""
        pairs = Pairs(self, q, rows, log_weight, None, torch.float64)
        return torch.cat([pairs.tile(slice(None), pairs.made(at)) for at in pairs.everything.split(TILE_ROWS)], 1)

    def _far(self, q: Side) -> Tensor:
        """Queries (B,) so far out that float32 products would lose digits."""
        scaled = (q.value - self.mean) / self.width
        far = torch.where(q.split.ordinary, scaled, 0.0)[:, self.quadratic].square().sum(1) > FAR
        return far | ((q.value * self.tau)[:, self.count].abs() > 1e4).any(1)

    # Features: log K(x | y) = f(x) . g(y) ----------------------------------------------------------------------------

    def query_features(self, q: Side, plain: bool) -> Tensor:
        """f, its last but one feature constant in y, its last 1: (B, F)."""
        d = self.quadratic
        there, u = q.split.ordinary[:, d].double(), self._scaled(q)
        peak = self.width[d].log() + 0.5 * LOG_2PI
        if plain:
            parts, constant = [u], (-0.5 * u.square() - peak).sum(1)
        else:
            wide = self._log_wide(q.value[:, d].double(), d) * there
            parts, constant = [u, there * (-0.5 * u.square() - peak) - wide, there], wide.sum(1)
        if 0 < self.states <= MOST_STATES:
            parts.append(self._one_hot(q, (self.match / self.other).log()[self.listed]))
            constant = constant + (q.asked * self.other.log().nan_to_num(neginf=0.0))[:, self.listed].sum(1)
        return torch.cat([*parts, constant[:, None], torch.ones_like(constant)[:, None]], 1)

    def row_features(self, rows: Side, plain: bool, log_weight: Tensor) -> Tensor:
        """g, its last but one feature 1, its last constant in x: (F, N)."""
        there, v = rows.split.ordinary[:, self.quadratic].double(), self._scaled(rows)
        parts, constant = ([v], -0.5 * v.square().sum(1)) if plain else ([v, there, -0.5 * v.square()], 0.0)
        if 0 < self.states <= MOST_STATES:
            even = (-self.cells.sizes.log() - self.other.log()) / (self.match / self.other).log()
            parts.append(self._one_hot(rows, torch.ones_like(self.listed), even[self.listed]))
        constant = (constant + log_weight)[:, None]
        return torch.cat([*parts, torch.ones_like(constant), constant], 1).T.contiguous()

    def _scaled(self, side: Side) -> Tensor:
        d = self.quadratic
        return torch.where(side.split.ordinary[:, d], (side.value[:, d].double() - self.mean[d]) / self.width[d], 0.0)

    def _one_hot(self, side: Side, yes: Tensor, unknown: Tensor | None = None) -> Tensor:
        """A number in the place of each listed column's state; unknown states get one in all their places."""
        state = side.split.state[:, self.listed]
        hot = torch.zeros(len(side), self.states + 1, dtype=torch.float64, device=state.device)
        place = torch.where(state >= 0, self.offset + state, self.states)
        hot.scatter_(1, place, yes.double().expand(len(side), -1))
        if unknown is not None and (state < 0).any():
            column = torch.repeat_interleave(torch.arange(len(self.listed)), self.cells.sizes[self.listed].cpu())
            hot[:, :-1] += (state < 0)[:, column] * unknown[column]
        return hot[:, :-1]

    def _log_wide(self, x: Tensor, d: "Tensor | int") -> Tensor:
        """log of the wide law of a value, where the row has none."""
        normal = GAUSSIAN.log_density((x - self.mean[d]) / self.std[d]) - self.std[d].log()
        middle, fall = self.middle[d], self.fall[d]
        integers = -fall * (x - middle).abs() - log_integer_norm(middle, fall, self.top[d])
        return torch.where(self.cells.integer[d], integers, normal)

    # One column at a time --------------------------------------------------------------------------------------------

    def log_value(self, d: int, q: Side, rows: Side, dtype: torch.dtype) -> Tensor:
        """The logarithm of (3) or (4), or of the wide law, for one column: (B, N)."""
        x, y = q.value[:, d, None].to(dtype), rows.value[None, :, d].to(dtype)
        if self.cells.integer[d]:
            norm = log_integer_norm(y.double(), self.tau[d], self.top[d])
            told = -self.tau[d].to(dtype) * (x - y).abs() - norm.to(dtype)
        else:
            told = self.kernel.log_density((x - y) / self.width[d].to(dtype)) - self.width[d].log().to(dtype)
        told = torch.where(rows.split.ordinary[:, d], told, self._log_wide(x.double(), d).to(dtype))
        return torch.where(q.split.ordinary[:, d, None], told, 0.0)

    def log_state(self, d: int, q: Side, rows: Side) -> Tensor:
        """The logarithm of (2) for one column: (B, N)."""
        asked, state = q.split.state[:, d, None], rows.split.state[None, :, d]
        told = torch.where(asked == state, self.match[d].log(), self.other[d].log())
        return torch.where(asked < 0, 0.0, torch.where(state < 0, -self.cells.sizes[d].log(), told))

    # What an interval leaves of a bump -------------------------------------------------------------------------------

    def masses(self, d: "int | slice", state: Tensor, value: Tensor, span: Range) -> tuple[Tensor, Tensor]:
        """log of the mass of ordinary values in the range, and the mass of other states there, cell by cell."""
        equal, other = self._shares(d, state)
        inside = (state >= span.first) & (state <= span.last)
        listed = (span.last - span.first + 1).clamp(min=0) * other + inside * (equal - other)
        ordinary = torch.where(state == 0, equal, other).log() + self._log_mass(d, state == 0, value, span)
        return torch.where(self.cells.category[d], -math.inf, ordinary), listed

    def log_within(self, d: int, rows: Side, span: Range) -> Tensor:
        """log of each row's mass within column d's range: (B, N)."""
        head, tail = self.masses(d, rows.split.state[None, :, d], rows.value[None, :, d].double(), span)
        return torch.logaddexp(head, tail.log())

    def _shares(self, d: "int | slice", state: Tensor) -> tuple[Tensor, Tensor]:
        """(2): what an equal and another state get; alike where the row's own is unknown."""
        even = 1 / self.cells.sizes[d].double()
        return torch.where(state >= 0, self.match[d], even), torch.where(state >= 0, self.other[d], even)

    def _log_mass(self, d: "int | slice", there: Tensor, value: Tensor, span: Range) -> Tensor:
        low, high, h, mean, std = span.low, span.high, self.width[d], self.mean[d], self.std[d]
        smooth = self.kernel.log_mass((low - value) / h, (high - value) / h)
        whole = log_integer_mass(low, high, value, self.tau[d], self.top[d])
        wide = GAUSSIAN.log_mass((low - mean) / std, (high - mean) / std)
        about = log_integer_mass(low, high, self.middle[d], self.fall[d], self.top[d])
        integer = self.cells.integer[d]
        return torch.where(integer, torch.where(there, whole, about), torch.where(there, smooth, wide))

    def draw(self, rows: Tensor, span: Range, *, rng: Rng) -> Tensor:
        """A cell for each cell of these rows (B, D), from its bump within the range."""
        side, everything = self.side(rows.double()), slice(None)
        state, value = side.split.state, side.value
        head, tail = self.masses(everything, state, value, span)
        level = rng.uniform(tail.shape, like=tail) * (head.exp() + tail)
        ordinary = ~self.cells.category & ~(level > head.exp())
        drawn = self._draw_value(side.split.ordinary, value, span, rng)
        return self.cells.join(torch.where(ordinary, 0, self._draw_state(state, level - head.exp(), span)), drawn)

    def _draw_state(self, state: Tensor, level: Tensor, span: Range) -> Tensor:
        """The row's own state takes the first of the mass, the others share the rest."""
        equal, other = self._shares(slice(None), state)
        inside = (state >= span.first) & (state <= span.last)
        place = ((level - inside * equal).clamp(min=0) / other.clamp(min=1e-300)).floor().clamp(max=2.0**40).long()
        rest = span.first + place
        rest = torch.minimum(rest + (inside & (rest >= state)), span.last).clamp(min=0)
        return torch.where(inside & (level <= equal), state, rest)

    def _draw_value(self, there: Tensor, value: Tensor, span: Range, rng: Rng) -> Tensor:
        level = rng.uniform(value.shape, like=value)
        low, high, h, mean, std = span.low, span.high, self.width, self.mean, self.std
        smooth = value + h * self.kernel.between(level, (low - value) / h, (high - value) / h)
        whole = integer_between(level, low, high, value, self.tau, self.top)
        wide = mean + std * GAUSSIAN.between(level, (low - mean) / std, (high - mean) / std)
        about = integer_between(level, low, high, self.middle, self.fall, self.top)
        return torch.where(self.cells.integer, torch.where(there, whole, about), torch.where(there, smooth, wide))


@final
class Pairs:
    """Queries against rows, a tile at a time."""

    def __init__(
        self, bumps: Bumps, q: Side, rows: Side, log_weight: Tensor, out: Tensor | None, dtype: torch.dtype
    ) -> None:
        self.bumps, self.q, self.rows, self.log_weight, self.out = bumps, q, rows, log_weight, out
        self.everything = torch.arange(len(rows), device=log_weight.device)
        real, count = bumps.quadratic, bumps.count
        self.plain = bool(q.split.ordinary[:, real].all() and rows.split.ordinary[:, real].all())
        self.near = bool(q.split.ordinary[:, count].all() and rows.split.ordinary[:, count].all())
        self.values_apart = bumps.values_apart + ([] if self.near else count.tolist())
        self.whole, self.dtype = bumps.query_features(q, self.plain), dtype
        self.f = self.whole.to(dtype)

    def log_sum(self, most: Tensor) -> Tensor:
        """log of the sum over all rows, taken about each query's largest exponent (B,): inf where that is far off."""
        most, total = most.double(), torch.zeros_like(most, dtype=torch.float64)
        self.whole[:, -2] -= most.nan_to_num(neginf=0.0)
        self.f = self.whole.to(self.dtype)
        for queries, z in self._tiles():
            total[queries] += z.clamp_min_(LEAST).exp_().sum(1)
        return torch.where(torch.isfinite(most), total.log() + most, -math.inf)

    def largest(self) -> Tensor:
        """Each query's largest exponent: (B,)."""
        most = torch.full_like(self.f[:, 0], -math.inf)
        for queries, z in self._tiles():
            most[queries] = torch.maximum(most[queries], z.amax(1))
        return most

    def _tiles(self) -> Iterator[tuple[slice, Tensor]]:
        for tile in map(self.made, self.everything.split(TILE_ROWS)):
            for start in range(0, len(self.f), TILE // TILE_ROWS):
                queries = slice(start, start + TILE // TILE_ROWS)
                yield queries, self.tile(queries, tile)

    def made(self, at: Tensor) -> "Tile":
        """These rows, made ready."""
        side, count = self.rows[at], self.bumps.count
        scaled = (side.value[:, count] * self.bumps.tau[count]).to(self.dtype)
        constant = self.log_weight[at]
        if self.near and len(count):
            bumps = self.bumps
            constant = constant - log_integer_norm(
                side.value[:, count].double(), bumps.tau[count], bumps.top[count]
            ).sum(1)
        return Tile(at, side, self.bumps.row_features(side, self.plain, constant).to(self.dtype), scaled)

    def tile(self, queries: slice, tile: "Tile") -> Tensor:
        """log w_i K(x | y_i), less what was taken off: (b, n)."""
        q, bumps = self.q, self.bumps
        z = self.f[queries] @ tile.features
        if self.near and len(bumps.count):
            scaled = (q.value[queries][:, bumps.count] * bumps.tau[bumps.count]).to(self.dtype)
            z -= torch.cdist(scaled, tile.scaled, p=1.0)
        for d in self.values_apart:
            z += bumps.log_value(d, q[queries], tile.side, self.dtype)
        for d in bumps.listed_apart:
            z += bumps.log_state(d, q[queries], tile.side).to(self.dtype)
        if self.out is not None:
            place = torch.searchsorted(tile.at, self.out[queries]).clamp(max=len(tile.at) - 1)
            here = (tile.at[place] == self.out[queries]).nonzero()[:, 0]
            z[here, place[here]] = -math.inf
        return z


@final
@dataclass(frozen=True)
class Tile:
    """Some rows, made ready."""

    at: Tensor  # (n,) which rows
    side: Side
    features: Tensor  # (F, n)
    scaled: Tensor  # (n, counts) integers in units of their bumps' decay
