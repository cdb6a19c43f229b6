r"""Variational autoencoder.

    z ~ N(0, I),   x | z, c ~ law(decoder(z, c))                                                                     (1)
    q(z | x, c) = N(m, e^{2 l}),   (m, l) = encoder(x) + hint(c)                                                     (2)
    log p(x | c) >= E_q[log p(x | z, c)] - KL(q || N(0, I))                                                          (3)
    z = m + e^l eps,   eps ~ N(0, I)                                                                                 (4)
    log w = log p(x | z, c) + log N(z; 0, I) - log q(z | x, c)                                                       (5)
    log p(x | c) >= E log (1/k) sum_i w_i, tighter with every draw                                                   (6)

Auto-Encoding Variational Bayes (Kingma & Welling, 2014), arXiv:1312.6114; (5), (6): Importance Weighted Autoencoders
(Burda, Grosse & Salakhutdinov, 2016), arXiv:1509.00519
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import Network, decoder, encoder
from likely.contracts import Elbo, Family, Latent, Player, Space, Trained, Turn, Weighted, log_mean_exp
from likely.distributions import Law, Observation, bounded, draw_normal, kl_standard, kl_standard_cells, law_of, precise
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import reals

WIDEST = 7.0  # |log std| of a code stays below: e^l cannot overflow early in training
AT_ONCE = 1 << 20  # parameters of the law that are decoded at one time: bounds memory, and stays near the cache


@final
@dataclass(frozen=True, kw_only=True)
class VAE(Family["VAEModel"]):
    """An encoder and a decoder trained on one bound."""

    latent: int = 16  # numbers in a code; more keep finer detail, until the rate shows them unused
    beta: float = 1.0  # above 1 trades fit for a simpler code, below 1 the reverse
    free: float = 0.05  # nats each number of a code may spend at no cost; at 0 codes may die before they are of use
    draws: int = 1  # codes per row in training; more tighten the bound (6) and cost as much
    law: Observation | None = None  # how cells scatter around what is decoded; none: the law of their kind
    network: Network | None = None  # of encoder and decoder; none: convolutions for images, an MLP for rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if self.latent < 1 or self.draws < 1:
            raise FieldError(f"VAE has latent={self.latent} and draws={self.draws}", expected="both at least 1")
        if not (0 <= self.beta < math.inf and 0 <= self.free < math.inf and 0 < self.rate < math.inf):
            told = f"VAE has beta={self.beta}, free={self.free} and rate={self.rate}"
            raise FieldError(told, expected="beta and free at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> "VAEModel":
        return VAEModel(self, space, condition)


@final
class Posterior(nn.Module):
    """q(z | x, c): its mean and log standard deviation."""

    def __init__(self, latent: int, space: Space, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.encoder = encoder(space, 2 * latent, network)
        self.hint = encoder(condition, 2 * latent) if condition is not None else None

    def forward(self, x: Tensor, c: Tensor | None = None) -> tuple[Tensor, Tensor]:
        told = self.encoder(x).summary
        if self.hint is not None and c is not None:
            told = told + self.hint(c).summary
        mean, raw = precise(told).chunk(2, 1)  # (2)
        return mean, bounded(raw, WIDEST)


@final
class Likelihood(nn.Module):
    """p(x | z, c): the decoder and the law."""

    def __init__(self, latent: int, law: Law, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.law, self.decoder = law, decoder(latent, law.outputs, condition=condition, network=network)

    def forward(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(x | z, c), one value a row."""
        return self.law.log_prob(x, self.decoder(z, c))


@final
class Objective(nn.Module):
    """Minus the bound that is trained, as one network: a compiler sees encoder, code, decoder and law at once."""

    def __init__(self, family: VAE, space: Space, law: Law, condition: Space | None) -> None:
        super().__init__()
        self.family = family
        self.posterior = Posterior(family.latent, space, condition, family.network)
        self.likelihood = Likelihood(family.latent, law, condition, family.network)

    def forward(self, x: Tensor, c: Tensor | None, eps: Tensor) -> Tensor:
        """(3) for one draw, each number of the code given its free nats; (6) for more: eps is (B, draws, latent)."""
        mean, log_std = self.posterior(x, c)
        if eps.shape[1] > 1:
            fit, surplus = self.weigh(x, c, mean, log_std, eps)
            return -log_mean_exp(_heavy(fit + self.family.beta * surplus)).mean()  # (6)
        fit = self.likelihood(x, mean + torch.exp(log_std) * eps[:, 0], c)
        rate = kl_standard_cells(mean, log_std).mean(0).clamp_min(self.family.free).sum()
        return self.family.beta * rate - fit.mean()

    def weigh(self, x: Tensor, c: Tensor | None, mean: Tensor, log_std: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """log p(x | z, c), and log N(z; 0, I) - log q(z | x, c) whose constants cancel: both (B, draws)."""
        draws = eps.shape[1]
        z = mean[:, None] + torch.exp(log_std)[:, None] * eps  # (4)
        given = None if c is None else c.repeat_interleave(draws, 0)
        fit = self.likelihood(x.repeat_interleave(draws, 0), z.flatten(0, 1), given).unflatten(0, (-1, draws))
        return fit, (0.5 * (eps**2 - z**2) + log_std[:, None]).sum(2)


@final
class VAEModel(Weighted, Latent, Trained):
    """One decoder p(x | z, c) with the encoder that inverts it."""

    def __init__(self, family: VAE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.codes = family, reals(family.latent)
        self.law = family.law.law(space) if family.law is not None else law_of(space)
        self.objective = Objective(family, space, self.law, condition)

    # What it can answer

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        mean, log_std = self.objective.posterior(x, c)
        z = draw_normal(mean, log_std, rng)  # (4)
        return Elbo(fit=self.objective.likelihood(x, z, c), rate=kl_standard(mean, log_std))  # (3)

    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Rng) -> Tensor:
        """(B, draws), in blocks of draws and of rows: memory is bounded whatever the draws."""
        mean, log_std = self.objective.posterior(x, c)
        cells = math.prod(self.law.outputs)
        block = max(1, AT_ONCE // (64 * cells))  # of the space alone, never of the batch: so is a row's noise
        parts = _slices(len(x), max(1, AT_ONCE // (min(block, draws) * cells)))
        columns = []
        for done in range(0, draws, block):
            eps = rng.normal((len(x), min(block, draws - done), self.family.latent), like=mean)
            told = [self.objective.weigh(x[at], _at(c, at), mean[at], log_std[at], eps[at]) for at in parts]
            columns.append(torch.cat([fit + surplus for fit, surplus in told]))  # (5)
        return torch.cat(columns, 1)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.objective.posterior(x, c)[0]

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.law.mean(self.objective.likelihood.decoder(z, c))

    # How it learns

    def players(self) -> dict[str, Player]:
        return {"vae": Player(self, rate=self.family.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        eps = rng.normal((len(x), self.family.draws, self.family.latent), like=next(self.parameters()))
        yield Turn("vae", lambda: self.objective(x, c, eps))

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        z = rng.normal((n, self.family.latent), like=next(self.parameters()))  # (1)
        return self.law.sample(self.objective.likelihood.decoder(z, c), rng=rng)


def _heavy(log_weights: Tensor) -> Tensor:
    """Weights below 1e-13 of a row's largest count for nothing: their gradients would be denormal, and very slow."""
    return torch.maximum(log_weights, log_weights.detach().amax(1, keepdim=True) - 30)


def _slices(rows: int, size: int) -> list[slice]:
    return [slice(at, at + size) for at in range(0, rows, size)]


def _at(c: Tensor | None, rows: slice) -> Tensor | None:
    return None if c is None else c[rows]
