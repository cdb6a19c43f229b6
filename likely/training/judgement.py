"""A number for the weights that a model holds, with its standard error over the held-out rows: smaller is better."""

from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor


class Judgement(NamedTuple):
    """The measure, and how far other rows would move it where that can be told."""

    value: float
    error: float | None = None


def mean_of(losses: Tensor, weights: Tensor | None = None, *, apart: bool = True) -> Judgement:
    """The weighted mean, in float64; `apart` says that each row has a loss of its own."""
    losses = losses.double()
    shares = torch.ones_like(losses) if weights is None else weights.to(losses)
    shares = shares / shares.sum()
    value = (shares * losses).sum()
    error = float((shares * (losses - value)).square().sum().sqrt())
    return Judgement(float(value), error if apart and isfinite(error) else None)
