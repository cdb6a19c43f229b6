r"""A code of few numbers, from which the row is told again: what every autoencoder is.

    z = e(x~),   x~ the row as the encoder sees it                                                                  (1)
    loss = -log law(x | d(z, c)) + lambda sum_j mean|z_j| / rms z_j                                                  (2)
    law: reals N(m, 1), so that (2) is half their squared error; choices, counts and levels by their masses         (3)
    s^2 = mean (x - m)^2 over the reals of rows shown in the end                                                    (4)
    z ~ p(z | c) of a law that is fitted to the codes,   x ~ law(d(z, c)) with N(m, s^2) for reals                   (5)

The penalty of (2) is of the L1 kind, which needs no target and leaves codes free to be negative, as a divergence from
a target rate does not; over its own size, so that no decoder can undo it by making codes small and weights large. With
linear networks and a normal law of codes (5) is probabilistic PCA, s its noise.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol, final

import torch
from torch import Tensor, nn

from likely.backbones import MLP, Network, decoder, encoder, whole
from likely.contracts import (
    Concludes,
    Evidence,
    Family,
    Filled,
    Fills,
    Player,
    Prepared,
    Reconstructs,
    Space,
    Trained,
    Turn,
)
from likely.distributions import Law, Observation, law_of, precise
from likely.distributions.asked import values_known
from likely.distributions.resampled import Said
from likely.distributions.state import columns_of
from likely.errors import FieldError
from likely.objectives.code_prior import CodePrior
from likely.objectives.inferred import Emits
from likely.rng import Rng
from likely.spaces import Real, Vector, reals

ROWS = 1024  # that are encoded at a time where nothing is learned
NARROWEST = 1e-4  # the least of (4): a density stays one
LAW, CELLS = 1, 2  # forks of the noise


class Coding(Protocol):
    """The fields of a family of autoencoders."""

    @property
    def latent(self) -> int: ...
    @property
    def sparsity(self) -> float: ...
    @property
    def density(self) -> "Family[Any] | None": ...
    @property
    def law(self) -> Observation | None: ...
    @property
    def network(self) -> Network | None: ...
    @property
    def rate(self) -> float: ...


def check(family: Coding) -> None:
    """Fields that make no autoencoder are refused."""
    name = type(family).__name__
    if family.latent < 1:
        raise FieldError(f"{name}.latent cannot be {family.latent}", expected="at least 1")
    if not (0 <= family.sparsity < float("inf") and 0 < family.rate < float("inf")):
        told = f"{name} has sparsity={family.sparsity} and rate={family.rate}"
        raise FieldError(told, expected="sparsity at least 0, rate above 0")


@final
class Coder(nn.Module):
    """Encoder, decoder and loss as one network: a compiler sees them at once."""

    def __init__(self, family: Coding, space: Space, law: Law, condition: Space | None) -> None:
        super().__init__()
        self.law, self.sparsity = law, family.sparsity
        network = family.network or (MLP() if isinstance(space, Vector) else whole(space, MLP()))
        self.encoder = encoder(space, family.latent, network)
        self.decoder = decoder(family.latent, law.outputs, condition=condition, network=network)

    def forward(self, x: Tensor, seen: Tensor, c: Tensor | None) -> Tensor:
        z = self.code(seen)
        misfit = -self.law.log_prob(x, self.decoder(z, c)).mean()
        return misfit + self.sparsity * _l1(z) if self.sparsity else misfit  # (2)

    def code(self, seen: Tensor) -> Tensor:
        return precise(self.encoder(seen).summary)  # (1)


class Autoencoding(Emits, Reconstructs, Fills, Trained, Prepared, Concludes):
    """Every autoencoder; one says how its encoder sees a row while it learns."""

    word = "heuristic"  # reals lie so near to what is decoded that particles come down to one before they spread
    particles = 64
    spread: Tensor  # s of (4)

    def __init__(self, family: Coding, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.codes = family, reals(family.latent)
        self.coder = Coder(family, space, self.law_with(1.0), condition)  # (3)
        self.prior = CodePrior(_density(family), self.codes, condition)
        self.register_buffer("spread", torch.ones(()))

    @abstractmethod
    def seen(self, x: Tensor, *, rng: Rng) -> Tensor:
        """The rows as the encoder sees them while it learns."""

    def law_with(self, scale: float) -> Law:
        """The law of a row given what was decoded, reals with this standard deviation."""
        return law_of(self.space, scale=scale) if self.family.law is None else self.family.law.law(self.space)

    # What it can answer ----------------------------------------------------------------------------------------------

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.coder.code(x)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.coder.law.mean(self.coder.decoder(z, c))

    def misfit(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return -self.coder.law.log_prob(x, self.coder.decoder(self.coder.code(x), c))

    @property
    def caveat(self) -> str:
        law, name = (type(each).__name__ for each in (self.prior.family, self.family))
        return f"{name} is no generative model by itself: samples are decoded from a {law} fitted to its codes"

    # How it learns ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.prior.prepare(torch.cat([self.encode(part) for part in x.split(ROWS)]), c, rng=rng)

    def players(self) -> dict[str, Player]:
        return {"autoencoder": Player(self.coder, rate=self.family.rate), **self.prior.players()}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        seen = self.seen(x, rng=rng)
        yield Turn("autoencoder", lambda: self.coder(x, seen, c))
        if isinstance(self.prior.model, Trained):
            with torch.no_grad():
                codes = self.encode(x)
            yield from self.prior.turns(codes, c, rng=rng)

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        parts = x.split(ROWS)
        given, codes = [None] * len(parts) if c is None else c.split(ROWS), [self.encode(part) for part in parts]
        decoded = (self.decode(z, told) for z, told in zip(codes, given))
        squares = torch.cat([_gaps(part, mean, self.space) for part, mean in zip(parts, decoded)]).square()
        if len(squares):
            self.spread.copy_(squares.mean().sqrt().clamp(NARROWEST))  # (4)
        self.prior.conclude(torch.cat(codes), c, rng=rng)

    # How it samples --------------------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        z = self.prior.sample(n, c, rng=rng.fork(LAW)).to(self.spread)
        return self.emit(z, c, rng=rng)

    def emit(self, z: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        law, parameters = self.said(z, c)
        return law.sample(parameters, rng=rng)  # (5)

    def said(self, z: Tensor, c: Tensor | None = None) -> Said:
        return Said(self.law_with(float(self.spread)), self.coder.decoder(z, c))

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """Codes given what is known of their rows, and the rest of the rows given these."""
        known = values_known(evidence, type(self.family).__name__)
        told = self.prior.filled(self.said, x, known, c, particles=particles, rng=rng)
        rows = self.said(told.x.to(self.spread), c).filled(x, known, rng=rng.fork(CELLS))
        return replace(told, x=rows)


def _density(family: Coding) -> Family[Any]:
    if family.density is None:
        raise FieldError(
            f"{type(family).__name__}.density is open: without a law of codes nothing can be drawn",
            expected="a family of densities over reals",
            remedy="density=GaussianMixture(), which likely.presets puts there where a family is fitted",
        )
    return family.density


def _l1(z: Tensor) -> Tensor:
    """Each number's mean size over its root mean square, summed: 0.8 of normal codes, less of sparse ones."""
    return (z.abs().mean(0) / (z.square().mean(0) + 1e-12).sqrt()).sum()


def _gaps(x: Tensor, mean: Tensor, space: Space) -> Tensor:
    """x - m of the reals that are neither missing nor atoms, in either, end to end."""
    atoms = {place: column.atoms for place, column in enumerate(columns_of(space)) if isinstance(column, Real)}
    x, mean = (cells.flatten(1)[:, list(atoms)] for cells in (x, mean))
    dense = torch.isfinite(x) & torch.isfinite(mean)
    for at, listed in enumerate(atoms.values()):
        for atom in listed:
            dense[:, at] &= (x[:, at] != atom) & (mean[:, at] != atom)
    return (x - mean)[dense]
