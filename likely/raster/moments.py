"""Moments filled along time, and inside a moment channel after channel: known cells weigh, free ones are drawn."""

import math
from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.backbones.dilated import ByMoment
from likely.backbones.masked import ByColumn
from likely.contracts import Evidence, Filled
from likely.distributions.columnwise import Columnwise, Dealt
from likely.distributions.moments import Moments
from likely.particles.along import Course, later, told, walked
from likely.particles.annealing import Grouped
from likely.rng import Rng
from likely.spaces import Tokens

WITHIN = 1  # a fork of the noise: what no network says


class Told(NamedTuple):
    """What is known of rows."""

    cells: Tensor  # (B, T, channels), as the channels' law has them
    known: Tensor  # (B, T, channels) bool
    there: Tensor  # (B, T, channels) bool: a free cell is there

    def pick(self, rows: Tensor) -> "Told":
        """Of these rows."""
        return Told(*(part[rows] for part in self))


@final
class MomentsCourse(Course):
    """Moment by moment; where tokens end nothing more follows, and a free one may be the end if none is known later."""

    def __init__(
        self, channels: Columnwise, said: ByMoment, inside: ByColumn, begin: Tensor, onward: Callable[[Tensor], Tensor]
    ) -> None:
        self.channels, self.said, self.inside, self.x, self.onward = channels, said, inside, begin, onward
        self.over = torch.zeros(len(begin), dtype=torch.bool, device=begin.device)
        self.drawn: list[Tensor] = []

    def filled(self, x: Tensor, known: Tensor, moments: Moments, *, particles: int, rng: Rng) -> Filled:
        """x with what is not known drawn."""
        cells, self.ends = moments.cells(x), isinstance(moments.space, Tokens)
        coded = self.channels.cells(cells.flatten(0, 1)).view(cells.shape)
        held = moments.cells(known.float()) > 0
        there = later(held & ~torch.isnan(cells)) if self.ends else torch.ones_like(held)
        self.told = Told(coded, held, there)
        misses = torch.tensor(self.channels.misses, device=x.device)
        free, weighs, noise = ~held, held | there & misses, (self.channels.noise,)
        inside = torch.where(self.told.known, self.channels.log_within(cells.flatten(0, 1)).view(cells.shape), 0.0)
        found = walked(self, free.flatten(1), weighs.flatten(1), noise, particles=particles, rng=rng)
        found.log_mean = found.log_mean + inside.flatten(1).sum(1)
        drawn = torch.stack(self.drawn, 1).view(cells.shape).flatten(0, 1)
        whole = self.channels.whole(drawn, rng=Grouped(rng.fork(WITHIN), moments.length)).view(cells.shape)
        return told(x, Evidence(known), moments.whole(whole), found)

    def step(self, noise: Tensor) -> Tensor:
        t, d = divmod(len(self.drawn), self.channels.columns)
        if d == 0:
            self.inside = self.inside.again(torch.relu(self.said.says(self.x)).t())
        x, known = self.told.cells[:, t, d], self.told.known[:, t, d]
        numbers = self.inside.says().t()
        cells, weights = self.channels.stepped(d, numbers, x, known, rng=Dealt(noise))
        if self.ends:
            some = self.channels.stepped(d, numbers, x, known, present=False, rng=Dealt(noise))
            there = self.told.there[:, t, d]
            cells, weights = (torch.where(there, *each) for each in zip((cells, weights), some))
            late = torch.where(known & ~torch.isnan(x), -math.inf, 0.0)
            weights, cells = torch.where(self.over, late, weights), cells.masked_fill(self.over & ~known, math.nan)
            self.over = self.over | torch.isnan(cells)
        self._know(d, cells)
        return weights

    def _know(self, d: int, cells: Tensor) -> None:
        self.drawn.append(cells)
        if d + 1 < self.channels.columns:
            self.inside.know(self.channels.read_one(d, cells).t())
        else:
            self.x = self.onward(torch.stack(self.drawn[-self.channels.columns :], 1))

    def pick(self, rows: Tensor) -> None:
        self.said.pick(rows)
        self.inside.pick(rows)
        self.x, self.over, self.told = self.x[rows], self.over[rows], self.told.pick(rows)
        self.drawn = [cells[rows] for cells in self.drawn]
