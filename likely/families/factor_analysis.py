r"""Factor analysis: hidden causes, mixed linearly, and noise in every column; with equal noise, probabilistic PCA.

    x = W z + mu + e,   z ~ N(0, I_q),   e ~ N(0, Psi),   so that   x ~ N(mu, W W' + Psi)     (1)
    E[z | x] = W' C^-1 (x - mu),   C = W W' + Psi                                             (2) codes
    W, Psi   = what makes rows of mean scatter S most likely: `distributions.covariance` (4), (5)   (3)

The sums of x and x x' say all that the data say of W, Psi and mu: one pass over the data is enough. Where cells are
missing they are integrated out, and EM puts their expected products, pass after pass. Atoms, missing cells, counts and
categories are independent of the causes. A condition of classes has an analysis for each; any other table is modelled
jointly and conditioned. EM Algorithms for ML Factor Analysis (Rubin & Thayer, 1982)
"""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.contracts import Classed, Completes, Counted, Density, Evidence, Family, Latent, Lifted, Prepared, Space
from likely.distributions.components import Components, Prior, spread_of
from likely.distributions.conditioned import Conditioned
from likely.distributions.counted import Moments
from likely.distributions.covariance import Factors
from likely.distributions.gaussian import root_of
from likely.distributions.passes import Passes
from likely.errors import EmptyData, FieldError
from likely.rng import Rng
from likely.spaces import reals

NEW, SUMMING, DONE = range(3)  # what the next pass is for: moments, a step, more rows


@dataclass(frozen=True, kw_only=True)
class FactorAnalysis(Family["FactorAnalysisModel"]):
    """A Gaussian that varies along a few directions, and a little in every column."""

    pictures: ClassVar[Lifted | None] = Lifted.DEQUANTISED

    factors: int = 4  # hidden causes: more follow the data closer and need more rows
    isotropic: bool = False  # True: the same noise in every column, which is probabilistic PCA
    passes: int = 100  # over the data, at most, where cells are missing; one is enough where none is
    tolerance: float = 1e-4  # nats a row that a pass must gain to go on: less fits longer
    floor: float = 1e-6  # the share of a column's variance that is added to its noise
    smoothing: float = 1.0  # pseudo-rows of the overall law of choices, atoms and counts in each class

    def __post_init__(self) -> None:
        for name, least in {"factors": 0, "passes": 1}.items():
            if getattr(self, name) < least:
                said = f"FactorAnalysis.{name} cannot be {getattr(self, name)}"
                raise FieldError(said, expected=f"at least {least}")
        for name in ("tolerance", "floor", "smoothing"):
            if not 0 <= getattr(self, name) < math.inf:
                said = f"FactorAnalysis.{name} cannot be {getattr(self, name)}"
                raise FieldError(said, expected="0 or a positive number")

    def build(self, space: Space, condition: Space | None = None) -> "FactorAnalysisModel":
        return FactorAnalysisModel(self, space, condition)


@final
class FactorAnalysisModel(Density, Counted, Completes, Classed, Latent, Prepared):
    """Sums of x and x x', and the loadings that they make most likely."""

    stage: Tensor
    loading: Tensor  # (classes, D, q): W

    def __init__(self, family: FactorAnalysis, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.codes = family, reals(family.factors)
        self.kind = Factors(family.factors, family.isotropic)
        prior = Prior(0.0, family.floor, family.smoothing)
        self.law = Conditioned(
            space, condition, "FactorAnalysis", lambda cells, banks: Components(cells, banks, [1], self.kind, prior)
        )
        classes, width = self.law.components.mean.shape
        self.passes = Passes(1)
        self.register_buffer("stage", torch.tensor(NEW))
        self.register_buffer("loading", torch.zeros(classes, width, family.factors, dtype=torch.float64))

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

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """E[z | the cells that have values]; a class that is not told is the most probable one."""
        k = self.law.likeliest(x, c)
        apart = self.law.components.expected(k, self.law.joined(x, c)) - self.law.components.mean[k]
        return (apart[:, None] @ self._weights()[k])[:, 0].to(self.law.cells.like.dtype)

    def _weights(self) -> Tensor:
        """C^-1 W of each class (2): (K, D, q)."""
        covariance = self.law.components.covariance
        matrix = covariance if covariance.dim() == 3 else torch.diag_embed(covariance)
        return torch.cholesky_solve(self.loading, root_of(matrix))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """W z + mu; counts at their mean, categories at their mode. A class that is not told is the most common one."""
        components, cells = self.law.components, self.law.components.cells
        k = self.law.classes.log_law(None if self.law.beside else c, len(z), self.law.log_prior()).argmax(1)
        value = torch.zeros(len(z), cells.width, dtype=torch.float64, device=z.device)
        value[:, cells.real] = components.mean[k] + (self.loading[k] @ z.double()[..., None])[..., 0]  # (1)
        value[:, cells.count] = components.counts.mean[k].round()
        modes = components.states.modes(cells.sizes - (cells.gone >= 0).long())[k]
        decoded = cells.join(torch.where(cells.category, modes, 0), value)
        return self.law.cells.whole(decoded[:, : self.law.cells.width])

    # How it learns ---------------------------------------------------------------------------------------------------

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """About where the data lie and how wide: saves the pass that would find out."""
        cells, k, _ = self.law.of_class(x, c, None)
        if len(cells):
            seen = Moments(*self.law.components.moments.mean.shape).to(self.passes.rows.device)
            self.law.components.look(cells, torch.ones_like(k, dtype=torch.float64), seen)
            self._begin(seen)

    def _begin(self, seen: Moments) -> None:
        self.law.components.start(*spread_of(seen))
        self.stage.fill_(SUMMING)

    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Rows whose class is missing are left out."""
        cells, k, w = self.law.of_class(x, c, weight)
        if self.passes.begins():
            self.law.components.forget()
        if not self.passes.done:
            self.law.look(cells, k, w)
        told = self.law.observe(cells, k, w) if self.stage != NEW else None
        self.passes.see(len(cells) if w is None else w.sum(), told)

    def finish(self) -> bool:
        if not self.passes.rows > 0:
            raise EmptyData("factor analysis has seen no rows of a known class", expected="at least one row")
        if self.stage == NEW:
            self._begin(self.law.components.moments)
        else:
            self._maximise()
            last = not self.training or not self._gaps() or int(self.passes.done) + 1 >= self.family.passes
            over = last or bool(self.passes.rise() < self.family.tolerance)
            self.stage.fill_(DONE if over else int(self.stage))
        if self.stage != DONE:
            self.passes.end()
        return bool(self.stage != DONE)

    def _gaps(self) -> bool:
        """Some real cells had no value."""
        seen = self.law.components.moments.weight[0, : len(self.law.components.centre)]
        return bool((seen < (1 - 1e-9) * self.passes.rows).any())

    def _maximise(self) -> None:
        found = []

        def fitted(weight: Tensor, scatter: Tensor) -> Tensor:
            loading, noise = self.kind.split(scatter)  # (3)
            found.append(loading)
            return loading @ loading.mT + torch.diag_embed(noise)

        self.law.components.maximise(fitted)
        self.loading = torch.cat(found)
