r"""Bins: numbers cut where they are frequent, with an exponential law inside each bin.

    p(x) = p(b) p(x | b),   p(x | b) = e^{s y} / Z_b(s),   y = |x - a_b|,   Z_b(s) = int_0^w e^{s y} dy      (1)
    s such that E[y | b] is the mean seen in the bin                                                         (2)

Of all densities with these masses and means of bins it has the greatest entropy: flat where the mean is in the middle,
leaning where it is not, an exponential tail where a bin has no end. A count is the floor of such a real: geometric.

With its bins, atoms and missing cells a number has finitely many states, as a category has: a table over states serves
columns of any kind. The states of a number are its bins, then its atoms, then missing; of a category its codes.
"""

import math
from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor, nn

from likely.contracts import Space
from likely.distributions.state import Cells, Range
from likely.rng import Rng
from likely.spaces import levels_of

HALVINGS = 60  # of the interval in which a slope is sought
STEEPEST = 1e4  # of s w: the largest share of a bin's values that may lie at one of its ends
VALUES, EACH = 256, 20  # so many values of a count may each have a bin of its own, where each is there so often


@final
class Bins(nn.Module):
    """The bins of every number of a space, what was seen in them, and the states of every column."""

    edges: Tensor  # (N, most - 1) ascending; inf where a column has fewer bins
    weight: Tensor  # (N, most) how much was seen in each bin
    total: Tensor  # (N, most) the sum of y
    numbers: Tensor  # (N,) which columns are numbers
    whole: Tensor  # (N,) bool: counts and levels
    top: Tensor  # (N,) the largest value
    sizes: Tensor  # (D,) how many states every column has
    start: Tensor  # (D,) where its states begin when all columns' states lie side by side

    def __init__(self, cells: Cells, most: int, alone: int = 0) -> None:
        super().__init__()
        self.few, most = most, max(most, alone if bool(cells.integer.any()) else 0)
        self.cells, self.most = cells, most
        numbers = (~cells.category).nonzero()[:, 0]
        sizes = torch.where(cells.category, cells.sizes, cells.sizes + most - 1)
        for name, values in (("numbers", numbers), ("whole", cells.integer[numbers]), ("top", cells.top[numbers])):
            self.register_buffer(name, values, persistent=False)
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("start", sizes.cumsum(0) - sizes, persistent=False)
        self.register_buffer("edges", self._first_edges())
        for name in ("weight", "total"):
            self.register_buffer(name, torch.zeros(len(numbers), most, dtype=torch.float64))

    # Where bins lie --------------------------------------------------------------------------------------------------

    def _first_edges(self) -> Tensor:
        """Before anything is seen: a standard normal's quantiles, the first counts, levels evenly."""
        share = torch.arange(1, self.most, dtype=torch.float64) / self.most
        steps = torch.ceil(share * self.top.clamp(max=1e9)[:, None])
        steps = torch.where(torch.isfinite(self.top)[:, None], steps, torch.arange(1, self.most).double())
        even = torch.where(steps.diff(dim=1, prepend=torch.zeros_like(steps[:, :1])) > 0, steps, math.inf)
        return torch.where(self.whole[:, None], even, torch.special.ndtri(share)).sort(1).values

    def prepare(self, x: Tensor) -> None:
        """Edges at the quantiles of these cells (B, D)."""
        ordinary = self.cells.split(x).ordinary
        for place, column in enumerate(self.numbers.tolist()):
            values = x[ordinary[:, column], column].double()
            if len(values):
                whole = bool(self.whole[place])
                alone = whole and len(values) >= EACH * len(torch.unique(values))
                found = _edges(values, self.most if alone else self.few, float(self.top[place]) if whole else None)
                self.edges[place] = math.inf
                self.edges[place, : len(found)] = found

    def _pieces(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of each bin (N, most): where y starts, in which direction it grows, how far, and whether the bin exists."""
        ends = torch.where(self.whole, 0.0, -math.inf)[:, None], (self.top + 1)[:, None]
        low = torch.cat([ends[0], self.edges], 1)
        high = torch.minimum(torch.cat([self.edges, ends[1]], 1), ends[1])
        exists = low < torch.where(self.whole[:, None], ends[1], math.inf)
        left = torch.isinf(low) & (low < 0)
        origin = torch.where(left, high, low).where(exists, 0.0)
        width = torch.where(left, math.inf, high - low).where(exists, 1.0)
        return origin, torch.where(left, -1.0, 1.0), width, exists

    def possible(self) -> Tensor:
        """Which of all columns' states, side by side, exist: (F,)."""
        possible = torch.ones(int(self.sizes.sum()), dtype=torch.bool, device=self.sizes.device)
        place = self.start[self.numbers][:, None] + torch.arange(self.most, device=possible.device)
        possible[place] = self._pieces()[3]
        return possible

    def numbered(self) -> Tensor:
        """Which of all columns' states, side by side, are bins: (F,)."""
        bins = torch.zeros(int(self.sizes.sum()), dtype=torch.bool, device=self.sizes.device)
        bins[self.start[self.numbers][:, None] + torch.arange(self.most, device=bins.device)] = True
        return bins

    # States ----------------------------------------------------------------------------------------------------------

    def states(self, x: Tensor, asked: Tensor | None = None) -> Tensor:
        """The state of each cell (B, D), -1 where it is not asked, or missing where that is no state."""
        split = self.cells.split(x, asked)
        at = self.numbers
        values = torch.where(split.ordinary[:, at], x[:, at], 0.0).double().T.contiguous()
        binned = torch.searchsorted(self.edges, values, right=True).T
        others = split.state[:, at] + torch.where(split.state[:, at] > 0, self.most - 1, 0)
        state = split.state.clone()
        state[:, at] = torch.where(split.ordinary[:, at], binned, others)
        return state

    def observe(self, x: Tensor, state: Tensor, w: Tensor) -> None:
        """Add the values x (B, D) of these states, with weights (B,)."""
        origin, sign, _, _ = self._pieces()
        inside, place = self._placed(state)
        y = sign.flatten()[place] * (x[:, self.numbers].double() - origin.flatten()[place])
        weight = torch.where(inside, w[:, None].double(), 0.0)
        seen = torch.where(inside, y.clamp(min=0), 0.0) * weight
        self.weight.view(-1).scatter_add_(0, place.flatten(), weight.flatten())
        self.total.view(-1).scatter_add_(0, place.flatten(), seen.flatten())

    def _placed(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Which numbers (B, N) lie in a bin, and in which of all bins end to end."""
        state = state[:, self.numbers]
        inside = (state >= 0) & (state < self.most)
        start = torch.arange(len(self.numbers), device=state.device) * self.most
        return inside, start + torch.where(inside, state, 0)

    # Laws inside bins ------------------------------------------------------------------------------------------------

    def slopes(self) -> Tensor:
        """s of every bin (N, most), with one pseudo-row whose y is what a flat law, or the column's scale, expects."""
        _, _, width, exists = self._pieces()
        step = self.whole[:, None].double()
        finite = torch.isfinite(width) & exists
        inner = torch.where(finite, width, 0.0).sum(1, keepdim=True) / finite.sum(1, keepdim=True).clamp(min=1)
        expected = torch.where(finite, (width - step) / 2, torch.where(inner > 0, inner, 1.0))
        mean = (self.total + expected) / (self.weight + 1)
        endless = torch.where(self.whole[:, None], -torch.log1p(1 / mean), -1 / mean)
        return torch.where(finite, _slope(mean, torch.where(finite, width, 1.0), step), endless)  # (2)

    def log_within(self, x: Tensor, state: Tensor) -> Tensor:
        """log p(values | states), summed over the columns: (B,)."""
        return self.log_within_each(x, state).sum(1)

    def log_within_each(self, x: Tensor, state: Tensor) -> Tensor:
        """The same for every number: (B, N)."""
        origin, sign, width, _ = (part.flatten() for part in self._pieces())
        slope = self.slopes().flatten()
        inside, place = self._placed(state)
        y = sign[place] * (torch.where(inside, x[:, self.numbers], 0.0).double() - origin[place])
        unit = torch.where(self.whole, log_norm(slope, torch.ones_like(slope))[place], 0.0)
        told = slope[place] * y + unit - log_norm(slope, width)[place]  # (1)
        return torch.where(inside, told, 0.0)

    def log_shares(self, span: Range) -> Iterator[Tensor]:
        """log of the share of each state's law that lies in the range: (B, states) of one column after the other."""
        pieces, place = (*self._pieces(), self.slopes()), 0
        for column, category in enumerate(self.cells.category.tolist()):
            codes = torch.arange(int(self.cells.sizes[column]), device=self.sizes.device)
            kept = (codes >= span.first[:, column, None]) & (codes <= span.last[:, column, None])
            told = torch.zeros_like(kept, dtype=torch.float64).masked_fill(~kept, -math.inf)
            if not category:
                origin, sign, width, _, slope = (part[place] for part in pieces)
                low, high = span.low[:, column, None], span.high[:, column, None]
                mass = _log_mass(*_between(low, high, origin, sign, width, self.whole[place]), slope)
                told, place = torch.cat([mass - log_norm(slope, width), told[:, 1:]], 1), place + 1
            yield told

    def draw(self, state: Tensor, span: Range, *, rng: Rng) -> Tensor:
        """Cells of these states (B, D), with values in the range."""
        origin, sign, width, _ = (part.flatten() for part in self._pieces())
        place = self._placed(state)[1]
        low, high = (part[:, self.numbers] for part in (span.low, span.high))
        start, end = _between(low, high, origin[place], sign[place], width[place], self.whole)
        level = rng.uniform(place.shape, like=low)
        y = start + _quantile(level, self.slopes().flatten()[place], (end - start).nan_to_num(0.0, math.inf))
        y = torch.where(self.whole, torch.minimum(y.floor(), width[place] - 1), y)
        value = torch.zeros_like(span.low)
        value[:, self.numbers] = torch.minimum(torch.maximum(origin[place] + sign[place] * y, low), high)
        coarse = torch.where(state >= self.most, state - self.most + 1, 0)
        return self.cells.join(torch.where(self.cells.category, state, coarse), value)


def bins_of(space: Space, most: int) -> Bins:
    """The states of a space's columns; levels are codes, or bins where there are more levels than bins."""
    many = (levels_of(space) or 0) > most
    return Bins(Cells(space, ordered=many), most, 0 if levels_of(space) else VALUES)


def learned(bins: Bins, cells: Tensor) -> Tensor:
    """The states of these cells (B, D), in bins that they have set."""
    bins.prepare(cells)
    state = bins.states(cells)
    bins.observe(cells, state, torch.ones_like(cells[:, 0]))
    return state


@final
class Middle(Rng):
    """No noise at all: `Bins.draw` gives medians."""

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        return torch.full(tuple(shape), 0.5, dtype=like.dtype, device=like.device)

    def fork(self, tag: int) -> "Middle":
        return self


def _edges(values: Tensor, most: int, top: float | None) -> Tensor:
    """Where bins begin, the first one left out: at quantiles, or at every value where there are few."""
    distinct, step = torch.unique(values), 1.0
    if top is None:
        middles = (distinct[1:] + distinct[:-1]) / 2 if len(distinct) > 1 else distinct
        cuts = torch.unique(_quantiles(values, most))
        cuts = middles if len(distinct) <= most else cuts[cuts > distinct[0]]
        return cuts if len(cuts) else middles[:1]
    ends = torch.cat([distinct, distinct + step]).unique()  # every value alone, as far as there are bins
    found = ends if len(ends) < most else torch.cat([_quantiles(values, most - 1), ends[:1] + step]).unique()
    return found[(found > 0) & (found <= top)][: most - 1]


def _quantiles(values: Tensor, parts: int) -> Tensor:
    """Values that cut them into so many equal parts (each one of them: no interpolation)."""
    ordered = values.sort().values
    return ordered[torch.arange(1, parts, device=values.device) * len(values) // parts]


def _between(
    low: Tensor, high: Tensor, origin: Tensor, sign: Tensor, width: Tensor, whole: Tensor
) -> tuple[Tensor, Tensor]:
    """The stretch of y, from and to, that a range of values leaves of a bin."""
    low, high = torch.where(whole, low.ceil(), low), torch.where(whole, high.floor() + 1, high)
    first, last = torch.where(sign > 0, low - origin, origin - high), torch.where(sign > 0, high - origin, origin - low)
    start = torch.minimum(first.clamp(min=0), width)
    return start, torch.maximum(torch.minimum(last, width), start)


def _log_mass(start: Tensor, end: Tensor, slope: Tensor) -> Tensor:
    """log of the integral of e^{s y} from start to end; -inf where there is nothing between."""
    begin = torch.where(end > start, start, 0.0)  # both may be infinite
    length = torch.where(end > start, end - begin, 0.0)
    return slope * begin + log_norm(slope, length)


def log_norm(slope: Tensor, width: Tensor) -> Tensor:
    """log Z(s) = log int_0^w e^{s y} dy, for finite widths, and infinite ones where s < 0."""
    endless = torch.isinf(width)
    w = torch.where(endless, 1.0, width)
    t = slope * w
    size = t.abs().clamp(min=1e-6)
    bent = torch.where(t.abs() < 1e-4, t / 2 + t.square() / 24, t.clamp(min=0) + (-torch.expm1(-size) / size).log())
    return torch.where(endless, -(-slope).clamp(min=1e-300).log(), w.log() + bent)


def _quantile(level: Tensor, slope: Tensor, width: Tensor) -> Tensor:
    """The y below which lies this share of e^{s y} on 0 .. w."""
    t = slope * torch.where(torch.isinf(width), 1.0, width)
    size = t.abs().clamp(min=1e-6)
    rising = 1 + torch.log1p((1 - level) * torch.expm1(-size)) / size
    falling = -torch.log1p(level * torch.expm1(-size)) / size
    share = torch.where(t.abs() < 1e-6, level, torch.where(t > 0, rising, falling))
    return torch.where(torch.isinf(width), torch.log1p(-level) / slope.clamp(max=-1e-300), share * width)


def _lean(t: Tensor) -> Tensor:
    """E[y / w] under e^{t y / w} on 0 .. w: 1 / (1 - e^-t) - 1 / t."""
    safe = torch.where(t.abs() < 1e-3, 1.0, t)
    return torch.where(t.abs() < 1e-3, 0.5 + t / 12, -1 / torch.expm1(-safe) - 1 / safe)


def _slope(mean: Tensor, width: Tensor, step: Tensor) -> Tensor:
    """The s at which E[y] is this mean, by bisection; of the floor of y where step is 1."""
    high = STEEPEST / width + 50 * step
    low = -high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = width * _lean(width * middle) - step * _lean(middle * step) < mean
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return (low + high) / 2
