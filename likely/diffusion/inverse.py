r"""Inverse problems: drawing x given what was observed of it, y = A(x) + noise eps.

    D(x_t; y) = D(x_t) + sigma^2 grad log p(y | x_t)                                    (1) exact: Bayes' rule
    PiGDM     p(y | x_t) ~ N(A D(x_t), r^2 A A' + noise^2),  r^2 = sigma^2 s^2 / (sigma^2 + s^2)            (2)
    DPS       sigma^2 grad log p(y | x_t) ~ -scale sigma sqrt(1 + sigma^2) grad sqrt(M) |y - A D(x_t)|      (3)
    Replaced  x_t <- x_t + A+ (y + sigma' A eps - A x_t) before every leg,  sigma'^2 = sigma^2 - noise^2    (4)
    Repainted (4), every stretch of legs gone several times, with fresh noise between                       (5)

(2) takes the clean data for normal around what is seen, as they are where they are N(m, s^2 I): then it is exact. (3)
takes what is seen for the clean data, in steps whose length does not depend on how far off y is (M numbers); here they
shrink with the level, while theirs are the same in all of a thousand. By (4) the unknown learns of the known at the
next look alone, and by (5) it has more looks. None of them draws p(x | y) in general, in however many calls: how far
off they are on a mixture is measured in tests/diffusion/test_inverse.py.

Chung et al. (2023), arXiv:2209.14687; Song et al. (2023), openreview 9_gsMA8MRKQ; Song et al. (2021), arXiv:2011.13456;
RePaint (Lugmayr et al., 2022), arXiv:2201.09865
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, final

import torch
from torch import Tensor

from likely.contracts import Filled
from likely.diffusion.ancestral import DDIM
from likely.diffusion.flow import beside
from likely.diffusion.measured import Measured, Observed
from likely.diffusion.operator import LinearOperator, Operator
from likely.diffusion.sampler import Denoiser, Leg, Look, Moved, Sampler, Seen, Stepper, along
from likely.diffusion.schedule import Schedule
from likely.diffusion.way import Way, drawn
from likely.errors import FieldError
from likely.rng import Rng


class Reconstruction(ABC):
    """A way to draw rows of which something was observed; it holds nothing of the rows themselves."""

    word: ClassVar[str] = "heuristic"  # what its draws are: heuristic, or asymptotic

    @abstractmethod
    def draw(
        self, denoiser: Denoiser, measured: Measured, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None,
        *, like: Tensor, rng: Rng,
    ) -> Filled:  # fmt: skip
        """n rows, one for each that was observed; the particles' share is NaN where there are none."""


# Denoisers that know what was observed --------------------------------------------------------------------------------


class Pulled(NamedTuple):
    """What is seen of x_t, a number made of it, and that number's slope."""

    clean: Tensor
    value: Tensor
    slope: Tensor  # in x_t


def pulled(look: Callable[[Tensor], Tensor], x_t: Tensor, told: Callable[[Tensor], Tensor]) -> Pulled:
    """One look, and a gradient through it."""
    with torch.enable_grad():
        x_t = x_t.detach().requires_grad_()
        clean = look(x_t)
        value = told(clean)
        (slope,) = torch.autograd.grad(value.sum(), x_t)
    return Pulled(clean.detach(), value.detach(), slope)


def spread_at(sigma: Tensor, spread: float) -> Tensor:
    """r in (2)."""
    return spread * sigma / (sigma**2 + spread**2).sqrt()


class Approximation(Reconstruction):
    """An approximation of p(y | x_t), by which any sampler is led."""

    @abstractmethod
    def posterior(self, look: Callable[[Tensor], Tensor], x_t: Tensor, sigma: Tensor, measured: Measured) -> Tensor:
        """D(x_t; y)."""

    def draw(
        self, denoiser: Denoiser, measured: Measured, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None,
        *, like: Tensor, rng: Rng,
    ) -> Filled:  # fmt: skip
        led = Posterior(guided(denoiser, way), measured, self)
        return walked_blindly(led, replace(way, guide=None), shape, n, c, like=like, rng=rng)


@final
@dataclass(frozen=True)
class PiGDM(Approximation):
    """Pseudo-inverse guidance (Song et al., 2023): clean data normal around what is seen. Exact for one Gaussian."""

    spread: float = 1.0  # s, the standard deviation of the data: less trusts what is seen more
    scale: float = 1.0  # above 1 keeps closer to y than p(x | y) does

    def __post_init__(self) -> None:
        if not (self.spread > 0 and self.scale >= 0):
            raise FieldError(f"{self} guides nowhere", expected="a positive spread, a scale of at least 0")

    def posterior(self, look: Callable[[Tensor], Tensor], x_t: Tensor, sigma: Tensor, measured: Measured) -> Tensor:
        seen = pulled(look, x_t, lambda clean: measured.log_prob(clean, spread_at(sigma, self.spread)))
        return seen.clean + self.scale * beside(sigma, x_t) ** 2 * seen.slope  # (2)


@final
@dataclass(frozen=True)
class DPS(Approximation):
    """Diffusion posterior sampling (Chung et al., 2023): what is seen is taken for the clean data, whatever A is."""

    scale: float = 1.0  # of the steps towards y: more keeps closer to it, too much oscillates

    def __post_init__(self) -> None:
        if not self.scale >= 0:
            raise FieldError(f"DPS has a scale of {self.scale}", expected="at least 0")

    def posterior(self, look: Callable[[Tensor], Tensor], x_t: Tensor, sigma: Tensor, measured: Measured) -> Tensor:
        observed = measured.observed

        def length(clean: Tensor) -> Tensor:
            gap = (observed.y - observed.operator.forward(clean)).flatten(1)
            return (gap.square().sum(1) * gap.shape[1] + 1e-20).sqrt()

        seen = pulled(look, x_t, length)
        return seen.clean - self.scale * beside(sigma * (1 + sigma**2).sqrt(), x_t) * seen.slope  # (3)


@final
@dataclass(frozen=True)
class Posterior:
    """E[x | x_t, y], approximately: a denoiser around a denoiser, for every sampler."""

    denoiser: Denoiser
    measured: Measured
    by: Approximation = PiGDM()

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return self.by.posterior(lambda x: self.denoiser(x, sigma, c), x_t, sigma, self.measured)


# Samplers that know what was observed ---------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Replacing(Reconstruction):
    """Any sampler, what was observed put in its place before every leg (Song et al., 2021)."""

    def draw(
        self, denoiser: Denoiser, measured: Measured, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None,
        *, like: Tensor, rng: Rng,
    ) -> Filled:  # fmt: skip
        told = replace(way, sampler=Replaced(way.sampler, measured.observed))
        return walked_blindly(denoiser, told, shape, n, c, like=like, rng=rng)


@final
@dataclass(frozen=True)
class RePaint(Reconstruction):
    """Replacement, every stretch of `jump` legs gone `times` times (Lugmayr et al., 2022)."""

    times: int = 5  # each stretch is gone: more lets what is drawn agree with what is known
    jump: int = 5  # legs of a stretch
    steps: int = 250  # network calls, all in all

    def __post_init__(self) -> None:
        if self.times < 1 or self.jump < 1 or self.steps < 1:
            told = f"RePaint goes {self.times} times over {self.jump} legs in {self.steps} calls"
            raise FieldError(told, expected="at least one of each")

    def draw(
        self, denoiser: Denoiser, measured: Measured, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None,
        *, like: Tensor, rng: Rng,
    ) -> Filled:  # fmt: skip
        sampler = Repainted(measured.observed, self.times, self.jump)
        told = replace(way, sampler=sampler, steps=self.steps)
        return walked_blindly(denoiser, told, shape, n, c, like=like, rng=rng)


@final
@dataclass(frozen=True)
class Replaced(Sampler):
    """A sampler with (4)."""

    sampler: Sampler
    observed: Observed

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        legs = self.sampler.plan(calls, schedule)
        return tuple(leg._replace(by=_Placing(leg.by, self.observed)) for leg in legs)


@final
@dataclass(frozen=True)
class Repainted(Sampler):
    """A sampler with (5); legs for which there are not calls enough come first, where all is noise, and once."""

    observed: Observed
    times: int = 5  # each stretch is gone
    jump: int = 5  # legs of a stretch
    step: DDIM = DDIM(eta=1.0)  # how a leg is gone

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        stretches, once = divmod(calls, self.times * self.jump)
        single = along((self.step,) * (once + stretches * self.jump), schedule)
        legs = single[:once]
        for first in range(once, len(single), self.jump):
            legs += single[first : first + self.jump] * self.times  # (5)
        left = [None, *(leg.s for leg in legs[:-1])]
        return tuple(leg._replace(by=_Placing(leg.by, self.observed, at)) for leg, at in zip(legs, left, strict=True))


@final
@dataclass(frozen=True)
class _Placing(Stepper):
    """A leg that begins with (4) at its own level, to which x is brought from a lower one where it is there."""

    by: Stepper
    observed: Observed
    left: Tensor | None = None  # the level at which the leg before ended

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        if self.left is not None and self.left < t:
            x_t = x_t + (t**2 - self.left**2).sqrt() * rng.normal(x_t.shape, like=x_t)  # (5)
        moved = self.by.step(look, self._placed(x_t, t, rng), t, s, past=past, rng=rng)
        return moved if s > 0 else moved._replace(x=self._placed(moved.x, s, rng))

    def _placed(self, x_t: Tensor, t: Tensor, rng: Rng) -> Tensor:
        observed, operator = self.observed, _linear(self.observed.operator)
        if t < observed.noise:
            return x_t  # y is noisier
        fresh = (t**2 - observed.noise**2).sqrt() * operator.forward(rng.normal(x_t.shape, like=x_t))
        return x_t + operator.inverse(observed.y + fresh - operator.forward(x_t))  # (4)


def guided(denoiser: Denoiser, way: Way) -> Denoiser:
    """The denoiser as the way leads it."""
    return denoiser if way.guide is None else way.guide(denoiser)


def walked_blindly(
    denoiser: Denoiser, way: Way, shape: Sequence[int], n: int, c: Tensor | None, *, like: Tensor, rng: Rng
) -> Filled:
    """Where a walk ends; nobody weighs it."""
    x = drawn(denoiser, way, shape, n, c, like=like, rng=rng).x
    return Filled(x, x.new_full((n,), torch.nan))


def _linear(operator: Operator) -> LinearOperator:
    if isinstance(operator, LinearOperator):
        return operator
    raise FieldError(f"{operator} is not linear: nothing can be put in its place", expected="a linear operator",
                     remedy="DPS or particles, which need derivatives alone")  # fmt: skip
