r"""Moving averages of the weights, kept beside them; whether one is wanted, and how wide, is decided after training.

    a_t = (1 - b_t) w_t + b_t a_{t-1},   b_t = ((t - k) / t)^(gamma + 1)                                            (1)
    a_T is nearly the integral of p(t) w_t,   p(t) = (gamma + 1) t^gamma / T^(gamma + 1)                            (2)
    width = s.d. of p / T = sqrt((gamma + 1) / ((gamma + 2)^2 (gamma + 3)))                                         (3)

A power law forgets the start by itself and its width grows with the training, so no decay has to be tuned to the number
of steps; updating every k steps instead of every step changes nothing but the cost. Two are kept: gamma = 16.97 spreads
over 5 % of the training, 6.94 over 10 %. Any other width is nearly a mixture of the two:

    p is about p_1 + s (p_2 - p_1),   s = <p - p_1, p_2 - p_1> / |p_2 - p_1|^2                                      (4)
    <p_a, p_b> = (gamma_a + 1)(gamma_b + 1) / ((gamma_a + gamma_b + 1) T)                                           (5)

within 4 to 10 % for all widths from 4 to 12.5 %, as a share of |p|. A mixture's shares sum to 1, so that weights keep
their size. Analyzing and Improving the Training Dynamics of Diffusion Models (Karras et al., 2024), arXiv:2312.02696
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt
from typing import final

import numpy as np
import torch
from torch import Tensor

PLACES = ("average", "wide")  # of the tensors in a saved state
WIDTHS = (0.04, 0.06, 0.075, 0.1, 0.125)  # that the end of a training is judged at, beside the average's own


@final
class Average:
    """One or two averages of some weights, by the powers of their laws; each is half as often updated as the last."""

    def __init__(self, weights: Sequence[Tensor], *, powers: Sequence[float], every: int) -> None:
        self.weights, self.powers = list(weights), tuple(powers)
        self.every = tuple(every << i for i in range(len(self.powers)))
        self.values = [[w.detach().clone() for w in self.weights] for _ in self.powers]

    def update(self, step: int) -> None:
        """Take in the weights after `step` steps, where it is their turn."""
        if step % self.every[0] == 0 and self.weights:
            for values, power, every in zip(self.values, self.powers, self.every, strict=True):
                if step % every == 0:
                    kept = ((step - every) / step) ** (power + 1)
                    with torch.no_grad():
                        torch._foreach_lerp_(values, self.weights, 1 - kept)  # (1)

    @property
    def width(self) -> float:
        """Of the first, as a share of the training."""
        return width_of(self.powers[0])

    @property
    def others(self) -> tuple[float, ...]:
        """Other widths that can be had."""
        return WIDTHS if len(self.powers) == 2 else ()

    def tensors(self) -> dict[str, Tensor]:
        """What is saved."""
        held = zip(PLACES, self.values, strict=False)
        return {f"{place}/{i}": tensor for place, values in held for i, tensor in enumerate(values)}

    @contextmanager
    def shown(self, width: float) -> Iterator[None]:
        """The model with the weights averaged over this width, for as long as this lasts."""
        raw = [w.detach().clone() for w in self.weights]
        _copy(self.weights, self._mixed(width))
        try:
            yield
        finally:
            _copy(self.weights, raw)

    def _mixed(self, width: float) -> list[Tensor]:
        if width == self.width or not self.weights:
            return self.values[0]
        narrow, wide = self.values
        return list(torch._foreach_lerp(narrow, wide, share(width, *self.powers)))  # (4)


def width_of(power: float) -> float:
    """How wide a power law is, as a share of the training."""
    return sqrt((power + 1) / ((power + 2) ** 2 * (power + 3)))  # (3)


def power_of(width: float) -> float:
    """The power law of this width."""
    t = width**-2
    return float(np.roots([1, 7, 16 - t, 12 - t]).real.max())  # (3) solved


def share(width: float, narrow: float, wide: float) -> float:
    """Of the wide law, in the mixture nearest to the law of this width: below 0 or above 1 beyond the two."""
    wanted = power_of(width)
    apart = _inner(wide, wide) - 2 * _inner(narrow, wide) + _inner(narrow, narrow)
    return (_inner(wanted, wide) - _inner(wanted, narrow) - _inner(narrow, wide) + _inner(narrow, narrow)) / apart


def missed(width: float, narrow: float, wide: float) -> float:
    """How far that mixture is from the law of this width, as a share of the law's length."""
    wanted, s = power_of(width), share(width, narrow, wide)
    shares, powers = (1 - s, s, -1.0), (narrow, wide, wanted)
    squared = sum(a * b * _inner(p, q) for a, p in zip(shares, powers) for b, q in zip(shares, powers))
    return sqrt(max(squared, 0.0) / _inner(wanted, wanted))


def _inner(a: float, b: float) -> float:
    return (a + 1) * (b + 1) / (a + b + 1)  # (5), T = 1


def _copy(into: list[Tensor], values: list[Tensor]) -> None:
    if into:
        with torch.no_grad():
            torch._foreach_copy_(into, values)
