r"""WaveNet: a series or a sound, each moment given all before it, through gated dilated causal convolutions.

    p(x | c) = prod_t p(x_t | x_1, ..., x_{t-1}, c)                                                      (1)
    p(x_t | ...) = prod_d p(x_td | x_t1, ..., x_t(d-1), s_t),   s_t = f(x_1, ..., x_{t-1}, c)            (2)

f is a stack of dilated convolutions; inside a moment a masked perceptron reads s_t and the channels in their order. A
sound's moment is one level, a text's one token or its end; a row of a table is one moment, its columns the channels.
The law of a real is a mixture of logistics, after whether it is missing; levels and codes have a probability each.

Long rows are learned from blocks of moments, told the past that f can see; one of K stands for all of them:

    log p(x | c) = E_k[K sum_{t in block k} log p(x_t | ...)],   k uniform                               (3)

WaveNet: A Generative Model for Raw Audio (van den Oord et al., 2016), arXiv:1609.03499
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones import ByColumn, Dilated, MaskedMLP, context_of, dilations, encoder
from likely.contracts import (
    Continues,
    Density,
    Evidence,
    Family,
    Filled,
    Fills,
    Player,
    Prepared,
    Sharpness,
    Space,
    Trained,
    Turn,
)
from likely.distributions import PLAIN
from likely.distributions.asked import values_known
from likely.distributions.columnwise import Dealt, columnwise
from likely.distributions.moments import Moments
from likely.errors import FieldError
from likely.particles.parts import in_parts, of
from likely.raster.moments import MomentsCourse
from likely.rng import Rng
from likely.spaces import Tokens, Vector

FAINT = 0.1  # what the network says at first, beside the channels' own laws
SEEN = 16_384  # moments that the laws start from
TOGETHER = 1 << 16  # moments that are scored at one time: bounds memory
HELD, AHEAD = 1 << 22, 1 << 12  # inputs of a layer that particles hold, and uniforms of a row drawn, at a time


@final
@dataclass(frozen=True, kw_only=True)
class WaveNet(Family["WaveNetModel"]):
    """Dilated causal convolutions over series, sounds, texts and rows."""

    width: int = 48  # channels of the convolutions
    reach: int = 1024  # earlier moments that one stack sees; fewer where rows are shorter
    stacks: int = 2  # times the dilations go from 1 up: each sees as far again, and finer
    skips: int = 128  # numbers that say a moment's law, and units that read its channels
    components: int = 10  # of the mixture of logistics of each real
    bins: int = 256  # of each count: so many frequent counts have a probability of their own
    block: int = 4096  # moments of a long row that a step learns from; more is steadier and slower
    dropout: float = 0.0  # share of what a moment hears that is hidden in training; more where rows are few
    decay: float = 0.0  # of the weights, decoupled; more where rows are few
    rate: float = 2e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        least = {"width": 1, "reach": 1, "stacks": 1, "skips": 1, "components": 1, "bins": 2, "block": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise FieldError(f"WaveNet.{name} cannot be {getattr(self, name)}", expected=f"at least {lowest}")
        if not (0 <= self.dropout < 1 and 0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            told = f"WaveNet has dropout={self.dropout}, decay={self.decay} and rate={self.rate}"
            raise FieldError(told, expected="dropout from 0 to below 1, decay at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> "WaveNetModel":
        return WaveNetModel(self, space, condition)


@final
class WaveNetModel(Density, Continues, Fills, Trained, Prepared):
    """p(x | c), moment by moment."""

    def __init__(self, family: WaveNet, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.moments = family, Moments(space)
        self.channels = columnwise(self.moments.channels, components=family.components, bins=family.bins)
        length, context = self.moments.length, 0 if condition is None else family.skips
        self.told = None if condition is None else encoder(condition, family.skips)
        self.into = nn.Linear(len(self.channels.reads), family.width) if length > 1 else None
        self.first = nn.Parameter(0.1 * torch.randn(family.width)) if length > 1 else None
        dilated = dilations(min(family.reach, length - 1), family.stacks)
        self.stack = Dilated(family.width, family.skips, dilated, context=context)
        self.within = MaskedMLP(self.channels.reads, self.channels.says, hidden=(family.skips,),
                                context=family.skips, direct=True, faint=FAINT)  # fmt: skip

    # What it can answer

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        context, rows = self._context(c), max(1, TOGETHER // self.moments.length)
        if torch.is_grad_enabled() or len(x) <= rows:
            return self._log_prob(x, context)
        parts = [slice(at, at + rows) for at in range(0, len(x), rows)]
        return torch.cat([self._log_prob(x[at], None if context is None else context[at]) for at in parts])

    def _log_prob(self, x: Tensor, context: Tensor | None) -> Tensor:
        cells = self.moments.cells(x)
        told = self.cell_log_prob(cells, context, slice(0, self.moments.length))
        inside = self.channels.log_within(cells.flatten(0, 1)).reshape(len(x), -1)
        return told.flatten(1).sum(1) + inside.sum(1)  # (1)

    def cell_log_prob(self, cells: Tensor, context: Tensor | None, span: slice) -> Tensor:
        """log p of every cell at the moments of `span`, given all before it: (B, moments, channels)."""
        begin = max(0, span.start - self.stack.reach - 1)
        seen, asked = cells[:, begin : span.stop], slice(span.start - begin, None)
        coded = self.channels.cells(seen.flatten(0, 1)).reshape(seen.shape)
        read = self.channels.read(coded.flatten(0, 1)).unflatten(0, seen.shape[:2])
        said = self.stack(self._hidden(self._inputs(read)), context)[:, asked]
        heard = self._hidden(torch.relu(said)).flatten(0, 1)
        numbers = self.within(read[:, asked].flatten(0, 1).t(), heard.t())  # (2)
        told = self.channels.log_prob(coded[:, asked].flatten(0, 1), numbers.t()).reshape(coded[:, asked].shape)
        if (over := self.moments.over(cells)) is None:
            return told
        return torch.where(over[:, span], torch.where(torch.isnan(cells[:, span]), 0.0, -math.inf), told)

    def _hidden(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.family.dropout, self.training) if self.family.dropout else x

    def _inputs(self, read: Tensor) -> Tensor:
        """What f reads at each moment (B, T, width): the moment before; at the first one, a beginning."""
        if self.into is None or self.first is None:
            return read.new_zeros(*read.shape[:2], self.family.width)
        return torch.cat([self.first.expand(len(read), 1, -1), self.into(read[:, :-1])], 1)

    def _context(self, c: Tensor | None) -> Tensor | None:
        context = context_of(self.told, c)
        return None if context is None else context.summary

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        seen = self.moments.cells(x).flatten(0, 1)
        self.channels.prepare(seen[:: max(1, len(seen) // SEEN)])

    def players(self) -> dict[str, Player]:
        return {"wavenet": Player(self, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        blocks = -(-self.moments.length // self.family.block)
        at = int(rng.integers(blocks, (1,), like=self.stack.bias)) if blocks > 1 else 0
        yield Turn("wavenet", lambda: self.loss(x, c, at, blocks))

    def loss(self, x: Tensor, c: Tensor | None, at: int, blocks: int) -> Tensor:
        """Minus (3) for one block, the mean over rows."""
        size, cells = self.family.block, self.moments.cells(x)
        span = slice(at * size, min((at + 1) * size, self.moments.length))
        return -blocks * self.cell_log_prob(cells, self._context(c), span).flatten(1).sum(1).mean()  # (3)

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        nothing = self.stack.bias.new_zeros(n, 0, self.channels.columns)
        return self._whole(torch.stack([*self.following(nothing, c, sharpness=sharpness, rng=rng)], 1), rng)

    def continued(self, start: Tensor, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Iterator[Tensor]:
        if not isinstance(self.space, Vector):
            for cells in self.following(self._coded(start), c, sharpness=sharpness, rng=rng):
                yield self._whole(cells[:, None], rng)[..., 0]
            return
        row = torch.full((len(start), self.channels.columns), math.nan, dtype=start.dtype, device=start.device)
        row[:, : start.shape[1]] = start
        part = self._coded(row)[:, :, : start.shape[1]]
        (cells,) = self.following(part, c, sharpness=sharpness, rng=rng)
        yield from self._whole(cells[:, None], rng)[:, start.shape[1] :].unbind(1)

    @torch.no_grad()
    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known, held = values_known(evidence, "WaveNet"), particles * self.family.width * (1 + self.stack.reach)
        fill = lambda at, own: self._fill(x[at], known[at], of(c, at), particles, own)  # noqa: E731
        return in_parts(len(x), HELD // held, fill, rng=rng)

    def _fill(self, x: Tensor, known: Tensor, c: Tensor | None, particles: int, rng: Rng) -> Filled:
        said, begin = self.stack.by_moment(len(x), self._context(c)), self._begin(len(x))
        inside = self.within.by_column(len(x), torch.relu(said.start).t())
        course = MomentsCourse(self.channels, said, inside, begin, self._onward)
        return course.filled(x, known, self.moments, particles=particles, rng=rng)

    def _onward(self, cells: Tensor) -> Tensor:
        return self._begin(len(cells)) if self.into is None else self.into(self.channels.read(cells))

    @torch.no_grad()
    def following(self, known: Tensor, c: Tensor | None, *, sharpness: Sharpness, rng: Rng) -> Iterator[Tensor]:
        """Cells (B, channels) of one moment after another, those of `known` (B, k, channels) being given.

        Of a table's one moment `known` has the first columns.
        """
        part, known = (known[:, 0], known[:, :0]) if known.shape[2] < self.channels.columns else (None, known)
        said, x, over = self.stack.by_moment(len(known), self._context(c)), self._begin(len(known)), None
        levels = self._levels(len(known), self.moments.length - known.shape[1], rng)
        inside = self.within.by_column(len(known), torch.relu(said.start).t())
        for t in range(self.moments.length):
            heard = torch.relu(said.says(x))
            if t < known.shape[1]:
                cells = known[:, t]
            else:
                cells = self._moment(inside.again(heard.t()), next(levels), sharpness, part)
                cells = cells if over is None else cells.masked_fill(over, math.nan)
                yield cells
            over = torch.isnan(cells) if isinstance(self.space, Tokens) else None
            x = self._onward(cells)

    def _moment(self, inside: ByColumn, levels: Tensor, sharpness: Sharpness, part: Tensor | None) -> Tensor:
        """The channels of one moment in their order, each from its uniforms (B, channels, noise)."""
        columns: list[Tensor] = []
        for d in range(self.channels.columns):
            numbers = inside.says().t()
            if part is not None and d < part.shape[1]:
                columns.append(part[:, d])
            else:
                columns.append(self.channels.draw(d, numbers, rng=Dealt(levels[:, d]), sharpness=sharpness))
            if d + 1 < self.channels.columns:
                inside.know(self.channels.read_one(d, columns[-1]).t())
        return torch.stack(columns, 1)

    def _levels(self, rows: int, moments: int, rng: Rng) -> Iterator[Tensor]:
        """Uniforms (B, channels, noise) of each moment, drawn for many moments together."""
        each = (self.channels.columns, self.channels.noise)
        for done in range(0, moments, ahead := max(1, AHEAD // math.prod(each))):
            block = rng.uniform((rows, min(ahead, moments - done) * math.prod(each)), like=self.stack.bias)
            yield from block.view(rows, -1, *each).unbind(1)

    def _begin(self, rows: int) -> Tensor:
        return (self.stack.bias.new_zeros(1, self.family.width) if self.first is None else self.first).expand(rows, -1)

    def _coded(self, x: Tensor) -> Tensor:
        """(B, *shape) as cells that the channels' law has."""
        cells = self.moments.cells(x)
        return self.channels.cells(cells.flatten(0, 1)).reshape(cells.shape)

    def _whole(self, cells: Tensor, rng: Rng) -> Tensor:
        return self.moments.whole(self.channels.whole(cells.flatten(0, 1), rng=rng.fork(1)).reshape(cells.shape))
