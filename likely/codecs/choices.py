r"""A row of mixed cells as reals: choices become noisy one-hots, counts logarithms, absent values draws.

    category of k    onehot(x) + U(-1/2, 1/2)^k                       a cube of volume 1: ladj 0       (1)
    count            log1p(x + U(0, 1))                               ladj = -log1p(x + U)             (2)
    real with atoms  choice among {value, atom..., missing} as (1), and the value itself;
                     where there is none, a draw from q = N(0, 1)     ladj = -log q                    (3)
    plain real       as it is                                         ladj 0, exact

By Jensen's inequality E[log p(u) + ladj] <= log p(x): log p(x) is the log of an integral over each cube and over the
drawn value. The cubes of (1) lie inside the regions where their own entry is the largest, so that `down` is argmax.
A count is exact up to 2^19: beyond, float32 has no number between the logarithms of two neighbours.
"""

import math
from typing import final

import torch
from torch import Tensor

from likely.codecs.ways import Bounds, Way, no_change
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Real, Vector, reals

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


@final
class Choices(Way):
    """u = [plain reals | values of mixed reals | counts | the one-hots of every choice], grouped by kind."""

    def __init__(self, space: Vector, *, noisy: bool) -> None:
        self.noisy, self.width = noisy, len(space.columns)
        columns = list(enumerate(space.columns))
        self.plain = [i for i, c in columns if isinstance(c, Real) and not (c.atoms or c.missing)]
        self.mixed = [i for i, c in columns if isinstance(c, Real) and (c.atoms or c.missing)]
        self.counts = [i for i, c in columns if isinstance(c, Count)]
        self.gappy = [i for i, c in columns if isinstance(c, Count) and c.missing]
        self.categories = [i for i, c in columns if isinstance(c, Category)]
        choosing = [*self.mixed, *self.gappy, *self.categories]
        self.choosing, self.sizes = choosing, torch.tensor([_options(space.columns[i]) for i in choosing]).long()
        self.offsets = self.sizes.cumsum(0) - self.sizes
        self.widths = [len(self.plain), len(self.mixed), len(self.counts), int(self.sizes.sum())]
        self.atoms = _atom_table([space.columns[i] for i in self.mixed])
        self.k = torch.tensor([_k(space.columns[i]) for i in self.categories]).long()
        self.gaps = [self.counts.index(i) for i in self.gappy]
        ends, misses = (self.offsets + self.sizes - 1).tolist(), [space.columns[i].missing for i in choosing]
        self.gone = [end for end, may in zip(ends, misses, strict=True) if may]  # entries that say: missing
        self.space, self.exact = reals(sum(self.widths)), not (self.counts or choosing)
        repeated = torch.tensor(choosing).long().repeat_interleave(self.sizes)
        self.source = torch.cat([torch.tensor([*self.plain, *self.mixed, *self.counts]).long(), repeated])

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        ladj = no_change(x)
        if self.exact:
            return x, ladj
        codes = self._codes(x)
        parts = [
            x[:, self.plain],
            self._values(x[:, self.mixed], codes[:, : len(self.mixed)], ladj, rng),
            self._log_counts(x[:, self.counts], ladj, rng),
            self._one_hots(x, codes, rng),
        ]
        return torch.cat(parts, 1), ladj

    def down(self, u: Tensor) -> Tensor:
        if self.exact:
            return u
        plain, values, counts, hots = u.split(self.widths, 1)
        codes = self._argmax(hots)
        of_mixed, of_gappy, of_categories = codes.split([len(self.mixed), len(self.gappy), len(self.categories)], 1)
        x = u.new_empty(len(u), self.width)
        x[:, self.plain] = plain
        x[:, self.mixed] = torch.where(of_mixed == 0, values, self._atoms_of(of_mixed, u))
        whole = _whole(counts)
        x[:, self.counts] = whole
        x[:, self.gappy] = whole[:, self.gaps].masked_fill(of_gappy == 1, torch.nan)
        missing = of_categories == self.k.to(u.device)
        x[:, self.categories] = of_categories.to(u.dtype).masked_fill(missing, torch.nan)
        return x

    def mask(self, known: Tensor) -> Tensor:
        return known[:, self.source.to(known.device)]

    def bounds(self, x: Tensor, known: Tensor) -> Bounds:
        codes, free = self._codes(x), ~self.mask(known)
        parts = (self._plain_bounds(x, codes), self._count_bounds(x[:, self.counts]), self._hot_bounds(x, codes))
        low, high, near = (torch.cat(each, 1) for each in zip(*parts, strict=True))
        there = torch.full_like(high[:1], torch.inf)  # of a free cell: it is not missing
        there[:, [sum(self.widths[:3]) + entry for entry in self.gone]] = 0.5 * self.noisy
        return Bounds(low.masked_fill(free, -torch.inf), torch.where(free, there, high), near.masked_fill(free, 0.0))

    def _plain_bounds(self, x: Tensor, codes: Tensor) -> Bounds:
        """Of plain reals and the values of mixed ones: a value that is not there is any."""
        values = x[:, [*self.plain, *self.mixed]].nan_to_num(0.0)
        lacking = torch.cat([torch.zeros_like(x[:, self.plain]).bool(), codes[:, : len(self.mixed)] != 0], 1)
        near = values.masked_fill(lacking, 0.0)
        return Bounds(near.masked_fill(lacking, -torch.inf), near.masked_fill(lacking, torch.inf), near)

    def _count_bounds(self, counts: Tensor) -> Bounds:
        lacking, x = torch.isnan(counts), counts.nan_to_num(0.0)
        low, near, high = (torch.log1p(x + part) for part in ((0, 0.5, 1) if self.noisy else (0.5, 0.5, 0.5)))
        low = low.masked_fill(lacking | (x == 0) & self.noisy, -torch.inf)
        return Bounds(low, high.masked_fill(lacking, torch.inf), near.masked_fill(lacking, 0.0))

    def _hot_bounds(self, x: Tensor, codes: Tensor) -> Bounds:
        """The entry that is chosen lies above the middle, the others below."""
        hot = x.new_zeros(len(x), self.widths[3]).scatter_(1, codes + self.offsets.to(x.device), 1.0)
        middle = torch.full_like(hot, 0.5 * self.noisy)
        low = middle.masked_fill(hot == 0, -torch.inf)
        return Bounds(low, middle.masked_fill(hot == 1, torch.inf), hot if self.noisy else 2 * hot - 1)

    def _codes(self, x: Tensor) -> Tensor:
        """Which option each choice takes, (B, choices); a cell that is NaN takes its last one."""
        mixed, last = x[:, self.mixed], (self.sizes - 1).to(x.device)
        at_atom = mixed[:, :, None] == self.atoms.to(x)  # (B, M, 1 + A); what is not an atom is NaN, equal to nothing
        of_mixed = at_atom.to(torch.int8).argmax(2) if self.mixed else mixed.long()
        held = torch.cat([of_mixed.to(x.dtype), x[:, self.gappy] * 0, x[:, self.categories]], 1)
        missing = torch.isnan(x[:, self.choosing])
        return torch.where(missing, last, held.nan_to_num(0).long()).clamp(min=0).minimum(last)

    def _one_hots(self, x: Tensor, codes: Tensor, rng: Rng) -> Tensor:
        hots = x.new_zeros(len(x), self.widths[3]).scatter_(1, codes + self.offsets.to(x.device), 1.0)
        if not self.noisy:
            return hots.mul_(2).sub_(1)
        return hots.add_(rng.uniform(hots.shape, like=hots).sub_(0.5)) if self.choosing else hots  # (1)

    def _values(self, mixed: Tensor, codes: Tensor, ladj: Tensor, rng: Rng) -> Tensor:
        """The values of mixed reals: where there is none a draw, or the atom itself (missing: 0) without noise."""
        there = codes == 0
        if not self.noisy or not self.mixed:
            return mixed.nan_to_num(0.0)
        drawn = rng.normal(mixed.shape, like=mixed)
        ladj += _minus_log_normal(drawn).masked_fill_(there, 0.0).sum(1)  # (3)
        return torch.where(there, mixed, drawn)

    def _log_counts(self, counts: Tensor, ladj: Tensor, rng: Rng) -> Tensor:
        there, x = ~torch.isnan(counts), counts.nan_to_num(0.0)
        if not self.noisy or not self.counts:
            return torch.log1p(x.double() + 0.5).to(x.dtype).mul_(there)
        u = _logarithm(x, rng.uniform(x.shape, like=x))
        gained = -u.double()  # (2)
        if self.gappy:  # drawn for every row alike, so that no row's noise depends on its companions
            drawn = rng.normal(x.shape, like=x)
            u, gained = torch.where(there, u, drawn), torch.where(there, gained, _minus_log_normal(drawn))
        ladj += gained.sum(1)
        return u

    def _argmax(self, hots: Tensor) -> Tensor:
        """The largest entry of each choice, (B, choices): one pass for each size of choice."""
        codes = torch.empty(len(hots), len(self.sizes), dtype=torch.long, device=hots.device)
        for size in self.sizes.unique().tolist():
            ours = (self.sizes == size).nonzero()[:, 0]
            entries = (self.offsets[ours, None] + torch.arange(size)).flatten().to(hots.device)
            codes[:, ours.to(hots.device)] = hots[:, entries].unflatten(1, (len(ours), size)).argmax(2)
        return codes

    def _atoms_of(self, codes: Tensor, like: Tensor) -> Tensor:
        table = self.atoms.to(like)
        return table[torch.arange(len(table), device=like.device), codes]


def _options(column: Column) -> int:
    """How many ways a cell can be: its value or values, its atoms, missing."""
    match column:
        case Real(atoms=atoms, missing=missing):
            return 1 + len(atoms) + missing
        case Category(k=k, missing=missing):
            return k + missing
    return 2


def _k(column: Column) -> int:
    return column.k if isinstance(column, Category) else 0


def _atom_table(columns: list[Column]) -> Tensor:
    """(M, 2 + most atoms): NaN for the value, the atoms, NaN for missing and beyond. Float64, exact in float32."""
    atoms = [column.atoms for column in columns if isinstance(column, Real)]
    table = torch.full((len(atoms), 2 + max(map(len, atoms), default=0)), torch.nan, dtype=torch.float64)
    for row, values in zip(table, atoms):
        row[1 : 1 + len(values)] = torch.tensor(values, dtype=torch.float64)
    return table


def _minus_log_normal(drawn: Tensor) -> Tensor:
    return drawn.double().square().mul_(0.5).add_(HALF_LOG_TWO_PI)


def _logarithm(x: Tensor, noise: Tensor) -> Tensor:
    """log1p(x + noise), moved by one step of its precision where it would round into a neighbouring count."""
    u = torch.log1p(x.double() + noise).to(x.dtype)
    off = x - _whole(u)
    if bool(off.any()):
        at = u.detach()
        near = torch.where(off > 0, torch.nextafter(at, at + 1), torch.where(off < 0, torch.nextafter(at, at - 1), at))
        u = u + (near - at)
    return u


def _whole(u: Tensor) -> Tensor:
    """The count whose cell holds u."""
    return torch.expm1(u.double()).floor_().clamp_(min=0).to(u.dtype)
