r"""The probability flow solved to a tolerance, each row in steps of its own.

    k_1 = f(y, v);  k_2 = f(y - h/2 k_1, v - h/2);  k_3 = f(y - 3h/4 k_2, v - 3h/4)
    y' = y - h (2 k_1 + 3 k_2 + 4 k_3) / 9,   k_4 = f(y', v - h), the next step's k_1    (1) order 3, three calls
    error = h (5/72 k_1 - 1/12 k_2 - 1/9 k_3 + 1/8 k_4)                                 (2) its distance from order 2
    h <- h min(5, max(1/5, 0.9 (tolerance / |error|)^{1/3}))                            (3)

f is (2) of `flow`; |error| is the root mean square over a row's cells, whose spread is near one. Where it exceeds the
tolerance the step is tried again, smaller. No more calls are made than were asked for: rows that have not come far
enough by then go the rest of the way in one step of Euler's.

A 3(2) pair of Runge-Kutta formulas (Bogacki & Shampine, 1989), doi:10.1016/0893-9659(89)90079-7
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.diffusion.flow import beside, drift
from likely.diffusion.sampler import Leg, Look, Moved, Sampler, Seen, Stepper, along
from likely.diffusion.schedule import Schedule
from likely.diffusion.solver import Euler
from likely.errors import FieldError
from likely.rng import Rng

FIRST = 0.5  # the first step, in log sigma
STAGES = 3  # calls a step, but for the first of all


@final
@dataclass(frozen=True)
class Adaptive(Sampler):
    """The flow to a tolerance, in at most as many calls as are given; `walked` says how many it took."""

    tolerance: float = 1e-3  # error a step, in units of the data's spread: less takes more calls

    def __post_init__(self) -> None:
        if not self.tolerance > 0:
            raise FieldError(f"a tolerance of {self.tolerance}", expected="a positive error")

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        """To the lowest level, and from there to the data in the last call."""
        if calls < 2 + STAGES:
            return Euler().plan(calls, schedule)
        return along((_Within(self.tolerance, calls - 1), Euler()), schedule)


class _Tried(NamedTuple):
    y: Tensor
    slope: Tensor
    error: Tensor  # (B,)


@final
@dataclass(frozen=True)
class _Within(Stepper):
    """One long leg, in as many steps as the tolerance needs and the calls allow."""

    tolerance: float
    calls: int

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        y, v = x_t / (1 + t**2).sqrt(), x_t.new_full((len(x_t),), float(t.log()))
        h, end, slope = torch.full_like(v, FIRST), float(s.log()), drift(look, y, v)
        for _ in range((self.calls - 1) // STAGES):
            left = v - end
            if not (left > 0).any():
                break
            h = torch.minimum(h, left)
            tried = _tried(look, y, v, h, slope)
            good = tried.error <= self.tolerance
            y = torch.where(beside(good, y), tried.y, y)
            slope = torch.where(beside(good, y), tried.slope, slope)
            v = torch.where(good, torch.where(h < left, v - h, end), v)
            h = h * (0.9 * (self.tolerance / tried.error.clamp(min=1e-30)) ** (1 / 3)).clamp(0.2, 5.0)  # (3)
        return _arrived(y, v, slope, s)


def _tried(look: Look, y: Tensor, v: Tensor, h: Tensor, k_1: Tensor) -> _Tried:
    """One step of (1) with its error (2)."""
    far = beside(h, y)
    k_2 = drift(look, y - far / 2 * k_1, v - h / 2)
    k_3 = drift(look, y - 3 * far / 4 * k_2, v - 3 * h / 4)
    there = y - far * (2 * k_1 + 3 * k_2 + 4 * k_3) / 9  # (1)
    k_4 = drift(look, there, v - h)
    error = far * (5 / 72 * k_1 - k_2 / 12 - k_3 / 9 + k_4 / 8)  # (2)
    return _Tried(there, k_4, error.square().flatten(1).mean(1).sqrt())


def _arrived(y: Tensor, v: Tensor, slope: Tensor, s: Tensor) -> Moved:
    """x at level s from where the rows are, most of them there; the last slope knows what was seen."""
    sigma = beside(v.exp(), y)
    wide = (1 + sigma**2).sqrt()
    clean = y / wide - wide * slope
    return Moved(clean + s / sigma * (wide * y - clean), clean)
