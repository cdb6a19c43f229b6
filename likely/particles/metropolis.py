r"""Langevin moves on a law that is known up to its normaliser, tilted from a normal one.

    p_b(z) ~ N(z; 0, I) e^{b f(z)},   v_b(z) = b grad f(z) - z                                                      (1)
    z' = z + r v_b(z) + sqrt(2 r) eps                                                                              (2)
    kept with probability min(1, p_b(z') q(z | z') / p_b(z) q(z' | z)),   q the law of (2)                          (3)

With (3) the law of the rows stays p_b whatever the step r; without, it is off by order r, and there is nothing else to
choose between them: slopes are asked for once a move in both. A step whose share of kept moves is 0.57 goes farthest
(Roberts & Rosenthal, 1998). Exponential convergence of Langevin distributions (Roberts & Tweedie, 1996), Bernoulli 2
"""

import math
from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.particles.annealing import Way
from likely.rng import Rng

BEST = 0.574  # the share of moves that should be kept
HASTE, LEAST, MOST = 0.1, 1e-7, 2.0  # how fast a step follows, and its ends


class Wandering(NamedTuple):
    """Rows on their way, with what is known of where they stand."""

    z: Tensor
    height: Tensor  # (B,): f
    slope: Tensor  # of it
    kept: Tensor  # (B,): whether the last move was kept


@final
class Tilted(Way[Wandering]):
    """(1): the chains of a height f over normal numbers."""

    def __init__(self, height: Callable[[Tensor], Tensor], like: Tensor, *, step: float, adjusted: bool = True) -> None:
        self.height, self.like, self.step, self.adjusted = height, like, step, adjusted

    def start(self, *, rng: Rng) -> Wandering:
        return self.at(rng.normal(self.like.shape, like=self.like))

    def at(self, z: Tensor) -> Wandering:
        """Rows that stand here."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            height = self.height(z)
            (slope,) = torch.autograd.grad(height.sum(), z)
        return Wandering(z.detach(), height.detach(), slope, torch.ones_like(height, dtype=torch.bool))

    def gain(self, rows: Wandering, low: float, high: float) -> Tensor:
        return (high - low) * rows.height

    def move(self, rows: Wandering, b: float, *, rng: Rng) -> Wandering:
        ahead = rows.z + self.step * (b * rows.slope - rows.z)
        there = self.at(ahead + math.sqrt(2 * self.step) * rng.normal(rows.z.shape, like=rows.z))  # (2)
        if not self.adjusted:
            return there
        back = there.z + self.step * (b * there.slope - there.z)
        won = b * (there.height - rows.height) + 0.5 * (squares(rows.z) - squares(there.z))
        won = won + (squares(there.z - ahead) - squares(rows.z - back)) / (4 * self.step)
        kept = rng.uniform(won.shape, like=won).log() < won  # (3); what is no number is not kept
        beside = kept.view(-1, *(1,) * (rows.z.dim() - 1))
        return Wandering(
            torch.where(beside, there.z, rows.z), torch.where(kept, there.height, rows.height),
            torch.where(beside, there.slope, rows.slope), kept,
        )  # fmt: skip


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
