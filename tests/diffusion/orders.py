"""How an error on shared paths falls with the steps, against the exact flow of a mixture."""

from functools import cache

import torch
from mixtures import flowed, start, three
from torch import Tensor

from likely.diffusion import Cosine, Geometric, Karras, Straight, generate
from likely.rng import Keyed

LOW, HIGH = 0.02, 20.0
SCHEDULES = [Karras(low=LOW, high=HIGH), Cosine(LOW, HIGH), Geometric(LOW, HIGH), Straight(LOW, HIGH)]


@cache
def truth(rows: int = 32) -> Tensor:
    """Where the flow takes shared noise."""
    return flowed(three(), start(SCHEDULES[0], rows), HIGH, LOW)


def path_error(sampler, schedule, calls: int, rows: int = 32) -> float:
    """The mean distance between where a sampler and the flow take the same noise."""
    drawn = generate(sampler, three().denoise, schedule, start(schedule, rows), calls=calls, rng=Keyed(0))
    return float((drawn - truth(rows)).norm(dim=1).mean())


def fitted_order(sampler, schedule, counts: tuple[int, ...]) -> float:
    """Minus the slope of log error against log steps."""
    steps = torch.tensor([float(len(sampler.plan(calls, schedule))) for calls in counts]).log()
    errors = torch.tensor([path_error(sampler, schedule, calls) for calls in counts]).log()
    steps, errors = steps - steps.mean(), errors - errors.mean()
    return -float((steps * errors).sum() / steps.square().sum())
