r"""One-step solvers of the probability flow, with fresh noise if wanted.

    dx / dsigma = d(x, sigma) = (x - D(x; sigma)) / sigma                               (1)
    Euler   x_s = x_t + (s - t) d(x_t, t)                                               (2) order 1, one call
    Heun    x_s = x_t + (s - t) (d(x_t, t) + d(Euler's x_s, s)) / 2                     (3) order 2, two calls
    churn   before either: t' = (1 + churn) t,  x_t' = x_t + sqrt(t'^2 - t^2) noise eps (4)

Elucidating the design space of diffusion-based generative models (Karras et al., 2022), arXiv:2206.00364
"""

import math
from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.diffusion.sampler import Leg, Look, Moved, Sampler, Seen, Stepper, along
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng


@final
@dataclass(frozen=True)
class Euler(Sampler, Stepper):
    """The simplest solver of the flow, with churn if wanted."""

    churn: float = 0.0  # noise put back before a step, as a share of its level: mends errors, needs more steps
    noise: float = 1.0  # the size of that noise: slightly above 1 keeps detail that denoisers lose

    def __post_init__(self) -> None:
        _check_churn(self.churn)

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        x_t, t = _stirred(x_t, t, self.churn, self.noise, rng)
        clean = look(x_t, t)
        return Moved(clean if s == 0 else x_t + (s - t) * (x_t - clean) / t, clean)  # (2)


@final
@dataclass(frozen=True)
class Heun(Sampler, Stepper):
    """EDM's sampler (Karras et al., 2022): few steps, each corrected once. The last one, to the data, is Euler's."""

    churn: float = 0.0  # noise put back before a step, as a share of its level: mends errors, needs more steps
    noise: float = 1.0  # the size of that noise: slightly above 1 keeps detail that denoisers lose
    floor: float = 0.0  # no noise is put back below this level
    ceiling: float = math.inf  # nor above this one

    def __post_init__(self) -> None:
        _check_churn(self.churn)

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        """Two calls a step, one in the last; where that is one short, one in the first, where the flow is straight."""
        first = (self._simple(schedule.high),) * (calls % 2 == 0)
        last = self._simple(schedule.low if calls > 1 else schedule.high)
        return along((*first, *(self,) * ((calls - 1) // 2), last), schedule)

    def _simple(self, level: float) -> Euler:
        return Euler(self._churn(level), self.noise)

    def _churn(self, level: float) -> float:
        return self.churn if self.floor <= level <= self.ceiling else 0.0

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        x_t, t = _stirred(x_t, t, self._churn(float(t)), self.noise, rng)
        clean = look(x_t, t)
        if s == 0:
            return Moved(clean, clean)
        slope = (x_t - clean) / t
        x_s = x_t + (s - t) * slope
        there = (x_s - look(x_s, s)) / s
        return Moved(x_t + (s - t) * (slope + there) / 2, clean)  # (3)


def _stirred(x_t: Tensor, t: Tensor, churn: float, noise: float, rng: Rng) -> tuple[Tensor, Tensor]:
    if churn == 0:
        return x_t, t
    higher = t * (1 + churn)
    return x_t + (higher**2 - t**2).sqrt() * noise * rng.normal(x_t.shape, like=x_t), higher  # (4)


def _check_churn(churn: float) -> None:
    if not 0 <= churn <= 1:
        raise FieldError(f"a sampler's churn is {churn}", expected="a number from 0 to 1; EDM uses at most 0.41")
