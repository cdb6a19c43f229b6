r"""Multistep solvers: each leg remembers what the legs before it saw, so that one call a leg gives a high order.

With lambda = -log sigma the probability flow from t down to s, h = log(t / s), is an integral over what is seen alone:

    x_s = (s / t) x_t + integral_0^h e^{-(h - u)} D(u) du                               (1) exact
    x_s = (s / t) x_t + sum_j w_j D_j,   sum_j w_j u_j^k = integral_0^h e^{-(h - u)} u^k du = I_k           (2)
    I_0 = 1 - e^{-h},   I_k = h^k - k I_{k - 1};   of two looks alone, I_1 = h I_0 / 2   (3)

The weights (2) make (1) exact where D is a polynomial in u through what was seen at u_j = log(t / level_j). Of two
looks they are the papers' own, which differ by O(h^3), extrapolate less, and are nearer where legs are long.

    DPM-Solver++   u_0 = 0, here, and the order - 1 looks before it                     (4)
    UniPC          leaves by (4); what is seen on arrival joins the points of that leg, and x_s is mended   (5)

The first legs know less and have a lower order, but they lie where the flow is straight. A leg much longer than the one
before it leaves by two looks at most: a parabola does not reach so far.

DPM-Solver++ (Lu et al., 2022), arXiv:2211.01095; UniPC (Zhao et al., 2023), arXiv:2302.04867
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import final

import torch
from torch import Tensor

from likely.diffusion.sampler import KEPT, Leg, Look, Moved, Sampler, Seen, Stepper, along
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng

LONG = 1.75  # times the leg before


@final
@dataclass(frozen=True)
class DPMSolver(Sampler, Stepper):
    """DPM-Solver++ (Lu et al., 2022), 2M or 3M by its order: good samples in ten or twenty calls."""

    order: int = 2  # looks that a step rests on: 3 is closer in many steps, 2 sturdier in few, 1 is DDIM

    def __post_init__(self) -> None:
        _check_order(self.order)

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        here = Seen(t, look(x_t, t))
        return Moved(_advanced(x_t, reaching((here, *unbroken(past, t))[: self.order], s), t, s), here.clean)  # (4)


@final
@dataclass(frozen=True)
class UniPC(Sampler, Stepper):
    """Predictor and corrector from the same looks (Zhao et al., 2023): one order more than DPM-Solver++ has."""

    order: int = 2  # looks that a step rests on; the correction rests on one more

    def __post_init__(self) -> None:
        _check_order(self.order)

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        here, seen = Seen(t, look(x_t, t)), unbroken(past, t)
        if before := reaching(seen[: self.order], t):
            left = before[0].level
            x_t = x_t + _integral((here, *before), left, t) - _integral(before, left, t)  # (5)
        return Moved(_advanced(x_t, reaching((here, *seen)[: self.order], s), t, s), here.clean)  # (4)


def weights(levels: Sequence[Tensor], t: Tensor, s: Tensor) -> list[float]:
    """w in (2), for looks at these levels and a leg from t to s."""
    h, count = math.log(t / s), len(levels)
    moments = [-math.expm1(-h)]  # I_k / h^k
    for k in range(1, count):
        moments.append(moments[0] / 2 if count == 2 else 1 - k / h * moments[-1])  # (3)
    places = torch.tensor([math.log(t / level) / h for level in levels], dtype=torch.float64)
    powers = places ** torch.arange(count)[:, None]
    return torch.linalg.solve(powers, torch.tensor(moments, dtype=torch.float64)).tolist()  # (2)


def reaching(looks: tuple[Seen, ...], s: Tensor) -> tuple[Seen, ...]:
    """The looks by which a leg to s leaves from the first of them."""
    if len(looks) < 3 or s == 0 or math.log(looks[0].level / s) <= LONG * math.log(looks[1].level / looks[0].level):
        return looks
    return looks[:2]


def unbroken(past: Sequence[Seen], t: Tensor) -> tuple[Seen, ...]:
    """The looks whose levels fall strictly down to t: noise stirred in at one level breaks the way."""
    pairs = zip(past, [t, *(seen.level for seen in past)])
    return tuple(seen for seen, _ in takewhile(lambda pair: bool(pair[0].level > pair[1]), pairs))


def _advanced(x_t: Tensor, looks: Sequence[Seen], t: Tensor, s: Tensor) -> Tensor:
    if s == 0:
        return looks[0].clean
    return s / t * x_t + _integral(looks, t, s)  # (2)


def _integral(looks: Sequence[Seen], t: Tensor, s: Tensor) -> Tensor:
    """The sum in (2)."""
    w = weights([seen.level for seen in looks], t, s)
    return torch.stack([w_j * seen.clean for w_j, seen in zip(w, looks, strict=True)]).sum(0)


def _check_order(order: int) -> None:
    if not 1 <= order <= KEPT:
        raise FieldError(f"a multistep solver of order {order}", expected=f"an order from 1 to {KEPT}")
