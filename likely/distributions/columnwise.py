r"""One column at a time: what a network reads of a cell, and the law of a cell from the numbers that it says.

    log p(x | numbers) = sum_d log p(x_d | numbers of d)                                                             (1)

An autoregressive network says the numbers of column d from the cells that come before it. What it reads and says of a
column are some of all numbers, `reads[i]` and `says[j]` being the columns that number i is read and j is said of:

    reals                    a mixture of logistics, after the choice of an atom, or of missing, as in `mixed`
    categories               a log-probability per code, missing being one more
    counts                   bins as in `bins`, every frequent count one of its own: a category and, where a bin holds
                             several counts, their law inside it, which no network says
    levels of an image       coins, or a mixture of discretised logistics

`prepare` sees some rows first: bins lie where counts are frequent, and where a network says 0, laws are those of the
columns alone.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.contracts import Sharpness, Space
from likely.distributions.bernoulli import Bernoulli
from likely.distributions.bins import Bins
from likely.distributions.logistic import DiscretisedLogistic
from likely.distributions.logistics import Logistics
from likely.distributions.mixed import Mixed, MixedLaw
from likely.distributions.sharpened import PLAIN
from likely.distributions.state import Cells, columns_of
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Image, Real, Vector

FAR = 8.0  # a real is read as no further than this from 0
RARE = 0.5  # rows that each choice is given beside those seen
SURE = 1 - 1e-6  # the most that a cell is taken to be missing


class Columnwise(nn.Module, ABC):
    """The columns of a space.

    Models work on `cells` (B, D): a float for each column, NaN where missing. A cell's draw takes at most `noise`
    uniforms.
    """

    columns: int
    reads: tuple[int, ...]
    says: tuple[int, ...]
    noise: int
    misses: tuple[bool, ...]  # which columns' cells can be missing
    start: Tensor  # (P,) what is added to the numbers; -inf for bins that do not exist

    @abstractmethod
    def prepare(self, x: Tensor) -> None:
        """See some rows (B, *shape) first."""

    @abstractmethod
    def cells(self, x: Tensor) -> Tensor:
        """(B, *shape) as (B, D)."""

    @abstractmethod
    def read(self, cells: Tensor) -> Tensor:
        """What a network reads of every column: (B, len(reads))."""

    @abstractmethod
    def read_one(self, column: int, cells: Tensor) -> Tensor:
        """What it reads of one, whose cells are (B,)."""

    @abstractmethod
    def log_prob(self, cells: Tensor, numbers: Tensor) -> Tensor:
        """log p of every cell (B, D), from numbers (B, len(says))."""

    @abstractmethod
    def log_prob_one(self, column: int, cells: Tensor, numbers: Tensor) -> Tensor:
        """log p of one column's cells (B,), from its own numbers (B, ...), which lie as they do among all."""

    def log_there(self, column: int, numbers: Tensor) -> Tensor:
        """log P(a column's cell is there) (B,), from its own numbers."""
        if not self.misses[column]:
            return numbers.new_zeros(len(numbers))
        gone = self.log_prob_one(column, numbers.new_full((len(numbers),), torch.nan), numbers)
        return torch.log1p(-torch.exp(gone).clamp(max=SURE))

    @abstractmethod
    def log_within(self, x: Tensor) -> Tensor:
        """log p(x | its cells), column by column (B, D): what no network says."""

    @abstractmethod
    def draw(
        self, column: int, numbers: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN, present: bool = False
    ) -> Tensor:
        """Cells (B,) of one column, from its own numbers.

        Where they must be `present`, they are drawn given that they are.
        """

    def stepped(
        self, column: int, numbers: Tensor, cells: Tensor, known: Tensor, *, present: bool = True, rng: Rng
    ) -> tuple[Tensor, Tensor]:
        """One column's cells (B,), drawn where they are not known; and log p of what is said of them.

        Of a free one that is that it is there, where it must be `present`; else nothing.
        """
        free = self.draw(column, numbers, rng=rng, present=present).to(cells.dtype)
        there = self.log_there(column, numbers) if present else numbers.new_zeros(len(numbers))
        likely = self.log_prob_one(column, cells, numbers)
        return torch.where(known, cells, free), torch.where(known, likely, there)

    @abstractmethod
    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        """(B, D) as (B, *shape), what no network says being drawn."""


def columnwise(space: Space, *, components: int = 10, bins: int = 256, any_order: bool = True) -> Columnwise:
    """The columns of any space; `components` of every mixture of logistics, at most `bins` for a count.

    In any order a pixel is told from one that is not known; in one order a network knows that by the place.
    """
    if isinstance(space, Image) and space.levels is not None:
        return Levels(space, space.levels, components, any_order)
    return Rows(space, components, bins)


# Rows ----------------------------------------------------------------------------------------------------------------


@final
class Rows(Columnwise):
    """Columns of any kind; of pictures and series without levels every cell is a real, of tokens a category."""

    found: Tensor  # (counts,) how many bins there are
    said: Tensor  # (P,) `says`
    told: Tensor  # (D,) indicators of each column: of a choice, or whether it is missing
    first: Tensor  # (D,) where its indicators begin
    real: Tensor  # which columns are reals
    count: Tensor  # which columns are counts

    def __init__(self, space: Space, components: int, bins: int) -> None:
        super().__init__()
        columns = columns_of(space)
        self.columns, self.noise, self.given = len(columns), 3, Cells(space)
        self.real_law = Logistics(components)
        counts = tuple(column for column in columns if isinstance(column, Count))
        self.bins = Bins(Cells(Vector(counts)), bins) if counts else None
        self.kinds = tuple(Category(bins, c.missing) if isinstance(c, Count) else c for c in columns)
        self.misses = tuple(kind.missing for kind in self.kinds)
        self.law = self._law(self.kinds)
        self.single = {kind: self._law((kind,)) for kind in set(self.kinds)}
        options = [_options(kind) for kind in self.kinds]
        real, count = ([d for d, column in enumerate(columns) if isinstance(column, kind)] for kind in (Real, Count))
        said = [(group.columns.tolist(), group.per) for group in (*self.law.choices, self.law.reals)]
        self.says = tuple(d for places, per in said for _ in range(per) for d in places)
        told = [
            1 + column.missing if isinstance(column, Count) else several for column, several in zip(columns, options)
        ]
        first = [sum(told[:d]) for d in range(len(told))]
        kept = {"real": real, "count": count, "said": self.says, "told": told, "first": first}
        for name, values in kept.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.int64), persistent=False)
        self.octaves = math.ceil(math.log2(bins)) + 1
        waves = [d for d in count for _ in range(1 + 2 * self.octaves)]
        self.reads = (*(d for d, several in enumerate(told) for _ in range(several)), *real, *waves)
        self.register_buffer("start", torch.zeros(len(self.says)))
        self.register_buffer("found", torch.zeros(len(count)))
        self._forbid()

    def _law(self, kinds: Sequence[Column]) -> MixedLaw:
        law = Mixed(real=self.real_law).law(Vector(tuple(kinds)))
        assert isinstance(law, MixedLaw)
        return law

    def prepare(self, x: Tensor) -> None:
        if self.bins is not None:
            counts = self.given.flat(x)[:, self.count]
            self.bins.prepare(counts)
            state = self.bins.states(counts)
            self.bins.observe(counts, state, torch.ones_like(counts[:, 0]))
        cells = self.cells(x)
        choice, start = self.law.choice(cells.nan_to_num(0.0), ~torch.isnan(cells)), self.start.double()
        for group in self.law.choices:
            codes = torch.arange(group.per, device=x.device)[:, None, None]
            seen = (choice[:, group.columns.to(x.device)] == codes).sum(1) + RARE  # (options, G)
            start[group.start : group.stop] = (seen / seen.sum(0)).log().flatten()
        regular = ~torch.isnan(cells) & (choice == 0)
        for place, column in enumerate(self.real.tolist()):
            values = cells[regular[:, column], column].double()
            if len(values):
                where = slice(self.law.reals.start + place, self.law.reals.stop, len(self.real))
                start[where] = self.real_law.start(values)
        self.start = start.to(self.start.dtype)
        self._forbid()

    def _forbid(self) -> None:
        """No mass on bins that do not exist."""
        if self.bins is None:
            return
        states = self.bins.possible().split(self.bins.sizes.tolist())
        for column, kept in zip(self.count.tolist(), states):
            here = self.said == column
            self.start[here] = self.start[here].masked_fill(~kept, -math.inf)
        self.found = torch.stack([kept[: self.bins.most].sum() for kept in states]).to(self.start.dtype)

    def cells(self, x: Tensor) -> Tensor:
        cells = self.given.flat(x).to(self.start.dtype)
        if self.bins is None:
            return cells
        counts = cells[:, self.count]
        state = self.bins.states(counts).to(cells.dtype)
        return cells.index_copy(1, self.count, state.masked_fill(torch.isnan(counts), math.nan))

    def read(self, cells: Tensor) -> Tensor:
        return self._read(self.law, slice(None), cells, self.real, self.count)

    def read_one(self, column: int, cells: Tensor) -> Tensor:
        only, single = torch.zeros(1, dtype=torch.int64, device=cells.device), slice(column, column + 1)
        real, count = (only[: int((places == column).any())] for places in (self.real, self.count))
        return self._read(self.single[self.kinds[column]], single, cells[:, None], real, count)

    def _read(self, law: MixedLaw, which: slice, cells: Tensor, real: Tensor, count: Tensor) -> Tensor:
        """An indicator for every choice of these columns, their reals, and waves of the ranks of their counts' bins."""
        there, told, first = ~torch.isnan(cells), self.told[which], self.first[which]
        filled = torch.where(there, cells, 0.0)
        choice = law.choice(filled, there)
        choice[:, count] = (~there[:, count]).long()
        known = (there | (self.given.gone[which] >= 0)).to(cells.dtype)  # of a cell that is not known all is 0
        place = first - first[:1] + torch.minimum(choice, told - 1)
        hot = cells.new_zeros(len(cells), int(told.sum())).scatter_(1, place, known)
        found = self.found[torch.isin(self.count, torch.arange(self.columns, device=count.device)[which])]
        ranked = (filled[:, count] + 0.5) / found
        waves = torch.where(there[:, count, None], self._waves(ranked[..., None]), 0.0).flatten(1)
        return torch.cat([hot, filled[:, real].clamp(-FAR, FAR), waves], 1)

    def _waves(self, rank: Tensor) -> Tensor:
        """A rank in (0, 1) as a network can read it, and cosines and sines that tell one bin from the next."""
        angle = rank * (0.5 * math.pi * 2.0 ** torch.arange(self.octaves, dtype=rank.dtype, device=rank.device))
        return torch.cat([2 * rank - 1, angle.cos(), angle.sin()], -1)

    def log_prob(self, cells: Tensor, numbers: Tensor) -> Tensor:
        return self.law.cell_log_prob(cells, numbers + self.start)

    def log_prob_one(self, column: int, cells: Tensor, numbers: Tensor) -> Tensor:
        numbers = numbers + self.start[self.said == column]
        return self.single[self.kinds[column]].cell_log_prob(cells[:, None], numbers)[:, 0]

    def log_within(self, x: Tensor) -> Tensor:
        cells = self.given.flat(x)
        told = torch.zeros_like(cells)
        if self.bins is not None:
            counts = cells[:, self.count]
            whole = torch.isnan(counts) | ((counts >= 0) & (counts == counts.floor()))
            within = self.bins.log_within_each(counts, self.bins.states(counts)).masked_fill(~whole, -math.inf)
            told = told.index_copy(1, self.count, within.to(told.dtype))
        return told

    def draw(
        self, column: int, numbers: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN, present: bool = False
    ) -> Tensor:
        numbers, kind = numbers + self.start[self.said == column], self.kinds[column]
        if present and kind.missing:
            numbers[:, _options(kind) - 1] = -math.inf  # the last choice
        return self.single[kind].sample(numbers, rng=rng, sharpness=sharpness)[:, 0]

    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        if self.bins is not None:
            counts = cells[:, self.count]
            state = torch.where(torch.isnan(counts), self.bins.most, counts).long()
            drawn = self.bins.draw(state, self.bins.cells.anything(len(cells)), rng=rng)
            cells = cells.index_copy(1, self.count, drawn.to(cells.dtype))
        return self.given.whole(cells)


def _options(kind: Column) -> int:
    """The states of a cell: a code, or ordinary, or an atom, or missing."""
    match kind:
        case Category(k=k):
            return k + kind.missing
        case Real(atoms=atoms):
            return 1 + len(atoms) + kind.missing
    return 1 + kind.missing


# Pictures ------------------------------------------------------------------------------------------------------------


@final
class Levels(Columnwise):
    """The pixels of an image, channel by channel, row by row: read as numbers from -1 to 1, maybe beside a constant."""

    def __init__(self, space: Image, levels: int, components: int, any_order: bool) -> None:
        super().__init__()
        self.space, self.levels, self.columns, self.any_order = space, levels, math.prod(space.shape), any_order
        self.misses = (False,) * self.columns
        kind = Bernoulli() if levels == 2 else DiscretisedLogistic(components)
        self.noise = 1 if levels == 2 else 2
        self.law, self.single = kind.law(space), kind.law(Image(1, 1, 1, levels))
        self.reads = tuple(range(self.columns)) * (1 + any_order)
        self.says = tuple(range(self.columns)) * (math.prod(self.law.outputs) // self.columns)
        self.register_buffer("start", torch.zeros(len(self.says)))

    def prepare(self, x: Tensor) -> None:
        if self.levels == 2:
            mean = (x.flatten(1).sum(0) + RARE) / (len(x) + 2 * RARE)
            self.start = torch.logit(mean).to(self.start.dtype)

    def cells(self, x: Tensor) -> Tensor:
        return x.flatten(1).to(self.start.dtype)

    def read(self, cells: Tensor) -> Tensor:
        there = ~torch.isnan(cells)
        level = torch.where(there, cells * (2 / (self.levels - 1)) - 1, 0.0)
        return torch.cat([level, there.to(cells.dtype)], 1) if self.any_order else level

    def read_one(self, column: int, cells: Tensor) -> Tensor:
        return self.read(cells[:, None])

    def log_prob(self, cells: Tensor, numbers: Tensor) -> Tensor:
        x, numbers = cells.view(-1, *self.space.shape), (numbers + self.start).view(-1, *self.law.outputs)
        return self.law.cell_log_prob(x, numbers).flatten(1)

    def log_prob_one(self, column: int, cells: Tensor, numbers: Tensor) -> Tensor:
        numbers = (numbers + self.start[column :: self.columns]).view(len(numbers), -1, 1, 1)
        return self.single.cell_log_prob(cells.view(-1, 1, 1, 1), numbers).flatten()

    def log_within(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x.flatten(1))

    def draw(
        self, column: int, numbers: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN, present: bool = False
    ) -> Tensor:
        numbers = numbers + self.start[column :: self.columns]
        return self.single.sample(numbers.view(len(numbers), -1, 1, 1), rng=rng, sharpness=sharpness).flatten()

    def whole(self, cells: Tensor, *, rng: Rng) -> Tensor:
        return cells.view(-1, *self.space.shape)


# Noise ---------------------------------------------------------------------------------------------------------------


@final
class Dealt(Rng):
    """A row's uniforms, drawn beforehand and dealt in turn: what is drawn does not depend on what is drawn together."""

    def __init__(self, levels: Tensor) -> None:
        self.levels, self.at = levels, 0  # (B, k)

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        wanted = math.prod(shape[1:])
        dealt = self.levels[:, self.at : self.at + wanted]
        self.at += wanted
        tiny = torch.finfo(like.dtype)
        return dealt.to(like.dtype).clamp(tiny.tiny, 1 - tiny.eps / 2).reshape(tuple(shape))

    def fork(self, tag: int) -> "Dealt":
        return Dealt(self.levels[:, self.at :])


@final
class Draw(NamedTuple):
    """How cells are drawn, one column at a time."""

    columns: Columnwise
    levels: Tensor  # (B, D, noise) uniforms
    sharpness: Sharpness = PLAIN
    present: bool = False  # missing is not drawn

    def __call__(self, d: int, numbers: Tensor) -> Tensor:
        rng = Dealt(self.levels[:, d])
        return self.columns.draw(d, numbers, rng=rng, sharpness=self.sharpness, present=self.present)
