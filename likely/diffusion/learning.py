r"""Learning to denoise: rows with noise of many levels, one of each kind in every batch, and what an error counts.

    x_sigma = x + sigma eps,   sigma = level(t),  t uniform in the i-th of B equal parts for the i-th of B rows     (1)
    loss = mean w(sigma) |x - D(x_sigma; sigma, c~)|^2                                  (2)
    w = 1 / out(sigma)^2 if none is said: the error of the raw network's own target     (3)
    c~ = c, or the null condition in a share of the rows, which guidance needs          (4)

The parts of (1) are independent of the rows' own order, and the mean over them is less noisy than over free draws.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from likely.diffusion.flow import beside
from likely.diffusion.parametrisation import Preconditioned
from likely.diffusion.schedule import Schedule
from likely.diffusion.weight import Weight
from likely.rng import Rng
from likely.spaces import absent

Joined = Callable[[Tensor], Tensor]  # a batch's noise in the order of its rows


class Noised(NamedTuple):
    """Rows with noise."""

    x: Tensor
    sigma: Tensor  # (B,)
    noise: Tensor  # of unit size


def denoising_loss(
    denoiser: Preconditioned,
    x: Tensor,
    c: Tensor | None = None,
    *,
    schedule: Schedule,
    weight: Weight | None = None,
    drop: float = 0.0,
    joined: Joined | None = None,
    shown: Tensor | None = None,
    rng: Rng,
) -> Tensor:
    """(2) on these rows, a scalar; `joined` says the noise of each row, which is any noise if it is not said.

    A part of each clean row may be `shown` to the denoiser.
    """
    seen = noised(x, schedule, joined, rng=rng)
    clean = denoiser(seen.x, seen.sigma, hidden(c, drop, like=x, rng=rng), shown)
    counts = weighed(denoiser, seen.sigma, schedule, weight)
    return (beside(counts, x) * (clean - x) ** 2).mean()  # (2)


def noised(x: Tensor, schedule: Schedule, joined: Joined | None = None, *, rng: Rng) -> Noised:
    """(1): every row at a level of its own."""
    t = (torch.arange(len(x), device=x.device) + rng.uniform((len(x),), like=x)) / len(x)
    sigma, noise = schedule.level(t), rng.normal(x.shape, like=x)
    noise = noise if joined is None else joined(noise)
    return Noised(x + beside(sigma, x) * noise, sigma, noise)  # (1)


def weighed(denoiser: Preconditioned, sigma: Tensor, schedule: Schedule, weight: Weight | None = None) -> Tensor:
    """w at these levels, drawn by this schedule."""
    if weight is None:
        return denoiser.parametrisation.coefficients(sigma).out ** -2  # (3)
    return weight.weight(sigma, schedule)


def hidden(c: Tensor | None, drop: float, *, like: Tensor, rng: Rng) -> Tensor | None:
    """The condition, null in a share of the rows; the chances are drawn as precise as `like`."""
    if c is None or drop == 0:
        return c
    return torch.where(beside(rng.uniform((len(c),), like=like) < drop, c), absent(c), c)  # (4)
