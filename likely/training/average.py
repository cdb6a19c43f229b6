r"""The moving average of the weights, kept beside them and chosen (or not) after training.

    a_t = (1 - b_t) w_t + b_t a_{t-1},   b_t = ((t - k) / t)^(gamma + 1)                                            (1)

A power law forgets the start by itself and its width grows with the training, so no decay has to be tuned to the number
of steps; updating every k steps instead of every step changes nothing but the cost. gamma = 16.97 spreads the average
over about 5 % of the training.

Analyzing and Improving the Training Dynamics of Diffusion Models (Karras et al., 2024), arXiv:2312.02696
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor


@final
class Average:
    """The average of some weights."""

    def __init__(self, weights: Sequence[Tensor], *, power: float, every: int) -> None:
        self.weights = list(weights)
        self.power, self.every = power, every
        self.values = [w.detach().clone() for w in self.weights]

    def update(self, step: int) -> None:
        """Take in the weights after `step` steps, where it is their turn."""
        if step % self.every == 0 and self.values:
            kept = ((step - self.every) / step) ** (self.power + 1)
            with torch.no_grad():
                torch._foreach_lerp_(self.values, self.weights, 1 - kept)  # (1)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The model with the averaged weights, for as long as this lasts."""
        raw = [w.detach().clone() for w in self.weights]
        _copy(self.weights, self.values)
        try:
            yield
        finally:
            _copy(self.weights, raw)


def _copy(into: list[Tensor], values: list[Tensor]) -> None:
    if into:
        with torch.no_grad():
            torch._foreach_copy_(into, values)
