r"""Twisted sequential Monte Carlo: particles that go down the levels, weighed by how well they fit what was observed.

    p(x_s | x_t) = N(D~ + (s/t)^2 (x_t - D~), s^2 (1 - s^2/t^2)),  D~ = D + h / 2h' (D - D')                (1) a leg
    psi_t(x_t) = p(y | x ~ N(D(x_t; t), r_t^2 I)),  r_t^2 = t^2 spread^2 / (t^2 + spread^2)                 (2) twist
    x_s ~ q = (1) with t^2 grad log psi_t(x_t) added to D~                              (3) move
    w <- w  p(x_s | x_t) psi_s(x_s) / (q(x_s | x_t) psi_t(x_t))                         (4) weight

D = D(x_t; t) and D' is what was seen a leg before; h = log(t / s), h' the same of that leg: DPM-Solver++ (2M) with as
much noise as ancestral sampling has. At the lowest level (2) is the likelihood itself, r being the noise that is left
there: so weighted particles have the law p(x_high ... x_low | y) of (1) in the limit of many, however poor (2) is
before, and the mean of all weights estimates p(y) without bias. What is left is the error of the legs, which more of
them lessen. Where a row's effective number of particles falls below half, they are drawn anew, systematically.

Practical and asymptotically exact conditional sampling in diffusion models (Wu et al., 2023), arXiv:2306.17775
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.contracts import Filled, log_mean_exp
from likely.diffusion.inverse import Pulled, Reconstruction, guided, pulled, spread_at
from likely.diffusion.measured import Measured
from likely.diffusion.sampler import Denoiser, Seen
from likely.diffusion.schedule import Schedule
from likely.diffusion.way import Way
from likely.distributions.resampled import effective_share
from likely.errors import FieldError
from likely.particles.population import ENOUGH, systematic
from likely.rng import Rng

LONG = 1.75  # times the leg before: a leg beyond this looks back at nothing
AT_ONCE = 1 << 18  # cells that the network sees together, with what it remembers for the gradient


@final
@dataclass(frozen=True)
class Twisted(Reconstruction):
    """Particles (Wu et al., 2023): draws of p(x | y) in the limit of many of them, and their share told."""

    particles: int = 32  # of each row: more are slower, and nearer to p(x | y)
    steps: int = 50  # network calls of each: more are nearer to the model's own law
    spread: float = 1.0  # standard deviation of the data, by which what is seen early is trusted
    word: ClassVar[str] = "asymptotic"

    def __post_init__(self) -> None:
        if self.particles < 1 or self.steps < 1 or not self.spread > 0:
            told = f"{self.particles} particles in {self.steps} steps, of a spread of {self.spread}, were asked for"
            raise FieldError(told, expected="at least 1 of each, and a positive spread")

    def draw(
        self, denoiser: Denoiser, measured: Measured, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None,
        *, like: Tensor, rng: Rng,
    ) -> Filled:  # fmt: skip
        ran = swarm(guided(denoiser, way), measured, way.schedule, shape, n, c, self, like=like, rng=rng)
        return ran.drawn(rng=rng)


@final
@dataclass(frozen=True)
class Particles:
    """Weighted draws of each row."""

    x: Tensor  # (P, B, *shape)
    log_weights: Tensor  # (P, B), float64
    share: Tensor  # (B,): the smallest effective number on the way, over their number
    log_evidence: Tensor  # (B,), float64: log of an unbiased estimate of p(y)

    def drawn(self, *, rng: Rng) -> Filled:
        """One of each row's particles, by their weights."""
        one = rng.categorical(self.log_weights.mT)
        return Filled(self.x[one, torch.arange(self.x.shape[1], device=self.x.device)], self.share, self.log_evidence)


def swarm(
    denoiser: Denoiser,
    measured: Measured,
    schedule: Schedule,
    shape: Sequence[int],
    n: int,
    c: Tensor | None = None,
    how: Twisted = Twisted(),
    *,
    like: Tensor,
    rng: Rng,
) -> Particles:
    """Particles of p(x | y) for n rows of this shape, each seen as often as `how` says."""
    ran = _Swarm(denoiser, measured, c, how.spread, (how.particles, n, *shape), like, rng)
    levels = schedule.grid(how.steps)
    ran.begin(levels[0])
    for t, s in pairwise(levels[:-1]):
        ran.move(t, s)
    return ran.end(levels[-2])


class _Swarm:
    """The particles on their way."""

    def __init__(
        self, denoiser: Denoiser, measured: Measured, c: Tensor | None, spread: float,
        size: tuple[int, ...], like: Tensor, rng: Rng,
    ) -> None:  # fmt: skip
        self.denoiser, self.measured, self.spread, self.size, self.rng = denoiser, measured, spread, size, rng
        self.c = None if c is None else c.repeat(size[0], *(1,) * (c.dim() - 1))
        self.like = like
        self.log_weights = torch.zeros(size[:2], dtype=torch.float64, device=like.device)
        self.log_evidence, self.share = self.log_weights[0].clone(), self.log_weights[0] + 1
        self.before: Seen | None = None

    def begin(self, t: Tensor) -> None:
        self.x = self._noise() * (1 + t**2).sqrt()
        self._weigh(t)

    def move(self, t: Tensor, s: Tensor) -> None:
        """From level t to level s: (1), (3), (4)."""
        _, value, slope = self.seen
        ahead, eps = self._ahead(t, s), self._noise()
        deviation, shift = s * (1 - (s / t) ** 2).sqrt(), (t**2 - s**2) * slope
        self.x = ahead + (s / t) ** 2 * (self.x - ahead) + shift + deviation * eps  # (3)
        ratio = (eps * shift / deviation + 0.5 * (shift / deviation) ** 2).double().flatten(2).sum(2)  # log q / p
        self.log_weights = self.log_weights - ratio - value  # (4)
        self.before = Seen(t, self.seen.clean)
        self._weigh(s)

    def _ahead(self, t: Tensor, s: Tensor) -> Tensor:
        """D~ of (1)."""
        clean, h = self.seen.clean, math.log(t / s)
        if self.before is None or h > LONG * (last := math.log(self.before.level / t)):
            return clean
        return clean + h / (2 * last) * (clean - self.before.clean)

    def end(self, low: Tensor) -> Particles:
        """The data that are likeliest, given where the particles are and y itself."""
        left = spread_at(low.to(self.x), self.spread)
        near = pulled(lambda x: x, self.seen.clean, lambda clean: self.measured.log_prob(clean, left))
        evidence = self.log_evidence + log_mean_exp(self.log_weights.mT)
        return Particles(near.clean + left**2 * near.slope, self.log_weights, self.share, evidence)

    def _noise(self) -> Tensor:
        particles, rows, *shape = self.size
        return self.rng.normal((rows, particles, *shape), like=self.like).transpose(0, 1)

    def _weigh(self, t: Tensor) -> None:
        """A look from level t, its weights, and where these are too uneven new particles."""
        self.seen = self._looked(t)
        self.log_weights = self.log_weights + self.seen.value
        share = effective_share(self.log_weights.mT)
        self.share = torch.minimum(self.share, share)
        level = self.rng.uniform((self.size[1],), like=self.log_weights)
        if bool((poor := share < ENOUGH).any()):
            self._resample(poor, level)

    def _resample(self, poor: Tensor, level: Tensor) -> None:
        """New particles in rows where they are poor."""
        stay = torch.arange(self.size[0], device=poor.device)[:, None]
        chosen = torch.where(poor, systematic(self.log_weights, level), stay)
        self.log_evidence = self.log_evidence + torch.where(poor, log_mean_exp(self.log_weights.mT), 0.0)
        self.log_weights = torch.where(poor, 0.0, self.log_weights)
        rows = torch.arange(self.size[1], device=poor.device)
        self.x, self.seen = self.x[chosen, rows], Pulled(*(each[chosen, rows] for each in self.seen))
        if self.before is not None:
            self.before = self.before._replace(clean=self.before.clean[chosen, rows])

    def _looked(self, t: Tensor) -> Pulled:
        """(2) and its gradient, so many particles at a time."""
        left = spread_at(t.to(self.x), self.spread)
        block = max(1, AT_ONCE // math.prod(self.size[1:]))
        parts = [self._part(slice(at, at + block), t, left) for at in range(0, self.size[0], block)]
        clean, value, slope = (torch.cat(each) for each in zip(*parts, strict=True))
        return Pulled(clean, value.double(), slope)

    def _part(self, at: slice, t: Tensor, left: Tensor) -> Pulled:
        x = self.x[at]
        c = None if self.c is None else self.c[: x.shape[0] * x.shape[1]]  # the same for every particle
        sigma = x.new_full((x.shape[0] * x.shape[1],), float(t))
        look = lambda x: self.denoiser(x.flatten(0, 1), sigma, c).unflatten(0, x.shape[:2])  # noqa: E731
        return pulled(look, x, lambda clean: self.measured.log_prob(clean, left))
