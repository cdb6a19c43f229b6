r"""Mixture of Gaussians: every row belongs, by shares, to a few clouds.

    p(x)  = sum_t w_t p(x | t),   p(x | t) = N(real cells; mu_t, C_t) times tables of the rest   (1)
    r_it  = w_t p(x_i | t) / p(x_i)                                                           (2) E-step
    w_t   = N_t / N,   mu_t, C_t = mean and covariance of the rows weighted by r_it           (3) M-step
    BIC   = 2 sum_i log p(x_i) - (free numbers) log N                                         (4) how many clouds

Missing cells are integrated out and their expected statistics put for them; atoms and missing cells are states, drawn
beside the values. All numbers of components and all starts are learned together: a pass over the data is one step of
each. A condition of classes has a mixture for each; any other table is modelled jointly and conditioned.
Maximum Likelihood from Incomplete Data via the EM Algorithm (Dempster, Laird & Rubin, 1977)
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.contracts import Classed, Completes, Counted, Density, Evidence, Family, Lifted, Prepared, Space
from likely.distributions.components import Components, Prior, spread_of
from likely.distributions.conditioned import Conditioned
from likely.distributions.counted import Moments
from likely.distributions.covariance import Covariance, Full
from likely.distributions.embedding import Embedding
from likely.distributions.kmeans import distances, seeds, settled
from likely.distributions.passes import Passes
from likely.errors import EmptyData, FieldError
from likely.rng import Keyed, Rng

NEW, ASSIGNING, STEPPING, DONE = range(4)  # what the next pass is for: moments, a start, a step of EM, more rows


class Criterion(ABC):
    """How many components are chosen where they are not given."""

    @abstractmethod
    def tried(self) -> tuple[int, ...]:
        """The numbers of components to learn."""

    @abstractmethod
    def value(self, log_likelihood: Tensor, free: Tensor, rows: Tensor) -> Tensor:
        """What the chosen one has most of."""


@final
@dataclass(frozen=True)
class BIC(Criterion):
    """The Bayesian information criterion: each free number must earn half the log of the number of rows."""

    upto: int = 8  # the largest number of components tried: all from 1 on are

    def __post_init__(self) -> None:
        if self.upto < 1:
            raise FieldError(f"BIC.upto cannot be {self.upto}", expected="at least 1")

    def tried(self) -> tuple[int, ...]:
        return tuple(range(1, self.upto + 1))

    def value(self, log_likelihood: Tensor, free: Tensor, rows: Tensor) -> Tensor:
        return 2 * log_likelihood - free * rows.log()  # (4)


@dataclass(frozen=True, kw_only=True)
class GaussianMixture(Family["GaussianMixtureModel"]):
    """Clouds of rows, each a Gaussian."""

    pictures: ClassVar[Lifted | None] = Lifted.DEQUANTISED

    components: int | Criterion = BIC()  # how many clouds: more follow the data closer; BIC() chooses
    covariance: Covariance = Full()  # their shape: Tied(), Diagonal(), Spherical(), Factors() have fewer numbers
    starts: int = 1  # different starts of every number of components: more find a better mixture, slower
    passes: int = 200  # steps of EM, each a pass over the data, at most
    tolerance: float = 1e-4  # nats a row that a step must gain to go on: less fits longer
    strength: float = 1.0  # pseudo-rows, as wide as the clouds are on average, in each: more makes small ones alike
    floor: float = 1e-6  # the share of a column's overall variance that is added to every cloud's
    smoothing: float = 1.0  # pseudo-rows of the overall law of choices, atoms and counts in each cloud

    def __post_init__(self) -> None:
        whole = {"starts": self.starts, "passes": self.passes}
        if isinstance(self.components, int):
            whole["components"] = self.components
        for name, value in whole.items():
            if value < 1:
                raise FieldError(f"GaussianMixture.{name} cannot be {value}", expected="at least 1")
        for name in ("tolerance", "strength", "floor", "smoothing"):
            if not 0 <= getattr(self, name) < math.inf:
                raise FieldError(
                    f"GaussianMixture.{name} cannot be {getattr(self, name)}", expected="0 or a positive number"
                )

    def build(self, space: Space, condition: Space | None = None) -> "GaussianMixtureModel":
        return GaussianMixtureModel(self, space, condition)


@final
class GaussianMixtureModel(Density, Counted, Completes, Classed, Prepared):
    """Expected statistics of every candidate: a number of components and a start."""

    stage: Tensor
    steps: Tensor  # of EM, done
    prototypes: Tensor  # (banks, components, E): rows start with the nearest one of each candidate

    def __init__(self, family: GaussianMixture, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        tried = (family.components,) if isinstance(family.components, int) else family.components.tried()
        sizes = [size for size in tried for _ in range(family.starts)]
        prior = Prior(family.strength, family.floor, family.smoothing)
        self.law = Conditioned(
            space,
            condition,
            "GaussianMixture",
            lambda cells, banks: Components(cells, banks, sizes, family.covariance, prior),
        )
        self.embedding = Embedding(self.law.components.cells)
        self.passes = Passes(len(sizes))
        self.register_buffer("stage", torch.tensor(NEW))
        self.register_buffer("steps", torch.tensor(0))
        points = self.law.classes.K, sum(sizes), self.embedding.width
        self.register_buffer("prototypes", Keyed(0).normal(points, like=self.passes.rows))

    # What it answers -------------------------------------------------------------------------------------------------

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.law.log_prob(x, c)  # (1)

    def log_joint(self, x: Tensor) -> Tensor:
        return self.law.log_joint(x)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.law.sample(n, c, rng=rng)

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.law.complete(x, evidence, c, rng=rng)

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        return self.law.log_evidence(x, evidence, c)

    # Where it starts -------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """Prototypes by k-means++ on a sample, those of a class among its own rows where there are enough of them."""
        cells, k, _ = self.law.of_class(x, c, None)
        if not len(cells):
            return
        seen = Moments(*self.law.components.moments.mean.shape).to(self.passes.rows.device)
        self.law.components.look(cells, torch.ones_like(k, dtype=torch.float64), seen)
        self._begin(seen)
        points, sizes = self.embedding.points(cells), self.law.components.sizes.tolist()
        for b in range(self.law.classes.K):
            own = points[k == b] if int((k == b).sum()) >= max(sizes) else points
            self.prototypes[b] = torch.cat([settled(own, seeds(own, size, rng)) for size in sizes])

    def _begin(self, seen: Moments) -> None:
        mean, variance = spread_of(seen)
        self.embedding.learn(mean, variance)
        self.law.components.start(mean, variance)
        self.stage.fill_(ASSIGNING)

    def start(self, weight: Tensor, mean: Tensor, covariance: Tensor) -> None:
        """The next pass is a step of EM from this mixture, in place of k-means++."""
        components = self.law.components
        if components.mean.shape != mean.shape or components.covariance.shape != covariance.shape:
            expected = f"means {tuple(components.mean.shape)} and covariances {tuple(components.covariance.shape)}"
            raise FieldError("the mixture to start from has other components than this family's", expected=expected)
        components.log_weight, components.mean = weight.double().log(), mean.double().clone()
        components.covariance, components.centre = covariance.double().clone(), mean.double().mean(0)
        self.stage.fill_(STEPPING)

    # How it learns ---------------------------------------------------------------------------------------------------

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose class is missing are left out."""
        cells, k, w = self.law.of_class(x, c, weight)
        if self.passes.begins():
            self.law.components.forget()
        if not self.passes.done:
            self.law.look(cells, k, w)
        told = None
        if self.stage != NEW:
            told = self.law.observe(cells, k, w, self._nearest(cells, k) if self.stage == ASSIGNING else None)
        self.passes.see(len(cells) if w is None else w.sum(), told)

    def _nearest(self, cells: Tensor, k: Tensor) -> Tensor:
        """The prototype nearest to each row among those of each candidate: (B, candidates)."""
        points, sizes = self.embedding.points(cells), self.law.components.sizes
        near = torch.empty(len(cells), len(sizes), dtype=torch.int64, device=cells.device)
        for b, rows in self.law.by_class(k):
            each = distances(points[rows], self.prototypes[b]).split(sizes.tolist(), 1)
            near[rows] = torch.stack([part.argmin(1) for part in each], 1)
        return near

    def finish(self) -> bool:
        if not self.passes.rows > 0:
            raise EmptyData("a mixture of Gaussians has seen no rows of a known class", expected="at least one row")
        if self.stage == NEW:
            self._begin(self.law.components.moments)
        else:
            self.law.components.maximise()  # (3)
            self._advance()
        if self.stage != DONE:
            self.passes.end()
        return bool(self.stage != DONE)

    def _advance(self) -> None:
        """After the first statistics, EM; after each of its steps, candidates that stand still and are not best go."""
        if self.stage == STEPPING:
            self.steps += 1
            still = self.passes.rise() < self.family.tolerance
            best = int(self._value().argmax())
            over = not self.training or bool(still.all()) or int(self.steps) >= self.family.passes
            self._keep([place for place in range(len(still)) if place == best or not (over or still[place])], best)
            self.stage.fill_(DONE if over else STEPPING)
        elif self.stage == ASSIGNING:
            self.stage.fill_(STEPPING if self.training else DONE)

    def _value(self) -> Tensor:
        """(4) of every candidate."""
        K, cells = self.law.components.sizes.double(), self.law.components.cells
        width, banks = len(cells.real), self.law.classes.K
        shapes = K.new_tensor([self.family.covariance.free(size, width) for size in self.law.components.sizes.tolist()])
        each = 1 + width + 2 * len(cells.count) + (cells.sizes - 1).sum()
        criterion = BIC() if isinstance(self.family.components, int) else self.family.components
        return criterion.value(self.passes.gained, banks * (K * each - 1 + shapes), self.passes.rows)

    def _keep(self, places: list[int], best: int) -> None:
        self.law.components.best.fill_(best)
        self.law.components.keep(places)
        self.passes.keep(places)
        self.prototypes = self.prototypes[:, :0]
