r"""Rows of a table as choices and places: what a generator of tables makes, and a critic of tables sees.

Every column is a choice: a category of its codes, a number of its modes, its atoms; each of whether it is missing. A
number in a mode k also has a place in it, on the scale t of its column (a count's logarithm log(1 + x), spread evenly
over what rounds to it; a real as it is):

    k ~ r_k(t),   place = (t - m_k) / s_k,     t = m_k + s_k place                                               (1)

A value between two modes belongs to either in turn, so that places are nearly normal numbers whatever the column. A
value that is a mode of its own has no place. A critic sees of a row

    one-hots of all choices, the place of every number, and t itself, standardised                               (2)

and what is made of one-hots by (2) has slopes in them. A cell that is left out is 0 in all of these.
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.adversarial.choosing import LEAST, Choosing, exactly
from likely.adversarial.modes import Mixture, alone, log_joint, modes, quantiles
from likely.distributions.state import Cells
from likely.rng import Rng
from likely.spaces import Vector

SURE = 1e4  # of a log-probability: a value that is a mode of its own is in no other
OFF = 0.1  # of a place, where a code is sought that makes a row
FARTHEST = 8.0  # a place, in either direction
ROUNDED = 0.98  # of what rounds to a count, spread evenly: a margin for the digits


class Placed(NamedTuple):
    """Rows taken apart."""

    choice: Tensor  # (B, D) int64, among all choices side by side
    place: Tensor  # (B, C) of every number, 0 where it has none
    there: Tensor  # (B, D) bool: False where a cell is left out


@final
class Places(nn.Module):
    """The columns of a table: `most` modes of every number first, then the other choices, column by column."""

    weight: Tensor  # (C, K) of the modes of every number; 0 where there is none, or a value alone
    mean: Tensor  # (C, K) m
    scale: Tensor  # (C, K) s; 0 of a value alone
    value: Tensor  # (C, K) the values alone, else infinity
    low: Tensor  # (C,) of t, what was seen
    high: Tensor  # (C,)
    centre: Tensor  # (C,) of t
    spread: Tensor  # (C,)
    seen: Tensor  # (L,) rows with each choice; 0 only of modes that there are not
    numbers: Tensor  # (C,) which columns are numbers
    whole: Tensor  # (C,) bool: they are counts
    state: Tensor  # (L,) what each choice is to `Cells`
    atom: Tensor  # (L,) the value of each choice that is an atom, else NaN
    start: Tensor  # (D,) the choice of each column's first state that is no mode, less that state
    source: Tensor  # (L + 2 C,) the column of everything in (2)

    def __init__(self, space: Vector, most: int) -> None:
        super().__init__()
        self.cells, self.most, columns = Cells(space), most, len(space.columns)
        numbers = (~self.cells.category).nonzero()[:, 0]
        first = (~self.cells.category).long()  # the first state that is no mode
        others = self.cells.sizes - first
        column = torch.cat([numbers.repeat_interleave(most), torch.arange(columns).repeat_interleave(others)])
        start = len(numbers) * most + others.cumsum(0) - others - first
        state = torch.arange(len(column)) - start[column]
        state[: len(numbers) * most] = 0
        atoms = torch.nn.functional.pad(self.cells.atoms, (1, 1), value=math.nan)
        atom = atoms[column, torch.where(self.cells.category[column], 0, state).clamp(max=atoms.shape[1] - 1)]
        source = torch.cat([column, numbers, numbers])
        fixed = {"numbers": numbers, "whole": self.cells.integer[numbers], "start": start, "state": state}
        for name, values in (fixed | {"atom": atom.float(), "source": source}).items():
            self.register_buffer(name, values, persistent=False)
        self.choosing = Choosing(column, columns)
        self._begin(len(numbers), len(column))

    def _begin(self, numbers: int, choices: int) -> None:
        """Before anything is seen: modes as of a standard normal law, small counts, every choice as often."""
        even = torch.special.ndtri((torch.arange(self.most) + 0.5) / self.most)
        mean = torch.where(self.whole[:, None], torch.arange(self.most).float().log1p(), even)
        seen = {"weight": torch.full_like(mean, 1 / self.most), "mean": mean, "scale": torch.full_like(mean, 0.5)}
        seen |= {"value": torch.full_like(mean, math.inf), "seen": torch.ones(choices)}
        seen |= {"low": torch.full((numbers,), -FARTHEST), "high": torch.full((numbers,), FARTHEST)}
        seen |= {"centre": torch.zeros(numbers), "spread": torch.ones(numbers)}
        for name, values in seen.items():
            self.register_buffer(name, values.clone())

    @property
    def outputs(self) -> int:
        """Numbers that a generator says of a row: one for each choice, then a place in each mode."""
        return len(self.state) + self.mean.numel()

    @property
    def width(self) -> int:
        """Numbers of (2)."""
        return len(self.source) + self.choosing.columns

    def log_law(self) -> Tensor:
        """log p of each choice in its column, as it was seen (L,)."""
        return self.choosing.log_softmax(self.seen.log()[None])[0]

    # What is seen first ----------------------------------------------------------------------------------------------

    @torch.no_grad()
    def prepare(self, x: Tensor, *, rng: Rng) -> None:
        """Modes of every number, and how many rows have each choice."""
        split = self.cells.split(x)
        sketches, rows, room = [], [], []
        for place, column in enumerate(self.numbers.tolist()):
            values = x[split.ordinary[:, column], column]
            own = alone(values, self.most, whole=bool(self.whole[place]))
            rest = values[~torch.isin(values, own)]
            t = self._scaled(rest, self.whole[place], rng.fork(place) if len(rest) else None)
            self._known(place, own, self._scaled(values, self.whole[place]))
            sketches.append(quantiles(t))
            rows.append(len(rest))
            room.append(self.most - len(own))
        if rows:
            self._moded(sketches, torch.tensor(rows, device=x.device), torch.tensor(room, device=x.device))
        self._count(x, rng.fork(len(rows)))

    def _known(self, place: int, own: Tensor, t: Tensor) -> None:
        """What needs no mixture: the values alone, and where the column lies."""
        self.value[place] = math.inf
        self.value[place, : len(own)] = own
        if len(t):
            self.low[place] = torch.nextafter(t.min().to(self.low), self.low.new_tensor(-math.inf))
            self.high[place] = torch.nextafter(t.max().to(self.low), self.low.new_tensor(math.inf))
            self.centre[place], self.spread[place] = t.mean(), t.std(correction=0).clamp(min=1e-3)

    def _moded(self, sketches: list[Tensor], rows: Tensor, room: Tensor) -> None:
        """The mixtures of what does not stand alone, behind the values that do."""
        mixture = modes(torch.stack(sketches), rows.double(), room)
        usable = (rows > 0) | (room == self.most)  # a column with nothing known still has one mode
        for place in range(len(rows)):
            alive = mixture.weight[place] * usable[place] > 0
            alone, count = self.most - int(room[place]), int(alive.sum())
            self.weight[place], self.mean[place], self.scale[place] = 0.0, 0.0, 0.0
            self.mean[place, :alone] = self._scaled(self.value[place, :alone], self.whole[place])
            for kept, found in zip((self.weight, self.mean, self.scale), mixture):
                kept[place, alone : alone + count] = found[place, alive].to(kept.dtype)

    def _count(self, x: Tensor, rng: Rng) -> None:
        """Rows of each choice; one that could be and was not seen has half a row."""
        placed = self.placed(x, rng=rng)
        counted = torch.bincount(placed.choice[placed.there], minlength=len(self.seen))
        self.seen.copy_(counted.clamp(min=0.5).to(self.seen))
        none = (self.weight == 0) & torch.isinf(self.value)
        self.seen[: none.numel()][none.flatten()] = 0.0

    def _scaled(self, values: Tensor, whole: Tensor, rng: Rng | None = None) -> Tensor:
        """t of values, float64 for the digits of large counts; these spread over what rounds to them, given noise."""
        off = 0.0 if rng is None else ROUNDED * (rng.uniform(values.shape, like=values).double() - 0.5)
        return torch.where(whole, (values.clamp(min=0) + off).double().log1p(), values.double())

    # Cells, choices and places ---------------------------------------------------------------------------------------

    def placed(self, x: Tensor, *, rng: Rng) -> Placed:
        """Rows (B, D) taken apart; which mode a number between two is in is drawn."""
        split = self.cells.split(x)
        choice, there = self.start + split.state.clamp(min=0), split.state >= 0
        ordinary = split.ordinary[:, self.numbers]
        values = torch.where(ordinary, x[:, self.numbers], 0.0)
        t = self._scaled(values, self.whole, rng)
        at, alone = self._mode(t.to(self.mean.dtype), values, rng)
        column = torch.arange(len(self.numbers), device=x.device)
        mean, scale = self.mean[column, at], self.scale[column, at]
        place = ((t - mean) / torch.where(alone, 1.0, scale)).clamp(-FARTHEST, FARTHEST).to(mean.dtype)  # (1)
        others = torch.where(there[:, self.numbers], choice[:, self.numbers], column * self.most)
        modes = torch.where(ordinary, column * self.most + at, others)
        return Placed(choice.index_copy(1, self.numbers, modes), place.masked_fill(alone | ~ordinary, 0.0), there)

    def _mode(self, t: Tensor, values: Tensor, rng: Rng) -> tuple[Tensor, Tensor]:
        """The mode of every number (B, C), and whether it is a value alone."""
        mixture = Mixture(self.weight, self.mean, torch.where(self.scale > 0, self.scale, 1.0))
        normal = log_joint(t.T, mixture).movedim(0, 1).clamp(min=-SURE)
        alone = ~torch.isinf(self.value)
        near = -SURE * (2 + (t[..., None] - self.mean).abs())  # where there is nothing else, the nearest one
        joint = torch.where(alone, torch.where(values[..., None] == self.value, SURE, near), normal)
        joint = joint.masked_fill((self.weight == 0) & ~alone, -torch.inf)
        at = (joint - rng.exponential(joint.shape, like=joint).log_()).argmax(2)
        return at, alone[torch.arange(len(alone), device=at.device), at]

    def cells_of(self, choice: Tensor, places: Tensor) -> Tensor:
        """Rows (B, D) of choices (B, D) and places in all modes (B, C K)."""
        picked = choice[:, self.numbers]
        moded = self.state[picked] == 0
        mode = torch.where(moded, picked, 0)
        t = self.mean.double().flatten()[mode] + self.scale.flatten()[mode] * places.gather(1, mode).double()  # (1)
        inside = torch.minimum(torch.maximum(t, self.low), self.high)  # a count's logarithm magnifies what is outside
        value = torch.where(self.whole, torch.expm1(inside).round().clamp(min=0), t).to(places.dtype)
        own = self.value.flatten()[mode]
        values = places.new_zeros(choice.shape).index_copy(1, self.numbers, torch.where(torch.isinf(own), value, own))
        return self.cells.join(self.state[choice], values)

    # Rows of which some cells are known ------------------------------------------------------------------------------

    def likely(self, logits: Tensor, places: Tensor, placed: Placed, known: Tensor) -> Tensor:
        """log p of the known cells (B, D) of rows and that the others are there, places being off by OFF: (B,)."""
        log_p = self.choosing.log_softmax(logits)
        choices = torch.where(known, log_p.gather(1, placed.choice), self._log_there(log_p))
        mode = torch.where(self.state[placed.choice[:, self.numbers]] == 0, placed.choice[:, self.numbers], 0)
        apart = (places.gather(1, mode) - placed.place) / OFF
        spoken = known[:, self.numbers] & (self.state[placed.choice[:, self.numbers]] == 0)
        spoken = spoken & (self.scale.flatten()[mode] > 0)
        return choices.sum(1) - 0.5 * torch.where(spoken, apart.square(), 0.0).sum(1)

    def _log_there(self, log_p: Tensor) -> Tensor:
        """log P(a cell is there) (B, D), of log p of all choices."""
        return exactly(self.there(log_p).clamp(min=LEAST).exp(), self.choosing.member).clamp(min=1e-6, max=1).log()

    def there(self, logits: Tensor) -> Tensor:
        """Logits without the choices that say: missing."""
        return logits.masked_fill(self.state == self.cells.gone[self.choosing.column], -torch.inf)

    # What a critic sees ----------------------------------------------------------------------------------------------

    def shown(self, placed: Placed, told: Tensor) -> Tensor:
        """(2) of rows, and the level told of each (B,)."""
        hots = placed.place.new_zeros(len(placed.choice), len(self.state)).scatter_(1, placed.choice, 1.0)
        places = placed.place[..., None].expand(-1, -1, self.most)
        return self.seen_as(hots, places, placed.there, told)

    def seen_as(self, hots: Tensor, places: Tensor, there: Tensor, told: Tensor) -> Tensor:
        """(2) of one-hots (B, L) and places in all modes (B, C, K), where cells are there (B, D)."""
        inside = hots[:, : self.mean.numel()].unflatten(1, self.mean.shape)
        place = (inside * places * (self.scale > 0)).sum(2)
        slope, base = self.scale / self.spread[:, None], self._bases()
        value = exactly(hots, base) + (inside * places * slope).sum(2)
        row = torch.cat([hots, place, value, self.choosing.member[told]], 1)
        return row if bool(there.all()) else row * torch.cat([there[:, self.source], torch.ones_like(there)], 1)

    def _bases(self) -> Tensor:
        """(L, C): the standardised t of the middle of every choice, in its number's column."""
        size, column = self.mean.numel(), self.choosing.member[:, self.numbers]
        middle = torch.cat([self.mean.flatten(), self.atom[size:].to(self.mean.dtype)])
        return torch.where(torch.isnan(middle)[:, None], 0.0, (middle[:, None] - self.centre) / self.spread) * column
