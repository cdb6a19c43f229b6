"""A model that scores all places at once and draws them one after the other: a canvas, and a trunk that reads it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.backbones import Context, encoder
from likely.backbones.decoder import context_of
from likely.backbones.trunk import Trunk, Walk
from likely.contracts import (
    Density,
    Evidence,
    Filled,
    Fills,
    Player,
    Prepared,
    Sharpens,
    Sharpness,
    Space,
    Trained,
    Turn,
)
from likely.distributions import PLAIN
from likely.distributions.asked import values_known
from likely.particles.parts import in_parts, of
from likely.raster.canvas import Canvas
from likely.rng import Rng
from likely.spaces import Image

TOLD = 64  # numbers that a condition's summary is worth
BESIDE = 16  # planes of a condition's field
HELD, BEFORE = 1 << 21, 4  # numbers of a layer's row that particles hold at a time; rows that one keeps in a picture
TOGETHER = 1 << 22  # numbers of a layer that are held at a time when rows are scored without learning


class Telling(NamedTuple):
    """How much a condition says to a trunk: 0 where there is none."""

    summary: int
    places: int


@final
class Reading(nn.Module):
    """log p(x | c), as one network: a compiler sees trunk and law at once."""

    def __init__(self, canvas: Canvas, trunk: Trunk, reader: nn.Module | None) -> None:
        super().__init__()
        self.canvas, self.trunk, self.reader = canvas, trunk, reader

    def forward(self, x: Tensor, c: Tensor | None) -> Tensor:
        planes = self.canvas.planes(x)
        return self.canvas.log_prob(x, planes, self.trunk(planes, context_of(self.reader, c)))


@final
class Raster(Density, Sharpens, Fills, Trained, Prepared):
    """p(x | c) as a product over places in raster order."""

    def __init__(
        self,
        space: Space,
        condition: Space | None,
        canvas: Canvas,
        trunk: Callable[[Canvas, Telling], Trunk],
        *,
        rate: float,
        decay: float = 0.0,
    ) -> None:
        super().__init__(space, condition)
        self.rate, self.decay = rate, decay
        alike = isinstance(condition, Image) and (condition.height, condition.width) == canvas.size
        places = BESIDE if alike and not canvas.columns else 0
        reader = None if condition is None else encoder(condition, TOLD, places=places)
        self.reading = Reading(canvas, trunk(canvas, Telling(TOLD if reader else 0, places)), reader)

    # What it can answer

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        rows = self.together
        if torch.is_grad_enabled() or len(x) <= rows:
            return self.reading(x, c)
        parts = range(0, len(x), rows)
        return torch.cat([self.reading(x[at : at + rows], None if c is None else c[at : at + rows]) for at in parts])

    @property
    def together(self) -> int:
        """Rows that are scored at a time without learning."""
        trunk = self.reading.trunk
        return max(1, TOGETHER // (2 * trunk.width * trunk.size[0] * trunk.size[1]))

    @torch.no_grad()
    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known, trunk = values_known(evidence, "a model that draws place by place"), self.reading.trunk
        held = particles * trunk.width * trunk.size[1] * (BEFORE if trunk.size[0] > 1 else 1)

        def fill(at: slice, own: Rng) -> Filled:
            walk = self.walk(len(x[at]), of(c, at))
            return self.reading.canvas.fill(x[at], known[at], walk, particles=particles, rng=own)

        return in_parts(len(x), HELD // held, fill, rng=rng)

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.reading.canvas.prepare(x)

    def players(self) -> dict[str, Player]:
        return {"raster": Player(self, rate=self.rate, decay=self.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("raster", lambda: -self.reading(x, c).mean())

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        with torch.no_grad():
            return self.drawn(n, self.walk(n, c), sharpness=sharpness, rng=rng)

    def walk(self, n: int, c: Tensor | None = None) -> Walk:
        """The trunk's own walk over n pictures."""
        return self.reading.trunk.walk(n, self.context(c))

    def context(self, c: Tensor | None) -> Context | None:
        """What the condition says to the trunk."""
        return context_of(self.reading.reader, c)

    def drawn(self, n: int, walk: Walk, *, sharpness: Sharpness = PLAIN, rng: Rng) -> Tensor:
        """n draws along any walk of the trunk."""
        return self.reading.canvas.draw(n, walk, sharpness=sharpness, rng=rng)
