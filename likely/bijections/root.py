"""The root of a rising function of one number, for many numbers at once: Newton's steps, kept inside a bracket."""

from collections.abc import Callable

import torch
from torch import Tensor

STEPS = 100  # enough for bisection alone to reach the last bit, from any bracket that a float64 can hold


def rising_root(function: Callable[[Tensor], tuple[Tensor, Tensor]], low: Tensor, high: Tensor) -> Tensor:
    """t in [low, high] where `function`, which gives (value, slope >= 0) and rises, crosses zero.

    A step of Newton's that would leave the bracket is a halving of it instead: no starting point, slope or rounding
    can make it diverge. Where the function keeps its sign, the nearer end of the bracket.
    """
    t = (low + high) / 2
    for _ in range(STEPS):
        value, slope = function(t)
        low, high = torch.where(value < 0, t, low), torch.where(value > 0, t, high)
        newton = t - value / slope
        inside = (newton >= low) & (newton <= high)  # at an end too: a step too small to be told has arrived
        moved = torch.where(value == 0, t, torch.where(inside, newton, (low + high) / 2))
        if bool(((moved - t).abs() <= torch.finfo(t.dtype).eps * t.abs()).all()):
            return moved
        t = moved
    return t
