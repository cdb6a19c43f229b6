r"""Particles along a way of laws, weighed, drawn anew and moved at every one of them.

    b' > b:  the share of the weights  w p~_{b'}(x) / p~_b(x)  has come down to TARGET, or b' = 1                    (1)
    x <- drawn anew by w;  x <- T_{b'}(x), some moves whose length follows the share that is kept                    (2)
    at b = 1:  E[prod of the mean weights] = Z_1 / Z_0,   draws by w of p_1, the nearer the more particles there are (3)
    share = 1 / (k sum_a W_a^2),   W_a the weight of those that descend from the a-th that set out                   (4)

Every row goes by laws of its own choice, at its own pace; what stands beside it changes nothing. That steps and laws
are chosen by the particles themselves costs (3) an error that falls as they grow many.

Sequential Monte Carlo samplers (Del Moral, Doucet & Jasra, 2006), Journal of the Royal Statistical Society B 68
"""

from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from likely.particles.annealing import Grouped, Peopled
from likely.particles.population import Population
from likely.rng import Rng

S = TypeVar("S")

TARGET = 0.4  # the share that weights come down to: below ENOUGH, so that particles are drawn anew
LEVELS, MOVES, HALVINGS = 100, 4, 20  # laws at most; moves at each; halvings of the interval in which the next lies
START, ANEW, MOVED, ONE = 1, 2, 1 << 20, 3  # forks of the noise


class Tempered(NamedTuple, Generic[S]):
    """One of each row's particles at the way's end."""

    rows: S
    share: Tensor  # (B,): (4)
    log_evidence: Tensor  # (B,) float64: log of (3)


def tempered(way: Peopled[S], rows: int, particles: int, *, rng: Rng, device: torch.device) -> Tempered[S]:
    """The way's rows lie flat, `particles` of each of so many rows side by side."""
    folk, noise = Population(rows, particles, device=device), Grouped(rng, particles)
    states, b = way.start(rng=noise.fork(START)), folk.log_mean.clone()
    first = torch.arange(particles, device=device).repeat(rows)
    for level in range(LEVELS):
        going = (b < 1).repeat_interleave(particles)
        if not bool(going.any()):
            break
        ahead = _next(way, states, b, folk) if level < LEVELS - 1 else torch.ones_like(b)
        folk.weigh(way.gain(states, _each(b, particles), _each(ahead, particles)))
        if (places := folk.anew(rng=rng.fork(ANEW).fork(level))) is not None:
            states, first = way.pick(states, places), first[places]
        b = ahead
        for turn in range(MOVES):
            moved = way.move(states, _each(b, particles), rng=noise.fork(MOVED + level * MOVES + turn))
            way.follow(moved, particles)
            states = way.either(going, moved, states)
    one = folk.flat(folk.one(rng=rng.fork(ONE)))
    return Tempered(way.pick(states, one), _families(folk, first.view(rows, particles)), folk.log_evidence)


def _each(b: Tensor, particles: int) -> Tensor:
    return b.repeat_interleave(particles).float()


def _next(way: Peopled[S], states: S, b: Tensor, folk: Population) -> Tensor:
    """(1): (B,), by halving."""
    low, high = b.clone(), torch.ones_like(b)
    share = _share(way, states, b, high, folk)
    arrives = (share >= TARGET) | (b >= 1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        far = _share(way, states, b, middle, folk) < TARGET
        low, high = torch.where(far, low, middle), torch.where(far, middle, high)
    return torch.where(arrives, 1.0, high)


def _share(way: Peopled[S], states: S, b: Tensor, ahead: Tensor, folk: Population) -> Tensor:
    gain = way.gain(states, _each(b, folk.each), _each(ahead, folk.each)).double().view_as(folk.log_weights)
    weight = (folk.log_weights + gain).clamp(min=FAINTEST).softmax(1)
    return 1 / (weight.square().sum(1) * folk.each)


FAINTEST = -1e30  # of a log-weight: where none can be, all weigh the same


def _families(folk: Population, first: Tensor) -> Tensor:
    """(4)."""
    weight = folk.log_weights.clamp(min=FAINTEST).softmax(1)
    of = torch.zeros_like(weight).scatter_add_(1, first, weight)
    return 1 / (of.square().sum(1) * folk.each)
