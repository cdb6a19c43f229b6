r"""Particles along an order: cells drawn place after place, and weighed by every known one.

    x_t = what is known,  w <- w p(x_t | x_{<t})                                              where t is known       (1)
    x_t ~ p(x_t | x_{<t}, it is there),  w <- w P(it is there | x_{<t})                       where t is free        (2)
    a row's particles are drawn anew where their weights are uneven                          particles/population    (3)
    E[the means of w over (3)] = p(known, all others there)                                                          (4)

Known places that come before the first free one weigh all alike, and nothing weighs after the last: there one particle
of each row goes, and where all that is known comes first its draw is exact. The noise of a place belongs to its row and
particle, so that a row's draw does not depend on where its companions part and meet.

The more is known after what is free, the fewer particles are left of those that set out: their share says so.
Sequential Monte Carlo Methods in Practice (Doucet, de Freitas & Gordon, 2001)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from likely.contracts import Evidence, Filled
from likely.particles.population import Population
from likely.rng import Rng

ONE, ANEW, NOISE = 1 << 28, 1 << 29, 1 << 30  # forks: who is drawn in the end, who goes on from a place, its own noise


class Course(ABC):
    """Rows that are drawn in an order; a place's cells are known, or drawn, or some of each."""

    @abstractmethod
    def step(self, noise: Tensor) -> Tensor:
        """Through the next place, from uniforms (N, ...): (1) and (2), log-weights (N,)."""

    @abstractmethod
    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""


def walked(
    course: Course, free: Tensor, weighs: Tensor, noise: Sequence[int], *, particles: int, rng: Rng
) -> Population:
    """The course to its end; of each row and place whether a cell is free, and whether its particles may differ there.

    Both are (B, T). A step is given uniforms (N, *noise). One particle of each row is left.
    """
    rows, places = free.shape
    way = _Way(Population(rows, 1, device=free.device), course, particles, tuple(noise), rng)
    first, last = _ends(free.any(0), weighs.any(0))
    for place in range(places):
        if place == first <= last:
            way.part()
        way.step(place)
        if place == last and first <= last:
            way.meet()
    return way.population


def _ends(free: Tensor, weighs: Tensor) -> tuple[int, int]:
    """The first place where particles part, and the last where they are weighed."""
    parts, last = free.nonzero().flatten().tolist(), weighs.nonzero().flatten().tolist()
    return parts[0] if parts else len(free), last[-1] if last else -1


@final
class _Way:
    """Particles on their way."""

    def __init__(
        self, population: Population, course: Course, particles: int, noise: tuple[int, ...], rng: Rng
    ) -> None:
        self.population, self.course, self.particles, self.noise, self.rng = population, course, particles, noise, rng
        even = population.log_weights.new_zeros(len(population.log_weights), particles)
        self.mine = rng.fork(ONE).categorical(even)  # whose noise each row has while it is alone

    def part(self) -> None:
        self.course.pick(self.population.spread(self.particles))

    def meet(self) -> None:
        self.mine = self.population.one(rng=self.rng.fork(ONE))
        self.course.pick(self.population.flat(self.mine))
        evidence = self.population.log_evidence
        self.population.log_weights, self.population.log_mean = evidence.new_zeros(len(evidence), 1), evidence

    def step(self, place: int) -> None:
        like = self.population.log_weights
        levels = self.rng.fork(NOISE + place).uniform((len(like), self.particles, *self.noise), like=like)
        alone = self.population.each == 1
        told = self.course.step(levels[torch.arange(len(like), device=like.device), self.mine] if alone else
                                levels.flatten(0, 1))  # fmt: skip
        self.population.weigh(told)
        if not alone and (rows := self.population.anew(rng=self.rng.fork(ANEW + place))) is not None:
            self.course.pick(rows)


def told(x: Tensor, evidence: Evidence, drawn: Tensor, population: Population) -> Filled:
    """What is known, and the draws beside it."""
    filled = torch.where(evidence.known, x, drawn.to(x.dtype))
    return Filled(filled, population.share, population.log_evidence)


def later(true: Tensor) -> Tensor:
    """Where some later one of (B, T, ...) is true."""
    return true.long().flip(1).cumsum(1).flip(1) > true.long()
