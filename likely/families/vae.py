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
from likely.distributions import Law, Observation, draw_normal, kl_standard, kl_standard_cells, law_of, precise
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import reals

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
        mean, log_std = precise(told).chunk(2, 1)  # (2)
        return mean, log_std


@final
class Likelihood(nn.Module):
    """p(x | z, c): one module, so that a compiler sees the decoder and the law at once."""

    def __init__(self, latent: int, law: Law, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.law, self.decoder = law, decoder(latent, law.outputs, condition=condition, network=network)

    def forward(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(x | z, c), one value a row."""
        return self.law.log_prob(x, self.decoder(z, c))


@final
class VAEModel(Weighted, Latent, Trained):
    """One decoder p(x | z, c) with the encoder that inverts it."""

    def __init__(self, family: VAE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.codes = family, reals(family.latent)
        self.law = family.law.law(space) if family.law is not None else law_of(space)
        self.posterior = Posterior(family.latent, space, condition, family.network)
        self.likelihood = Likelihood(family.latent, self.law, condition, family.network)

    # What it can answer

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        mean, log_std = self.posterior(x, c)
        z = draw_normal(mean, log_std, rng)  # (4)
        return Elbo(fit=self.likelihood(x, z, c), rate=kl_standard(mean, log_std))  # (3)

    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Rng) -> Tensor:
        fit, surplus = self._weigh(x, c, draws, rng)
        return fit + surplus  # (5)

    def _weigh(self, x: Tensor, c: Tensor | None, draws: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """log p(x | z, c), and log N(z; 0, I) - log q(z | x, c) whose constants cancel: both (B, draws)."""
        mean, log_std = (told[:, None] for told in self.posterior(x, c))
        block = max(1, AT_ONCE // (64 * math.prod(self.law.outputs)))  # of the space alone: so is a row's noise
        fits, surpluses = [], []
        for done in range(0, draws, block):
            eps = rng.normal((len(x), min(block, draws - done), self.family.latent), like=mean)
            z = mean + torch.exp(log_std) * eps  # (4)
            fits.append(self._fit(x, c, z))
            surpluses.append((0.5 * (eps**2 - z**2) + log_std).sum(2))
        return torch.cat(fits, 1), torch.cat(surpluses, 1)

    def _fit(self, x: Tensor, c: Tensor | None, z: Tensor) -> Tensor:
        """log p(x | z, c) of every code z (B, K, latent), some rows at a time: (B, K)."""
        rows = max(1, AT_ONCE // (z.shape[1] * math.prod(self.law.outputs)))
        return torch.cat([self._fit_rows(x[at], None if c is None else c[at], z[at]) for at in _slices(len(x), rows)])

    def _fit_rows(self, x: Tensor, c: Tensor | None, z: Tensor) -> Tensor:
        draws = z.shape[1]
        given = None if c is None else c.repeat_interleave(draws, 0)
        return self.likelihood(x.repeat_interleave(draws, 0), z.flatten(0, 1), given).unflatten(0, (-1, draws))

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.posterior(x, c)[0]

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.law.mean(self.likelihood.decoder(z, c))

    # How it learns

    def players(self) -> dict[str, Player]:
        return {"vae": Player(self, rate=self.family.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("vae", lambda: self.loss(x, c, rng=rng))

    def loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Minus the bound: (3) for one draw, each number of the code given its free nats; (6) for more."""
        if self.family.draws > 1:
            fit, surplus = self._weigh(x, c, self.family.draws, rng)
            return -log_mean_exp(fit + self.family.beta * surplus).mean()  # (6)
        mean, log_std = self.posterior(x, c)
        fit = self.likelihood(x, draw_normal(mean, log_std, rng), c)
        rate = kl_standard_cells(mean, log_std).mean(0).clamp_min(self.family.free).sum()
        return self.family.beta * rate - fit.mean()

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        like = next(self.parameters())
        z = rng.normal((n, self.family.latent), like=like)  # (1)
        return self.law.sample(self.likelihood.decoder(z, c), rng=rng)


def _slices(rows: int, size: int) -> list[slice]:
    return [slice(at, at + size) for at in range(0, rows, size)]
