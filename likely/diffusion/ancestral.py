r"""Ancestral sampling: a leg from t to s draws from the posterior of x_s, the clean data taken for D(x_t; t).

    q(x_s | x_t, x) = N(x + (s/t)^2 (x_t - x), s^2 (1 - s^2/t^2))                       (1)
    DDPM   x_s ~ q(x_s | x_t, x = D)                                                    (2)
    DDIM   x_s = D + sqrt(s^2 - v^2) (x_t - D) / t + v eps,   v = eta s sqrt(1 - s^2/t^2)                   (3)

(3) has the marginals of (1) with any v; eta = 1 is (2), and eta = 0 is Euler's step of the probability flow.
`Ancestral` draws as (2), with other variances, such as learned ones.

Denoising diffusion implicit models (Song et al., 2021), arXiv:2010.02502
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.diffusion.sampler import Leg, Look, Moved, Sampler, Seen, Stepper, along
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng


@final
@dataclass(frozen=True)
class DDPM(Sampler, Stepper):
    """Ancestral sampling (Ho et al., 2020): a draw of each step's Gaussian posterior. Wants many steps."""

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        clean = look(x_t, t)
        if s == 0:
            return Moved(clean, clean)
        mean = clean + (s / t) ** 2 * (x_t - clean)
        return Moved(mean + s * (1 - (s / t) ** 2).sqrt() * rng.normal(x_t.shape, like=x_t), clean)  # (2)


@final
@dataclass(frozen=True)
class Ancestral(Sampler, Stepper):
    """Ancestral sampling with these variances of its steps: of z_t and the levels t and s of each row."""

    variance: Callable[[Tensor, Tensor, Tensor], Tensor]

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        clean = look(x_t, t)
        if s == 0:
            return Moved(clean, clean)
        mean = clean + (s / t) ** 2 * (x_t - clean)
        levels = (x_t.new_full((len(x_t),), float(level)) for level in (t, s))
        return Moved(mean + self.variance(x_t, *levels).sqrt() * rng.normal(x_t.shape, like=x_t), clean)


@final
@dataclass(frozen=True)
class DDIM(Sampler, Stepper):
    """From the deterministic flow to ancestral sampling (Song et al., 2021)."""

    eta: float = 0.0  # fresh noise a step: 0 none, 1 as much as DDPM

    def __post_init__(self) -> None:
        if not 0 <= self.eta <= 1:
            raise FieldError(f"DDIM's eta is {self.eta}", expected="a number from 0 to 1")

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        return along((self,) * calls, schedule)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        clean = look(x_t, t)
        if s == 0:
            return Moved(clean, clean)
        fresh = self.eta * s * (1 - (s / t) ** 2).sqrt()
        x_s = clean + (s**2 - fresh**2).sqrt() * (x_t - clean) / t  # (3)
        return Moved(x_s + fresh * rng.normal(x_t.shape, like=x_t) if self.eta else x_s, clean)
