r"""Flow matching: learn the velocity of straight lines from data to noise; sample by going back from noise alone.

    x_b = (1 - b) x + b eps,   (x, eps) as a pairing joins them,   b in [0, 1]          (1) lines
    v(x_b; b, c) = E[eps - x | x_b, c],  the minimiser of E |eps - x - v|^2             (2) velocity
    dx_b / db = v(x_b; b, c),   from N(0, I) at b = 1 to the data                       (3) sampling
    log p(x | c) = log N(x_1; 0, I) + integral of div v db                              (4) estimate

(3) has the data's law whatever the pairing, and (4), of diffusion/likelihood.py, is the log-density of the rows that
(3) makes with the v that was learned, with noise of the lowest level. With independent pairing x_b - b v is the
denoiser at sigma = b / (1 - b), for any sampler; transport leaves (3) alone, in fewer steps. Guidance leaves (4).
Flow matching for generative modeling (Lipman et al., 2023), arXiv:2210.02747; Tong et al. (2024), arXiv:2302.00482
"""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

from torch import Tensor

from likely.adversarial import Noise
from likely.adversarial.filling import filled
from likely.backbones import Network
from likely.backbones import denoiser as network_for
from likely.contracts import (
    Denoises,
    Estimate,
    Estimated,
    Evidence,
    Family,
    Filled,
    Fills,
    Lifted,
    Player,
    Space,
    Trained,
    Turn,
)
from likely.diffusion import (
    Denoiser,
    Descends,
    Flow,
    Flows,
    Guide,
    Guided,
    Heun,
    Independent,
    Pairing,
    Preconditioned,
    Sampler,
    Schedule,
    Straight,
    Walked,
    Walks,
    Way,
    by_itself,
    denoising_loss,
    descended,
    follows_flow,
    line_for,
    line_likelihood,
    probed,
    walked,
)
from likely.diffusion.flow import beside
from likely.errors import FieldError
from likely.rng import Rng

LEGS = 10  # of the flow, where noise is sought that it takes to a row
DROWNED = 100.0  # the least highest level: sampling starts where nothing but noise is


@dataclass(frozen=True, kw_only=True)
class FlowMatching(Family["FlowMatchingModel | TransportedModel"]):
    """Flow matching over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    pairing: Pairing = Independent()  # which noise a row is joined with: Transport() straightens, for fewer steps
    schedule: Schedule = Straight(high=1000.0)  # which levels of noise are learned: shares of it evenly, or others more
    sampler: Sampler = Heun()  # how the flow is solved: Euler, Heun, Adaptive and others that stir in no noise
    steps: int = 25  # network calls a sample: more is slower and closer to the model
    guidance: float = 1.0  # above 1 samples are more typical of their condition and less varied
    drop: float = 0.1  # share of training rows whose condition is hidden: guidance above 1 needs some
    probes: int = 8  # directions a row in the estimate of log p: more are slower; all that there are leave no noise
    stages: int = 16  # steps of the solver in the estimate of log p: more are slower and closer
    network: Network | None = None  # the velocity network's shape; none chooses by the data
    rate: float = 2e-3  # the learning rate
    decay: float = 0.0  # weight decay

    def __post_init__(self) -> None:
        if self.steps < 1 or self.probes < 2 or self.stages < 2 or self.stages % 2:
            asked = f"FlowMatching has steps={self.steps}, probes={self.probes} and stages={self.stages}"
            raise FieldError(asked, expected="at least 1 step, at least 2 probes, an even number of stages")
        if not 0 <= self.drop < 1:
            raise FieldError(f"FlowMatching.drop is {self.drop}", expected="a share from 0 to below 1")
        if self.schedule.high < DROWNED:
            raise FieldError(f"FlowMatching would learn no level of noise above {self.schedule.high:.3g}",
                             expected=f"up to {DROWNED:.0f} at least, for it starts from noise alone",
                             remedy="schedule=Straight(high=1000)")  # fmt: skip
        if not follows_flow(self.sampler):
            raise stirring(self.sampler)

    @property
    def way(self) -> Way:
        """The way a sample goes."""
        guide = None if self.guidance == 1 else partial(Guided, scale=self.guidance)
        return Way(self.schedule, self.sampler, self.steps, guide)

    def build(self, space: Space, condition: Space | None = None) -> "FlowMatchingModel | TransportedModel":
        return (FlowMatchingModel if self.pairing.independent else TransportedModel)(self, space, condition)


def stirring(sampler: Sampler) -> FieldError:
    """What is wrong with a sampler that needs a score."""
    return FieldError(f"{sampler} stirs in noise, and FlowMatching's velocity knows none",
                      expected="a sampler that solves a flow: Euler(), Heun(), DPMSolver(), UniPC(), Adaptive()",
                      remedy="Diffusion or Score, for samplers that stir")  # fmt: skip


class Moving(Flows, Estimated, Trained):
    """p(x | c) as what a velocity makes of noise."""

    def __init__(self, family: FlowMatching, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        self.denoiser = Preconditioned(network_for(space, condition=condition, network=family.network), Flow())

    @abstractmethod
    def joined(self, x: Tensor, noise: Tensor, c: Tensor | None = None) -> Tensor:
        """The noise of each row of a batch."""

    def velocity(self, x_b: Tensor, share: Tensor, c: Tensor | None = None) -> Tensor:
        """(2), row by row; the share of noise is (B,), from 0 to 1."""
        return self.denoiser.network(x_b, share, c)

    def log_prob_estimate(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Estimate:
        stages, probes = self.family.stages, probed(self, self.family.probes)
        return self.likelihood(x, c, steps=stages, probes=probes, rng=rng)

    def likelihood(
        self, x: Tensor, c: Tensor | None = None, *, steps: int = 32, probes: int | None = 8, rng: Rng
    ) -> Estimate:
        low = self.family.schedule.low
        return line_likelihood(self.velocity, x, c, low=low, steps=steps, probes=probes, rng=rng)  # (4)

    # how it learns

    def players(self) -> dict[str, Player]:
        return {"velocity": Player(self.denoiser, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("velocity", lambda: self.loss(x, c, rng=rng.fork(0)))

    def loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """(2): an error of the clean rows x_b - b v over b is one of v."""
        joined, family = partial(self._joined, x, c), self.family
        return denoising_loss(
            self.denoiser, x, c, schedule=family.schedule, drop=family.drop, joined=joined, rng=rng
        )  # (1), (2)

    def _joined(self, x: Tensor, c: Tensor | None, noise: Tensor) -> Tensor:
        return self.joined(x, noise, c)

    # how it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.walked(n, c, way=self.family, rng=rng).x

    def walked(self, n: int, c: Tensor | None = None, *, way: FlowMatching, rng: Rng) -> Walked:
        """Draws as `way` has it: its sampler, steps and guidance need not be those of training."""
        return self.along(n, c, way=way.way, rng=rng)

    def along(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        """Draws down the line, in even legs whatever levels the way has."""
        start = rng.normal((n, *self.space.shape), like=next(self.parameters()))
        line = line_for(way.sampler, way.steps, low=_share(self.family.schedule.low))
        led = self._clean if way.guide is None else _guided(way.guide, self._clean)
        return walked(way.sampler, led, line, start, c, calls=way.steps, rng=rng)  # (3)

    @property
    def way(self) -> Way:
        return self.family.way

    @property
    def learned(self) -> Schedule:
        return self.family.schedule

    def _clean(self, x_b: Tensor, share: Tensor, c: Tensor | None = None) -> Tensor:
        """E[x | x_b] of the pairing."""
        return x_b - beside(share, x_b) * self.velocity(x_b, share, c)


@final
class FlowMatchingModel(Moving, Flows, Estimated, Descends, Denoises, Trained):
    """Of independent pairing: a denoiser, which any sampler can walk."""

    def joined(self, x: Tensor, noise: Tensor, c: Tensor | None = None) -> Tensor:
        return noise

    def denoise(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return self.denoiser(x_t, sigma, c)

    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        """Down its line; by levels where others are visited, noise is stirred in or another model leads."""
        own = way.schedule == self.learned and follows_flow(way.sampler) and by_itself(way.guide)
        return self.along(n, c, way=way, rng=rng) if own else descended(self, n, c, way=way, rng=rng)


@final
class TransportedModel(Moving, Walks, Flows, Estimated, Fills, Trained):
    """Of noise that was chosen for its row: a velocity, and no denoiser of other noise."""

    word, particles = "heuristic", 16

    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        if not follows_flow(way.sampler):
            raise stirring(way.sampler)
        if way.schedule != self.learned:
            raise FieldError("levels to visit were said, and a velocity of transported noise has its own line",
                             expected="other steps, or another sampler")  # fmt: skip
        return self.along(n, c, way=way, rng=rng)

    def joined(self, x: Tensor, noise: Tensor, c: Tensor | None = None) -> Tensor:
        return self.family.pairing.paired(x, noise, c, self.condition)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """Noise that the flow takes to what is known, by a tolerance: where it ends is the rest."""
        make = lambda z, rows: self._taken(z, None if c is None else c[rows])  # noqa: E731
        return filled(make, Noise(math.prod(self.space.shape)), x, evidence, particles=particles, rng=rng)

    def _taken(self, noise: Tensor, c: Tensor | None) -> Tensor:
        """The rows that noise (N, cells) flows to, in a few legs that a slope can follow back."""
        x = noise.unflatten(1, self.space.shape)
        for leg in range(LEGS):
            share = x.new_full((len(x),), 1 - leg / LEGS)
            x = x - self.velocity(x, share, c) / LEGS
        return x


def _guided(guide: Guide, clean: Denoiser) -> Denoiser:
    """A guide speaks of levels: sigma = b / (1 - b), without end where nothing but noise is."""
    led = guide(lambda x_b, sigma, c: clean(x_b, 1 - 1 / (1 + sigma), c))
    return lambda x_b, share, c: led(x_b, share / (1 - share), c)


def _share(sigma: float) -> float:
    return sigma / (1 + sigma)
