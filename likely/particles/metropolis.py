r"""Langevin moves on a law that is known up to its normaliser, tilted from a normal one.

    p_b(z) ~ N(z; 0, I) e^{b f(z)},   v_b(z) = b grad f(z) - z, cut where r |v| > 2 sqrt(2 r D)                     (1)
    z' = z + r v_b(z) + sqrt(2 r) eps                                                                              (2)
    kept with probability min(1, p_b(z') q(z | z') / p_b(z) q(z' | z)),   q the law of (2)                          (3)

With (3) the law of the rows stays p_b whatever the step r; without, it is off by order r, and there is nothing else to
choose between them: slopes are asked for once a move in both. A step whose share of kept moves is 0.57 goes farthest
(Roberts & Rosenthal, 1998). The cut: no slope carries a row farther than twice what the noise does. A row on a steep
wall would else be thrown beyond the other one, never be kept there, and stay where hardly any should be. Exponential
convergence of Langevin distributions and their discrete approximations (Roberts & Tweedie, 1996), Bernoulli 2
"""

import math
from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.particles.annealing import Peopled, beside
from likely.rng import Rng

BEST = 0.574  # the share of moves that should be kept
HASTE, LEAST, MOST = 0.1, 1e-7, 2.0  # how fast a step follows, and its ends
SOON = 0.7  # how fast it follows many rows at once


class Wandering(NamedTuple):
    """Rows on their way, with what is known of where they stand."""

    z: Tensor
    height: Tensor  # (B,): f
    slope: Tensor  # of it
    kept: Tensor  # (B,): whether the last move was kept


@final
class Tilted(Peopled[Wandering]):
    """(1): the chains of a height f over normal numbers; `held` ones of them (B, ...) stay as they `begin`, or 0."""

    def __init__(
        self, height: Callable[[Tensor], Tensor], like: Tensor, *,
        step: float | Tensor, adjusted: bool = True, held: Tensor | None = None, begin: Tensor | None = None,
    ) -> None:  # fmt: skip
        self.height, self.like, self.step, self.adjusted, self.held = height, like, step, adjusted, held
        self.begin = begin

    def start(self, *, rng: Rng) -> Wandering:
        noise = self._noise(rng)
        return self.at(noise if self.begin is None or self.held is None else torch.where(self.held, self.begin, noise))

    def _noise(self, rng: Rng) -> Tensor:
        noise = rng.normal(self.like.shape, like=self.like)
        return noise if self.held is None else noise.masked_fill(self.held, 0.0)

    def at(self, z: Tensor) -> Wandering:
        """Rows that stand here."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            height = self.height(z)
            (slope,) = torch.autograd.grad(height.sum(), z)
        return Wandering(z.detach(), height.detach(), slope, torch.ones_like(height, dtype=torch.bool))

    def gain(self, rows: Wandering, low: float | Tensor, high: float | Tensor) -> Tensor:
        return (high - low) * rows.height

    def move(self, rows: Wandering, b: float | Tensor, *, rng: Rng) -> Wandering:
        step, tilt = beside(self.step, rows.z), beside(b, rows.z)
        ahead = rows.z + self._carried(rows, tilt, step)
        there = self.at(ahead + reach(step) * self._noise(rng))  # (2)
        if not self.adjusted:
            return there
        back = there.z + self._carried(there, tilt, step)
        won = b * (there.height - rows.height) + 0.5 * (squares(rows.z) - squares(there.z))
        won = won + (squares(there.z - ahead) - squares(rows.z - back)) / (4 * self.step)
        kept = rng.uniform(won.shape, like=won).log() < won  # (3); what is no number is not kept
        return self.either(kept, there, rows)._replace(kept=kept)

    def _carried(self, rows: Wandering, tilt: float | Tensor, step: float | Tensor) -> Tensor:
        """r v of (1)."""
        drift = tilt * rows.slope - rows.z
        drift = drift if self.held is None else drift.masked_fill(self.held, 0.0)
        most = 2 * (2 * drift[0].numel() / self.step) ** 0.5
        return step * drift * beside((most / squares(drift).sqrt()).clamp(max=1.0), drift)

    def pick(self, rows: Wandering, at: Tensor) -> Wandering:
        return Wandering(*(part[at] for part in rows))

    def either(self, going: Tensor, moved: Wandering, rows: Wandering) -> Wandering:
        pairs = zip(moved, rows, strict=True)
        return Wandering(*(torch.where(going.view(-1, *(1,) * (a.dim() - 1)), a, b) for a, b in pairs))

    def follow(self, rows: Wandering, each: int) -> None:
        kept = rows.kept.view(-1, each).to(rows.z.dtype).mean(1)
        self.step = (self.step * torch.exp(SOON * (kept - BEST)).repeat_interleave(each)).clamp(LEAST, MOST)


def reach(step: float | Tensor) -> float | Tensor:
    """The standard deviation of (2)."""
    return (2 * step) ** 0.5


def squares(z: Tensor) -> Tensor:
    """|z|^2 of every row."""
    return z.flatten(1).square().sum(1)


def walked(way: Tilted, rows: Wandering, moves: int, *, rng: Rng) -> tuple[Wandering, float]:
    """So many moves, and the share of them that was kept."""
    kept = 0.0
    for _ in range(moves):
        rows = way.move(rows, 1.0, rng=rng)
        kept += float(rows.kept.double().mean()) / moves
    return rows, kept


def followed(step: float, kept: float, haste: float = HASTE) -> float:
    """The next step, by the share of moves that this one had kept."""
    return min(MOST, max(LEAST, step * math.exp(haste * (kept - BEST))))


def first_step(cells: int) -> float:
    """Where a step begins: the best one for so many normal numbers."""
    return 0.5 * (1.65**2) * max(1, cells) ** (-1 / 3) / 2
