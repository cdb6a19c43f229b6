r"""Transformer: one cell after another, each given all before it.

    log p(x | c) = sum_t log p(x_t | x_{<t}, c)                                                                      (1)
    p(x_t | x_{<t}, c) = softmax(W h_t),   h = transformer(e(x_{t-1}) + place_t + told(c))                           (2)
    of a table, in an order o:   the law of cell o_t from W_{o_t} h_t,   h_t from cell o_{t-1} and the name o_t      (3)
    p(unknown | known) is the product of (3) over an order that has the known cells first                            (4)

A text's end is one more token, which only a row of full length lacks. Pixels come row by row, a pixel's channels one
after the other. A table is learned in orders drawn anew for every row. Drawing a cell costs one pass of one cell.

Attention Is All You Need (Vaswani et al., 2017), arXiv:1706.03762
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from likely.backbones.causal import Causal
from likely.backbones.cells import Cells
from likely.backbones.codes import Codes
from likely.contracts import (
    AnyOrder,
    Continues,
    Density,
    Evidence,
    Family,
    Filled,
    Fills,
    Model,
    Player,
    Prepared,
    Sharpens,
    Sharpness,
    Space,
    Spells,
    Trained,
    Turn,
)
from likely.distributions import PLAIN
from likely.distributions.asked import values_known
from likely.distributions.columnwise import Draw, columnwise
from likely.errors import FieldError
from likely.objectives import InAnyOrder, InRow
from likely.objectives.in_row import ended, so_far
from likely.rng import Rng
from likely.spaces import Image, Tokens, Vector

VALUES = 2  # a fork of the noise: values inside bins


@final
@dataclass(frozen=True, kw_only=True)
class Transformer(Family["TokensModel | PixelsModel | CellsModel"]):
    """Text, pixels, or the cells of a table in any order, one after another."""

    width: int = 128  # numbers in the stream of a cell; the cost grows with its square
    layers: int = 4  # each looks back once and thinks once
    heads: int = 4  # places that a layer looks back at, each with its own share of the width
    window: int = 256  # cells that a look reaches back; longer rows are learned in stretches of so many
    dropout: float = 0.0  # the share of what layers say that is left out in training; 0.1 to 0.3 for little data
    components: int = 10  # of a table: of the mixture of logistics of each real
    bins: int = 256  # of a table: so many frequent values of a count have a probability of their own
    decay: float = 0.1  # of the weights, decoupled
    rate: float = 2e-3  # the optimizer's step; wider networks want less

    def __post_init__(self) -> None:
        least = {"width": 2, "layers": 1, "heads": 1, "window": 1, "components": 1, "bins": 2}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise FieldError(f"Transformer.{name} cannot be {getattr(self, name)}", expected=f"at least {lowest}")
        if self.width % (2 * self.heads):
            raise FieldError(f"width {self.width} and {self.heads} heads", expected="an even share for each head")
        if not (0 <= self.dropout < 1 and 0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            told = f"dropout={self.dropout}, decay={self.decay}, rate={self.rate}"
            raise FieldError(told, expected="dropout below 1, decay at least 0, rate above")

    def build(self, space: Space, condition: Space | None = None) -> "TokensModel | PixelsModel | CellsModel":
        match space:
            case Tokens():
                return TokensModel(self, space, condition)
            case Image(levels=int(levels)):
                return PixelsModel(self, space, levels, condition)
            case Vector():
                return CellsModel(self, space, condition)
        raise FieldError(f"Transformer does not serve {space!r:.80}", expected="tables, texts, or images with levels")

    def network(self, length: int, *, rotary: bool = True) -> Causal:
        """For rows of this length."""
        window = min(self.window, length) if rotary else length
        return Causal(self.width, self.layers, self.heads, window=window, rotary=rotary, dropout=self.dropout)

    def players(self, model: Model) -> dict[str, Player]:
        return {"transformer": Player(model, rate=self.rate, betas=(0.9, 0.99), decay=self.decay)}


@final
class TokensModel(Density, Continues, Spells, Fills, Trained):
    """Texts. Code V, past the vocabulary's, ends a row; it is also what a row begins after."""

    space: Tokens

    def __init__(self, family: Transformer, space: Tokens, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.end = family, space.vocabulary
        self.chain = InRow(Codes(space, self.end, self.end + 1, family.network(space.length), condition))

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        x = x.long()
        strange = ((x >= 0) & ~so_far(x >= 0)) | (x >= self.end)  # more after the end, or no code: no row
        return self.chain.log_prob(ended(x, self.end), c).masked_fill(strange.any(1), -math.inf)

    def players(self) -> dict[str, Player]:
        return self.family.players(self)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("transformer", self.chain.loss(ended(x.long(), self.end), c, rng))

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        codes = self.chain.drawn(self.chain.levels(n, self.space.length, rng), c, sharpness, end=self.end)
        return torch.where(so_far(codes != self.end), codes, -1)

    def continued(self, start: Tensor, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Iterator[Tensor]:
        return self.continued_among(start, None, c, sharpness=sharpness, rng=rng)

    def continued_among(
        self, start: Tensor, among: Tensor | None, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng
    ) -> Iterator[Tensor]:
        levels = self.chain.levels(len(start), self.space.length - start.shape[1], rng)
        return self.chain.until_end(self.end, start.long(), c, levels, sharpness, among)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known = values_known(evidence, "Transformer")
        return self.chain.filled(x.long(), known, c, end=self.end, particles=particles, rng=rng)


@final
class PixelsModel(Density, Sharpens, Fills, Trained):
    """Images with levels."""

    space: Image

    def __init__(self, family: Transformer, space: Image, levels: int, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.levels, self.pixels = family, levels, math.prod(space.shape)
        self.chain = InRow(Codes(space, levels, levels, family.network(self.pixels), condition))

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        codes = self._codes(x)
        return self.chain.log_prob(codes, c).masked_fill((codes < 0).any(1), -math.inf)  # no image of the space

    def _codes(self, x: Tensor) -> Tensor:
        """(B, T) levels in raster order, -1 for what is none."""
        cells = x.movedim(1, -1).flatten(1)
        right = (cells >= 0) & (cells < self.levels) & (cells == cells.round())
        return torch.where(right, cells, -1).long()

    def players(self) -> dict[str, Player]:
        return self.family.players(self)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("transformer", self.chain.loss(self._codes(x), c, rng))

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        levels = self.chain.levels(n, self.pixels, rng)
        return self._picture(self.chain.drawn(levels, c, sharpness).to(levels.dtype))

    def _picture(self, codes: Tensor) -> Tensor:
        channels, height, width = self.space.shape
        return codes.view(-1, height, width, channels).movedim(-1, 1).contiguous()

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known = values_known(evidence, "Transformer").movedim(1, -1).flatten(1)
        told = self.chain.filled(self._codes(x), known, c, particles=particles, rng=rng)
        return replace(told, x=torch.where(evidence.known, x, self._picture(told.x.to(x.dtype))))


@final
class CellsModel(Density, Sharpens, AnyOrder, Trained, Prepared):
    """Tables. A cell that is NaN where its column is never missing comes last, and is left out."""

    space: Vector
    never: Tensor

    def __init__(self, family: Transformer, space: Vector, condition: Space | None) -> None:
        super().__init__(space, condition)
        columns = columnwise(space, components=family.components, bins=family.bins)
        network = family.network(columns.columns, rotary=False)  # an order says nothing of the cells
        cells = Cells(columns.columns, columns.reads, columns.says, network, condition)
        self.family, self.columns, self.chain = family, columns, InAnyOrder(columns, cells)
        never = torch.tensor([not column.missing for column in space.columns])
        self.register_buffer("never", never, persistent=False)  # missing

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.log_evidence(x, Evidence(torch.ones_like(x, dtype=torch.bool)), c)

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        known = self._known(x, evidence)
        told = self.chain.log_prob(self.columns.cells(x), known, c)
        return told + torch.where(known, self.columns.log_within(x), 0.0).sum(1).to(told.dtype)

    def _known(self, x: Tensor, evidence: Evidence) -> Tensor:
        return values_known(evidence, "Transformer") & ~(torch.isnan(x) & self.never)

    def disagreement(self, x: Tensor, c: Tensor | None = None, *, orders: int, rng: Rng) -> Tensor:
        cells = self.columns.cells(x)
        return torch.stack([self.chain(cells, self._order(x, rng), c).sum(1) for _ in range(orders)]).std(0)

    def _order(self, x: Tensor, rng: Rng) -> Tensor:
        """Drawn for each row."""
        level = rng.uniform(x.shape, like=x)
        return torch.where(torch.isnan(x) & self.never, 1 + level, level).argsort(1)

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.columns.prepare(x)

    def players(self) -> dict[str, Player]:
        return self.family.players(self)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        cells, order = self.columns.cells(x), self._order(x, rng)
        yield Turn("transformer", lambda: -self.chain(cells, order, c).sum(1).mean())

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        nothing = self.chain.network.asked.new_full((n, self.columns.columns), torch.nan)
        unknown, draw = torch.zeros_like(nothing, dtype=torch.bool), self._draw(nothing, sharpness, False, rng)
        return self.columns.whole(self.chain.drawn(nothing, unknown, c, draw), rng=rng.fork(VALUES))

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Each free cell is drawn given that it is present."""
        draw, cells = self._draw(x, PLAIN, True, rng), self.columns.cells(x)
        drawn = self.chain.drawn(cells, self._known(x, evidence), c, draw)
        return torch.where(evidence.known, x, self.columns.whole(drawn, rng=rng.fork(VALUES)))

    def _draw(self, cells: Tensor, sharpness: Sharpness, present: bool, rng: Rng) -> Draw:
        levels = rng.uniform((*cells.shape, self.columns.noise), like=cells.double())
        return Draw(self.columns, levels, sharpness, present)
