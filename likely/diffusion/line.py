r"""The straight line from data to noise, in the share b of noise: a flow from b = 1 on, where nothing but noise is.

    x_b = (1 - b) x + b eps,   b in [0, 1],   (x, eps) of any pairing                   (1)
    v(x_b; b) = E[eps - x | x_b],   D(x_b; b) = E[x | x_b] = x_b - b v                  (2)
    dx_b / db = v = (x_b - D) / b                                                       (3)

(3) carries N(0, I) at b = 1 to the data at b = 0, whatever the pairing. It is the probability flow with b for sigma,
so every sampler that solves a flow solves it, with exactly standard noise at its start; Euler's step is the same in b
and in sigma = b / (1 - b), others differ. Samplers that add noise need a score, which only independent pairing has.

Flow matching for generative modeling (Lipman et al., 2023), arXiv:2210.02747
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.diffusion.adaptive import Adaptive
from likely.diffusion.ancestral import DDIM
from likely.diffusion.multistep import DPMSolver, UniPC
from likely.diffusion.sampler import Sampler
from likely.diffusion.schedule import Schedule
from likely.diffusion.solver import Euler, Heun


@final
@dataclass(frozen=True)
class Line(Schedule):
    """Shares of noise instead of levels, evenly down from nothing else."""

    low: float  # the last one above 0
    high: float = 1.0

    def level(self, t: Tensor) -> Tensor:
        return self.low + (self.high - self.low) * t

    def rate(self, sigma: Tensor) -> Tensor:
        return (self.high - self.low) / sigma

    def descent(self, t: Tensor) -> Tensor:
        return self.high - (self.high - self.low) * t

    def scale(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)


def line_for(sampler: Sampler, calls: int, *, low: float) -> Line:
    """Even legs from 1 to 0, all but the last ending above `low`; a sampler with legs of its own goes down to that."""
    if isinstance(sampler, Adaptive):
        return Line(low)
    return Line(max(low, 1 / len(sampler.plan(calls, Line(low)))))


def follows_flow(sampler: Sampler) -> bool:
    """Whether it solves the flow (3) and stirs in no noise."""
    match sampler:
        case Euler(churn=0) | Heun(churn=0) | DDIM(eta=0) | DPMSolver() | UniPC() | Adaptive():
            return True
    return False
