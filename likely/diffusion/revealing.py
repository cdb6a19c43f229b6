r"""Revealing: hidden cells of a row are drawn a few at a time, each given all that were drawn before.

One at a time, in an order drawn at random, is the chain rule: a draw of the model, exactly. Several at a time are drawn
as if they were independent given those seen: fewer looks, and the model only as nearly as they are.

Which cells come next may lean to the surest (MaskGIT): that is a heuristic. It draws what is typical, and not the
model, even one at a time.

Chang et al. (2022), arXiv:2202.04200
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.contracts import Model, Sharpness
from likely.diffusion.conjecture import Asked, Conjecture
from likely.diffusion.hiding import Hiding, ranks
from likely.distributions import PLAIN
from likely.errors import FieldError
from likely.rng import Rng

HELD, TOGETHER = 1 << 20, 1024  # cells that are looked at at one time, in at most so many rows


class Reveal(ABC):
    """Which hidden cells come next: those of the smallest numbers."""

    @abstractmethod
    def turn(self, asked: Asked, drawn: Tensor, level: Tensor) -> Tensor:
        """A number for each cell (B, D), of what would be drawn there and of its own uniform `level`."""


@final
@dataclass(frozen=True)
class ByChance(Reveal):
    """In an order drawn at random: exact where cells come one at a time."""

    def turn(self, asked: Asked, drawn: Tensor, level: Tensor) -> Tensor:
        return level


@final
@dataclass(frozen=True)
class Surest(Reveal):
    """The likeliest draws first: a heuristic, typical rows rather than the model's."""

    noise: float = 1.0  # chance in the order; none takes the surest always, and draws much alike

    def __post_init__(self) -> None:
        if not self.noise >= 0:
            raise FieldError(f"Surest.noise is {self.noise}", expected="at least 0")

    def turn(self, asked: Asked, drawn: Tensor, level: Tensor) -> Tensor:
        return -asked.log_prob(drawn) + self.noise * (-level.log()).log()  # minus (log p + noise * Gumbel)


class Reveals(Model):
    """Reveals hidden cells in so many looks as are asked for, whatever it was built with."""

    @abstractmethod
    def reveal(
        self, n: int, c: Tensor | None = None, *, looks: int | None, sharpness: Sharpness = PLAIN, rng: Rng
    ) -> Tensor:
        """Draws of its rows; none looks once for every cell."""


class Walk(NamedTuple):
    """How hidden cells are revealed."""

    hiding: Hiding
    reveal: Reveal
    steps: int | None = None  # looks at a row; none, or at least as many as cells: one cell at a time
    sharpness: Sharpness = PLAIN
    present: bool = False  # no cell is missing

    def left(self, hidden: Tensor, looks: int) -> Tensor:
        """How many of so many hidden cells (B,) still are after so many looks."""
        if self.steps is None:
            return (hidden - looks).clamp(min=0)
        share = self.hiding.share(torch.tensor(max(0.0, 1 - looks / self.steps), dtype=torch.float64))
        several = torch.minimum((hidden * share).floor().long(), (hidden - looks).clamp(min=0))
        return torch.where(hidden <= self.steps, (hidden - looks).clamp(min=0), several)


@torch.no_grad()
def revealed(of: Conjecture, cells: Tensor, known: Tensor, context: Tensor | None, walk: Walk, *, rng: Rng) -> Tensor:
    """Cells (B, D) with those that are not known drawn."""
    order = rng.uniform(known.shape, like=known.double())
    levels = rng.uniform((*known.shape, of.noise), like=known.double())
    cells, size = cells.clone(), max(1, min(TOGETHER, HELD // known.shape[1]))
    for at in range(0, len(cells), size):
        rows = slice(at, at + size)
        own = None if context is None else context[rows]
        cells[rows] = _some(of, cells[rows], known[rows], own, walk, order[rows], levels[rows])
    return cells


def _some(
    of: Conjecture, cells: Tensor, known: Tensor, context: Tensor | None, walk: Walk, order: Tensor, levels: Tensor
) -> Tensor:
    """Some rows, with the uniforms of their own."""
    hidden = (~known).sum(1)
    looks = int(hidden.max()) if len(hidden) else 0
    for look in range(looks if walk.steps is None else min(looks, walk.steps)):
        asked = of.ask(cells, known, context, present=walk.present)
        drawn = cells
        if not isinstance(walk.reveal, ByChance):
            drawn = cells.clone()
            asked.draw_(drawn, ~known, levels, walk.sharpness)
        turn = walk.reveal.turn(asked, drawn, order).masked_fill(known, torch.inf)
        now = (~known).sum(1) - walk.left(hidden, look + 1)
        at = ~known & (ranks(turn) < now[:, None])
        asked.draw_(cells, at, levels, walk.sharpness)
        known = known | at
    return cells
