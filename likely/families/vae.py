r"""Variational autoencoder.

    z ~ p(z),   x | z, c ~ law(decoder(z, c))                                                                        (1)
    z = m + e^l eps ~ q(z | x, c),   eps ~ N(0, I),   (m, l) = encoder(x) + hint(c)                                  (2)
    log p(x | c) >= E_q[log p(x | z, c)] - KL(q || p),   fit - rate                                                  (3)
    log w = log p(x | z, c) + log p(z) - log q(z | x, c)                                                             (4)
    log p(x | c) >= E log (1/k) sum_i w_i, tighter with every draw                                                   (5)

The prior may be learned, a mixture or a VAE itself, and the posterior bent by a flow: `likely.variational`.
Auto-Encoding Variational Bayes (Kingma & Welling, 2014), arXiv:1312.6114; (4), (5): Importance Weighted Autoencoders
(Burda, Grosse & Salakhutdinov, 2016), arXiv:1509.00519
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import Network, on_map
from likely.contracts import (
    Elbo,
    Evidence,
    Family,
    Filled,
    Fills,
    Latent,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
    Units,
    Used,
    Weighted,
    log_mean_exp,
)
from likely.distributions import Law, Observation, kl_standard_cells, law_of
from likely.distributions.resampled import Proposed, Said, asked, resampled
from likely.errors import FieldError
from likely.objectives import Inferred, Infers
from likely.rng import Rng
from likely.variational import GaussianPosterior, Likelihood, Posterior, Prior, StandardPrior
from likely.variational.posterior import mean_log_std
from likely.variational.prior import Known
from likely.variational.units import closed, used

DRAWN = 1 << 20  # parameters of the law that the draws of 64 rows come to, where a row's noise is drawn in blocks
AT_ONCE, TOGETHER = 1 << 18, 2048  # parameters, and codes, that are decoded at one time: they stay in a core's cache
TOLD = 16  # draws of a row's code, where it is told what each number is used for


@final
@dataclass(frozen=True, kw_only=True)
class VAE(Family["VAEModel"]):
    """An encoder and a decoder trained on one bound."""

    latent: int = 16  # numbers in a code; more keep finer detail, until the rate shows them unused
    beta: float = 1.0  # above 1 trades fit for a simpler code, below 1 the reverse
    free: float = 0.05  # nats each number of a code may spend at no cost; at 0 codes may die before they are of use
    draws: int = 1  # codes per row in training; more tighten the bound (5) and cost as much
    grid: int = 0  # of pictures: places on a side of a code that is a map, `latent` numbers at each; 0: it has none
    law: Observation | None = None  # how cells scatter around what is decoded; none: the law of their kind
    network: Network | None = None  # of encoder and decoder; none: convolutions for images, an MLP for rows
    prior: Prior = field(default_factory=StandardPrior)  # MixturePrior(), VampPrior() or Hierarchical() are learned
    posterior: Posterior = field(default_factory=GaussianPosterior)  # FlowPosterior() follows intricate posteriors
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if self.latent < 1 or self.draws < 1 or self.grid < 0:
            told = f"VAE has latent={self.latent}, draws={self.draws} and grid={self.grid}"
            raise FieldError(told, expected="latent and draws at least 1, grid at least 0")
        if not (0 <= self.beta < math.inf and 0 <= self.free < math.inf and 0 < self.rate < math.inf):
            told = f"VAE has beta={self.beta}, free={self.free} and rate={self.rate}"
            raise FieldError(told, expected="beta and free at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> "VAEModel":
        return VAEModel(self, space, condition)


@final
class Objective(nn.Module):
    """Minus the bound that is trained, as one network: a compiler sees encoder, code, decoder and law at once."""

    def __init__(self, family: VAE, space: Space, law: Law, condition: Space | None) -> None:
        super().__init__()
        self.codes, network = on_map(space, family.latent, family.grid, family.network)
        self.family, self.latent = family, math.prod(self.codes.shape)
        self.posterior = family.posterior.inference(self.latent, space, condition, network)
        self.likelihood = Likelihood(self.latent, law, condition, network)
        self.prior = family.prior.law(self.latent, self.posterior)
        self.closed = closed(self.posterior, self.prior)
        self.noise = self.latent + self.prior.noise  # normals for each draw of a code

    def forward(self, x: Tensor, c: Tensor | None, eps: Tensor) -> Tensor:
        """(3) for one draw, with what is free of charge; (5) for more: eps is (B, draws, noise)."""
        told, known = self.posterior(x, c), self.prior.known(self.posterior)
        if eps.shape[1] > 1:
            fit, surplus = self.weigh(x, c, told, eps, known)
            return -log_mean_exp(_heavy(fit + self.family.beta * surplus)).mean()  # (5)
        if not self.closed:
            return self._learned(x, c, told, eps, known)
        fit, rate = self.terms(x, c, told, eps, known)
        return self.family.beta * rate.mean(0).clamp_min(self.family.free).sum() - fit.mean()

    def _learned(self, x: Tensor, c: Tensor | None, told: Tensor, eps: Tensor, known: Known) -> Tensor:
        """(3) where the rate is one of the whole code: what is free to the posterior still moves the prior."""
        own, noise = self._parted(eps)
        z, log_q = self.posterior.draw(told, own)
        rate, free = (log_q - self.prior(z, noise, known)).mean(), self.family.free * self.latent
        moving = self.prior(z.detach(), noise, known).mean()
        kept = torch.where(rate < free, moving - moving.detach(), 0.0)
        return self.family.beta * (rate.clamp_min(free) - kept) - self.likelihood(x, z, c).mean()

    def terms(self, x: Tensor, c: Tensor | None, told: Tensor, eps: Tensor, known: Known) -> tuple[Tensor, Tensor]:
        """(3) at one draw (B, 1, noise): fit (B,), and rate (B, D) of each number, or (B, 1) of all together."""
        if not self.closed:
            fit, surplus = self.weigh(x, c, told, eps, known)
            return fit[:, 0], -surplus
        mean, log_std = mean_log_std(told)
        z = mean[:, None] + torch.exp(log_std)[:, None] * eps  # (2)
        return self.likelihood(x, z, c)[:, 0], kl_standard_cells(mean, log_std)  # (3)

    def weigh(self, x: Tensor, c: Tensor | None, told: Tensor, eps: Tensor, known: Known) -> tuple[Tensor, Tensor]:
        """log p(x | z, c), and log p(z) - log q(z | x, c): both (B, draws)."""
        if self.closed:  # the constants of the two normals cancel
            mean, log_std = mean_log_std(told)
            z = mean[:, None] + torch.exp(log_std)[:, None] * eps  # (2)
            return self.likelihood(x, z, c), (0.5 * (eps**2 - z**2) + log_std[:, None]).sum(2)
        own, noise = self._parted(eps)
        z, log_q = self.posterior.draw(told, own)  # (2)
        return self.likelihood(x, z, c), self.prior(z, noise, known) - log_q

    def _parted(self, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The noise of codes, and that of their prior."""
        return eps[..., : self.latent], eps[..., self.latent :]


@final
class VAEModel(Weighted, Infers, Latent, Fills, Trained, Prepared, Units):
    """One decoder p(x | z, c) with the encoder that inverts it."""

    def __init__(self, family: VAE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.law = family, family.law.law(space) if family.law is not None else law_of(space)
        self.objective = Objective(family, space, self.law, condition)
        self.codes = self.objective.codes

    # What it can answer

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        objective = self.objective
        told, known = objective.posterior(x, c), objective.prior.known(objective.posterior)
        fit, rate = objective.terms(x, c, told, self._noise(len(x), 1, rng), known)
        return Elbo(fit=fit, rate=rate.sum(1))

    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Rng) -> Tensor:
        """(B, draws), in blocks of draws and of rows: memory is bounded whatever the draws."""
        objective = self.objective
        told, known = objective.posterior(x, c), objective.prior.known(objective.posterior)
        cells = max(math.prod(self.law.outputs), objective.prior.held)
        block = max(1, DRAWN // (64 * cells))  # of the space alone, never of the batch: so is a row's noise
        parts = _slices(len(x), max(1, min(AT_ONCE // cells, TOGETHER) // min(block, draws)))
        columns = []
        for done in range(0, draws, block):
            eps = self._noise(len(x), min(block, draws - done), rng)
            weighed = [objective.weigh(x[at], _at(c, at), told[at], eps[at], known) for at in parts]
            columns.append(torch.cat([fit + surplus for fit, surplus in weighed]))  # (4)
        return torch.cat(columns, 1)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        objective, latent, eps = self.objective, self.objective.latent, self._noise(len(x), particles, rng)
        told, known = objective.posterior(asked(x, evidence), c), objective.prior.known(objective.posterior)

        def proposed(at: slice) -> Proposed:
            z, log_q = objective.posterior.draw(told[at], eps[at][..., :latent])
            return Proposed(z, objective.prior(z, eps[at][..., latent:], known) - log_q)

        held = particles * max(math.prod(self.law.outputs), objective.prior.held)
        return resampled(self.law, objective.likelihood.decoder, proposed, held, x, evidence, c, rng=rng)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.objective.posterior.mean(self.objective.posterior(x, c)).unflatten(1, self.codes.shape)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.law.mean(self.objective.likelihood.decoder(z.flatten(1), c))

    def emit(self, z: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.law.sample(self.said(z, c).parameters, rng=rng)

    def said(self, z: Tensor, c: Tensor | None = None) -> Said:
        return Said(self.law, self.objective.likelihood.decoder(z.flatten(1), c))

    def infer(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Inferred:
        eps = rng.normal((len(x), 1, self.objective.latent), like=next(self.parameters()))
        z, log_q = self.objective.posterior.draw(self.objective.posterior(x, c), eps)
        return Inferred(z[:, 0].unflatten(1, self.codes.shape), log_q[:, 0])

    def log_likelihood(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.objective.likelihood(x, z.flatten(1)[:, None], c)[:, 0]

    def used(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Used:
        posterior, prior = self.objective.posterior, self.objective.prior
        told, eps = posterior(x, c), self._noise(len(x), TOLD, rng)
        return used(posterior, prior, told, eps, prior.known(posterior), self.family.free)

    def _noise(self, rows: int, draws: int, rng: Rng) -> Tensor:
        return rng.normal((rows, draws, self.objective.noise), like=next(self.parameters()))

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.objective.prior.prepare(x, c, rng=rng)

    def players(self) -> dict[str, Player]:
        return {"vae": Player(self, rate=self.family.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        eps = self._noise(len(x), self.family.draws, rng)
        yield Turn("vae", lambda: self.objective(x, c, eps))

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        known = self.objective.prior.known(self.objective.posterior)
        return self.emit(
            self.objective.prior.sample(n, known, like=next(self.parameters()), rng=rng), c, rng=rng
        )  # (1)


def _heavy(log_weights: Tensor) -> Tensor:
    """Weights below 1e-13 of a row's largest count for nothing: their gradients would be denormal, and very slow."""
    return torch.maximum(log_weights, log_weights.detach().amax(1, keepdim=True) - 30)


def _slices(rows: int, size: int) -> list[slice]:
    return [slice(at, at + size) for at in range(0, rows, size)]


def _at(c: Tensor | None, rows: slice) -> Tensor | None:
    return None if c is None else c[rows]
