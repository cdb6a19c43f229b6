r"""Diffusion: learn to take noise away, at every level of it; sample by starting from noise.

    x_sigma = x + sigma eps,   eps ~ N(0, I)                                            (1) noise
    D(x_sigma; sigma, c) = E[x | x_sigma, c],  the minimiser of E w(sigma) |x - D|^2    (2) denoiser
    dx / dsigma = (x - D(x; sigma, c)) / sigma,   from N(0, (1 + high^2) I) to the data (3) sampling
    log p(x | c) >= fit - rate                                                          (4) bound, in diffusion/bound.py
    log p(x | c) by the flow (3), an estimate                                           (5) in diffusion/likelihood.py

The bound is that of ancestral sampling in infinitely many steps, whatever the sampler; guidance leaves it.
Denoising diffusion probabilistic models (Ho et al., 2020), arXiv:2006.11239; Karras et al. (2022), arXiv:2206.00364
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.backbones import Network
from likely.backbones import denoiser as network_for
from likely.contracts import Bound, Denoises, Elbo, Estimate, Family, Lifted, Player, Space, Trained, Turn
from likely.diffusion import (
    DDPM,
    EDM,
    Ancestral,
    Climbs,
    Denoiser,
    Flows,
    Guided,
    Heun,
    Holes,
    Informed,
    Karras,
    Parametrisation,
    Preconditioned,
    Rungs,
    Sampler,
    Schedule,
    Shown,
    Variance,
    Walked,
    Way,
    Weight,
    beside,
    by_itself,
    check_within,
    continuous_bound,
    denoising_loss,
    descended,
    divergence,
    flow_likelihood,
    hidden,
    ladder_parts,
    shown,
)
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image, Series, Wave


@dataclass(frozen=True, kw_only=True)
class Diffusion(Family["Diffuses"]):
    """Diffusion over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    schedule: Schedule = Karras()  # which levels of noise are learned, and visited if nothing else is said
    parametrisation: Parametrisation = EDM()  # what the network predicts: noise, clean data, a velocity, EDM's mixture
    weight: Weight | None = None  # what an error counts at each level; none counts the network's own target as it is
    sampler: Sampler = Heun()  # how a sample walks down the levels
    descent: Schedule | None = None  # which levels a sample visits, within those learned; none visits these
    steps: int = 35  # network calls a sample: more is slower and closer to the model
    guidance: float = 1.0  # above 1 samples are more typical of their condition and less varied
    variance: Variance | None = None  # of DDPM's steps, and of the bound in so many; none: the least, Learned() learns
    drop: float = 0.1  # share of training rows whose condition is hidden: guidance above 1 needs some
    draws: int = 16  # levels a row in the bound: more is slower and less noisy
    holes: Holes | None = None  # of pictures, shown in part while it learns: completion is then learned, one walk a row
    network: Network | None = None  # the denoising network's shape; none chooses by the data
    rate: float = 2e-3  # the learning rate
    decay: float = 0.0  # weight decay

    def __post_init__(self) -> None:
        if self.steps < 1 or self.draws < 1:
            raise FieldError("Diffusion's steps and draws count network calls", expected="at least 1 of each")
        if not 0 <= self.drop < 1:
            raise FieldError(f"Diffusion.drop is {self.drop}", expected="a share from 0 to below 1")
        check_within(self.schedule, self.way.schedule)

    @property
    def way(self) -> Way:
        """The way a sample goes."""
        guide = None if self.guidance == 1 else partial(Guided, scale=self.guidance)
        return Way(self.descent or self.schedule, self.sampler, self.steps, guide)

    def build(self, space: Space, condition: Space | None = None) -> "Diffuses":
        model = DiffusionModel if self.holes is None else InformedDiffusionModel
        return model(self, space, condition)


class Diffuses(Bound, Climbs, Flows, Denoises, Trained):
    """p(x | c) as what a denoiser makes of noise."""

    def __init__(self, family: Diffusion, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        network = network_for(space, condition=condition, network=family.network, shown=family.holes is not None)
        self.denoiser = Preconditioned(network, family.parametrisation)
        self.variance = None if family.variance is None else family.variance.steps(space, condition)

    def denoise(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return self.denoiser(x_t, sigma, c)

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        ends = self.family.schedule
        return continuous_bound(
            self.denoise, x, c, low=ends.low, high=ends.high, draws=self.family.draws, rng=rng
        )  # (4)

    def rungs(self, x: Tensor, c: Tensor | None = None, *, steps: int, rng: Rng) -> Rungs:
        """The bound of so many ancestral steps, in its parts: its first, each step's, and its last."""
        levels = self.family.schedule.grid(steps + 1)[:-1]
        return ladder_parts(self.denoise, x, c, levels=levels, variance=self.variance, rng=rng)

    def likelihood(
        self, x: Tensor, c: Tensor | None = None, *, steps: int = 32, probes: int | None = 8, rng: Rng
    ) -> Estimate:
        ends = self.family.schedule
        return flow_likelihood(
            self.denoise, x, c, low=ends.low, high=ends.high, steps=steps, probes=probes, rng=rng
        )  # (5)

    # how it learns

    def players(self) -> dict[str, Player]:
        rate, decay = self.family.rate, self.family.decay
        own = {} if self.variance is None else {"variance": Player(self.variance, rate=rate, decay=decay, follows=True)}
        return {"denoiser": Player(self.denoiser, rate=rate, decay=decay), **own}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("denoiser", lambda: self.loss(x, c, rng=rng.fork(0)))
        if self.variance is not None:
            yield Turn("variance", lambda: self.step_loss(x, c, rng=rng.fork(1)))

    def loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """(2); without a weight, the mean squared error of the raw network's own target: w = 1 / out(sigma)^2."""
        family = self.family
        told = self.shown(x, rng=rng)
        return denoising_loss(
            self.denoiser, x, c, schedule=family.schedule, weight=family.weight, drop=family.drop, shown=told, rng=rng
        )  # (1), (2)

    @abstractmethod
    def shown(self, x: Tensor, *, rng: Rng) -> Tensor | None:
        """What the denoiser is shown of rows while it learns."""

    def step_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """What a step of the ladder adds to the bound, a number of a row: variances learn from it, means stand."""
        assert self.variance is not None
        assert self.family.variance is not None
        levels = self.family.schedule.grid(self.family.variance.rungs + 1)[:-1].to(x)
        at = rng.integers(len(levels) - 1, (len(x),), like=x)
        t, s = levels[at], levels[at + 1]
        z, told = x + beside(t, x) * rng.normal(x.shape, like=x), self._hidden(c, rng)
        with torch.no_grad():
            clean = self.denoise(z, t, told)
        return divergence(x, clean, t, s, self.variance(z, t, s, told)).mean() / x[0].numel()

    def _hidden(self, c: Tensor | None, rng: Rng) -> Tensor | None:
        return hidden(c, self.family.drop, like=next(self.parameters()), rng=rng)

    # how it samples

    @property
    def way(self) -> Way:
        return self.family.way

    @property
    def learned(self) -> Schedule:
        return self.family.schedule

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.walk(n, c, way=self.way, rng=rng).x  # (3)

    def walked(self, n: int, c: Tensor | None = None, *, way: Diffusion, rng: Rng) -> Walked:
        """Draws as `way` has it: its schedule, sampler, steps and guidance need not be those of training."""
        return self.walk(n, c, way=way.way, rng=rng)

    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        """By this way, DDPM's steps with the variances that were learned; they know nothing of another model's lead."""
        variance = self.variance
        if variance is not None and isinstance(way.sampler, DDPM) and by_itself(way.guide):
            way = replace(way, sampler=Ancestral(lambda z, t, s: variance(z, t, s, c)))
        return descended(self, n, c, way=way, rng=rng)


@final
class DiffusionModel(Diffuses):
    """A denoiser that sees noised rows alone."""

    def shown(self, x: Tensor, *, rng: Rng) -> Tensor | None:
        return None


@final
class InformedDiffusionModel(Diffuses, Informed):
    """A denoiser that learned to be shown a part of the row, in diffusion/holes.py."""

    def shown(self, x: Tensor, *, rng: Rng) -> Tensor | None:
        assert self.family.holes is not None
        assert isinstance(self.space, Image | Series | Wave)
        return shown(x, self.family.holes.known(self.space, len(x), like=x, rng=rng.fork(2)))

    def informed(self, x: Tensor, known: Tensor) -> Denoiser:
        return Shown(self.denoiser, shown(x, known))
