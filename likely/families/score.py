r"""Score: the gradient of the log-density of rows with noise, at every level; samples wander along it as noise falls.

    x_sigma = x + sigma eps,   s(x_sigma; sigma, c) -> grad log p_sigma(x_sigma | c)    (1) score
    s minimises a matching loss: denoising, sliced or traced, in diffusion/matching.py  (2)
    x <- x + r sigma^2 s + sqrt(2 r) sigma eps, a few times at each of many levels      (3) annealed Langevin
    D(x_sigma; sigma, c) = x_sigma + sigma^2 s = E[x | x_sigma, c]                      (4) Tweedie
    log p(x | c) >= fit - rate                                                          (5) bound, in diffusion/bound.py

The bound is that of the reverse process in infinitely many steps, whatever the sampler; it needs no normaliser, for
levels go up to where all is noise. Samplers of any other kind walk (4). Guidance leaves the bound.
Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019), arXiv:1907.05600
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

from torch import Tensor

from likely.backbones import Network
from likely.backbones import denoiser as network_for
from likely.contracts import Bound, Denoises, Elbo, Estimate, Family, Lifted, Player, Space, Trained, Turn
from likely.diffusion import (
    AnnealedLangevin,
    Denoising,
    Descends,
    Flows,
    Geometric,
    Guided,
    Matching,
    Preconditioned,
    Sampler,
    Schedule,
    Walked,
    Way,
    check_within,
    continuous_bound,
    descended,
    flow_likelihood,
    score_of,
)
from likely.diffusion import Score as Scores
from likely.errors import FieldError
from likely.rng import Rng


@dataclass(frozen=True, kw_only=True)
class Score(Family["ScoreModel"]):
    """Score networks over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    schedule: Schedule = Geometric(low=0.01)  # which levels of noise are learned, and visited if nothing else is said
    matching: Matching = Denoising()  # what is lowered: sliced and traced never look at the noise, and are slower
    sampler: Sampler = AnnealedLangevin(size=0.5)  # how a sample comes down: wandering, or PredictorCorrector()
    descent: Schedule | None = None  # which levels a sample visits, within those learned; none visits these
    steps: int = 200  # network calls a sample: wandering leaves 5 % too much spread, twice as many calls half of it
    guidance: float = 1.0  # above 1 samples are more typical of their condition and less varied
    drop: float = 0.1  # share of training rows whose condition is hidden: guidance above 1 needs some
    draws: int = 16  # levels a row in the bound: more is slower and less noisy
    network: Network | None = None  # the score network's shape; none chooses by the data
    rate: float = 2e-3  # the learning rate
    decay: float = 0.0  # weight decay

    def __post_init__(self) -> None:
        if self.steps < 1 or self.draws < 1:
            raise FieldError("Score's steps and draws count network calls", expected="at least 1 of each")
        if not 0 <= self.drop < 1:
            raise FieldError(f"Score.drop is {self.drop}", expected="a share from 0 to below 1")
        check_within(self.schedule, self.way.schedule)

    @property
    def way(self) -> Way:
        """The way a sample goes."""
        guide = None if self.guidance == 1 else partial(Guided, scale=self.guidance)
        return Way(self.descent or self.schedule, self.sampler, self.steps, guide)

    def build(self, space: Space, condition: Space | None = None) -> "ScoreModel":
        return ScoreModel(self, space, condition)


@final
class ScoreModel(Bound, Descends, Flows, Denoises, Trained):
    """p(x | c) as what a score makes of noise."""

    def __init__(self, family: Score, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        family.matching.check(space)
        self.family = family
        self.denoiser = Preconditioned(network_for(space, condition=condition, network=family.network), Scores())

    def denoise(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return self.denoiser(x_t, sigma, c)  # (4)

    def score(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        """(1), row by row; sigma is (B,)."""
        return score_of(self.denoise, x_t, sigma, c)

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        ends, draws = self.family.schedule, self.family.draws
        return continuous_bound(self.denoise, x, c, low=ends.low, high=ends.high, draws=draws, rng=rng)  # (5)

    def likelihood(
        self, x: Tensor, c: Tensor | None = None, *, steps: int = 32, probes: int | None = 8, rng: Rng
    ) -> Estimate:
        ends = self.family.schedule
        return flow_likelihood(self.denoise, x, c, low=ends.low, high=ends.high, steps=steps, probes=probes, rng=rng)

    # how it learns

    def players(self) -> dict[str, Player]:
        return {"score": Player(self.denoiser, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("score", lambda: self.loss(x, c, rng=rng.fork(0)))

    def loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        family = self.family
        return family.matching.loss(self.denoiser, x, c, schedule=family.schedule, drop=family.drop, rng=rng)  # (2)

    # how it samples

    @property
    def way(self) -> Way:
        return self.family.way

    @property
    def learned(self) -> Schedule:
        return self.family.schedule

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.walk(n, c, way=self.way, rng=rng).x  # (3)

    def walked(self, n: int, c: Tensor | None = None, *, way: Score, rng: Rng) -> Walked:
        """Draws as `way` has it: its schedule, sampler, steps and guidance need not be those of training."""
        return self.walk(n, c, way=way.way, rng=rng)

    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        return descended(self, n, c, way=way, rng=rng)
