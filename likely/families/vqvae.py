r"""Vector-quantised autoencoder: a row is a few choices, of which another family is the law.

    k(x) = the codes of encoder(x), one at each place of a grid (pictures), or a few slots                           (1)
    x | k, c ~ law(decoder(e(k), c)),   e(k) the vectors that stand for the codes                                    (2)
    log p(x | c) = log sum_k p(x | k, c) p(k | c) >= log p(x | k(x), c) + log p(k(x) | c)                            (3)
    loss = -log p(x | k(x), c) + price, the quantiser's; gradients go straight through it                            (4)

(3) is the bound whose q(k | x) is a point: nothing is drawn, one evaluation is the bound. The law of codes learns from
codes that it cannot move.

Neural Discrete Representation Learning (van den Oord, Vinyals & Kavukcuoglu, 2017), arXiv:1711.00937
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import Network
from likely.backbones.grid import coder
from likely.contracts import (
    Bound,
    Completes,
    Concludes,
    Density,
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
)
from likely.distributions import Observation, law_of
from likely.distributions.asked import values_known
from likely.distributions.resampled import Proposed, resampled
from likely.errors import FieldError
from likely.objectives.code_prior import CodePrior
from likely.objectives.quantiser import FSQ, Quantised, Quantiser
from likely.particles.annealing import Grouped
from likely.rng import Rng
from likely.spaces import Category, Image, Vector

FOLLOWED, LAW, CELLS = 1, 2, 3  # forks of the noise
TRIED = 4  # draws of what is free, by which a code that does not hang on it is told
SEEN, AT_ONCE = 2048, 256  # rows that a codebook begins at; rows that are encoded at a time where there are many


@final
@dataclass(frozen=True, kw_only=True)
class VQVAE(Family["VQVAEModel"]):
    """A few choices for every row, what decodes them, and their law."""

    quantiser: Quantiser = FSQ()  # how a vector becomes a code; Codebook() is the classic list of vectors
    slots: int = 4  # codes of a row; more say finer detail, and their law is harder to learn
    grid: int = 8  # of pictures read by convolutions: codes on a side, at most, and at most half the pixels
    prior: Family | None = None  # the law of codes, a family with an exact density; none: a Transformer
    law: Observation | None = None  # how cells scatter around what is decoded; none: the law of their kind
    network: Network | None = None  # of encoder and decoder; none: convolutions for images, an MLP for rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if self.slots < 1 or self.grid < 1:
            raise FieldError(f"VQVAE has slots={self.slots} and grid={self.grid}", expected="both at least 1")
        if not 0 < self.rate < math.inf:
            raise FieldError(f"VQVAE has rate={self.rate}", expected="above 0")

    def build(self, space: Space, condition: Space | None = None) -> "VQVAEModel":
        return VQVAEModel(self, space, condition)


@final
class Objective(nn.Module):
    """(4), as one network: a compiler sees encoder, codes, decoder and law at once."""

    def __init__(self, family: VQVAE, space: Space, condition: Space | None) -> None:
        super().__init__()
        self.law = family.law.law(space) if family.law is not None else law_of(space)
        self.quantising = family.quantiser.built()
        self.coder = coder(
            space, self.law.outputs, width=self.quantising.width, slots=family.slots, side=family.grid,
            condition=condition, network=family.network,
        )  # fmt: skip

    def forward(self, x: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, the vectors (B, T, width) before they became codes, and the codes (B, T)."""
        h = self.coder.encode(x)
        told: Quantised = self.quantising(h)
        fit = self.law.log_prob(x, self.coder.decode(told.vectors, c))
        return (told.price.sum(1) - fit).mean(), h, told.codes

    def codes(self, x: Tensor) -> Tensor:
        """(1), a part of the rows at a time."""
        return torch.cat([self.quantising(self.coder.encode(part)).codes for part in x.split(AT_ONCE)])

    def said(self, codes: Tensor, c: Tensor | None) -> Tensor:
        """The parameters of x's law given codes (B, T)."""
        return self.coder.decode(self.quantising.vectors(codes), c)


@final
class VQVAEModel(Bound, Latent, Fills, Trained, Prepared, Concludes):
    """An encoder into choices, a decoder, and the choices' law."""

    word, particles = "heuristic", 32
    drawn = False
    settled: Tensor  # whether the law of codes can be asked: one that counts has to see codes that stand still

    def __init__(self, family: VQVAE, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.objective = family, Objective(family, space, condition)
        self.codes = _space(self.objective.coder.grid, self.objective.coder.places, self.objective.quantising.size)
        self.prior = None if family.prior is None else CodePrior(family.prior, self.codes, condition)
        if self.prior is not None and not isinstance(self.prior.model, Density):
            told = f"{type(family.prior).__name__}, the law of codes, has no exact density"
            raise FieldError(told, expected="a family that has, such as Transformer, MADE or PixelCNN")
        learns = self.prior is not None and isinstance(self.prior.model, Trained)
        self.register_buffer("settled", torch.tensor(learns))

    # What it can answer

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        codes = self.objective.codes(x)
        fit = self.objective.law.log_prob(x, self.objective.said(codes, c))
        return Elbo(fit=fit, rate=self._rate(codes, c).to(fit.dtype))  # (3)

    def _rate(self, codes: Tensor, c: Tensor | None) -> Tensor:
        """-log p(k | c)."""
        if self.prior is not None and self.settled:
            return -self.prior.log_prob(self._shown(codes), c)
        evenly = codes.shape[1] * math.log(self.objective.quantising.size)
        return self._like.new_full((len(codes),), evenly)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self._shown(self.objective.codes(x))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.objective.law.mean(self.objective.said(self._read(z), c))

    def _shown(self, codes: Tensor) -> Tensor:
        """Codes (B, T) as cells of their space."""
        return codes.to(self._like.dtype).view(len(codes), *self.codes.shape)

    def _read(self, cells: Tensor) -> Tensor:
        """The reverse; what is no code is taken for the nearest that is."""
        return cells.flatten(1).round().long().clamp(0, self.objective.quantising.size - 1)

    @property
    def _like(self) -> Tensor:
        return next(self.objective.parameters())

    # How it learns

    def players(self) -> dict[str, Player]:
        own = {"vqvae": Player(self.objective, rate=self.family.rate)}
        return own if self.prior is None else own | self.prior.players()

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """A codebook begins where rows are; what their law would see are not the codes that it has to learn."""
        with torch.no_grad():
            h = torch.cat([self.objective.coder.encode(part) for part in x[:SEEN].split(AT_ONCE)])
            self.objective.quantising.begin(h.flatten(0, 1), rng=rng.fork(FOLLOWED))

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        step = _Round(self.objective, x, c)
        yield Turn("vqvae", step.loss, after=lambda: step.follow(rng.fork(FOLLOWED)))
        if self.prior is not None:
            yield from self.prior.turns(self._shown(step.codes), c, rng=rng.fork(LAW))

    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        if self.prior is not None:
            with torch.no_grad():
                self.prior.conclude(self.encode(x), c, rng=rng)
            self.settled.fill_(True)

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.objective.law.sample(self.objective.said(self._drawn(n, c, rng), c), rng=rng.fork(CELLS))  # (2)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """Codes that stay whatever is free are taken; the others come from their law, by how likely they make x."""
        known, decoder = values_known(evidence, "VQVAE"), lambda z, told: self.objective.said(self._read(z), told)
        mine = torch.arange(len(x), device=x.device).repeat_interleave(particles)
        each, noise = None if c is None else c[mine], Grouped(rng, particles)
        codes, sure = self._sure(x, known, c, rng.fork(FOLLOWED))
        z, weight = self._codes_beside(codes[mine], sure[mine], each, noise.fork(LAW))
        shown = lambda part: part.flatten(1).unflatten(0, (len(x), particles))  # noqa: E731
        told = Proposed(shown(z), weight.view(len(x), particles))
        held = particles * math.prod(self.objective.law.outputs)
        return resampled(self.objective.law, decoder, lambda at: Proposed(*(part[at] for part in told)), held, x,
                         Evidence(known), c, rng=rng.fork(CELLS))  # fmt: skip

    def _sure(self, x: Tensor, known: Tensor, c: Tensor | None, rng: Rng) -> tuple[Tensor, Tensor]:
        """Codes (B, T) of x with what is free drawn anew a few times, and those that this does not change."""
        drawn = [self.sample(len(x), c, rng=rng.fork(at)) for at in range(TRIED)]
        codes = torch.stack([self.objective.codes(torch.where(known, x, other.to(x.dtype))) for other in drawn])
        return codes[0], (codes == codes[0]).all(0)

    def _codes_beside(self, codes: Tensor, sure: Tensor, c: Tensor | None, rng: Rng) -> tuple[Tensor, Tensor]:
        """Codes of their law with those that are sure, and a log-weight: by its own completion, where it has one."""
        law, shown = None if self.prior is None or not self.settled else self.prior.model, self._shown(codes)
        given = Evidence(sure.view(shown.shape))
        if isinstance(law, Completes):
            return law.complete(shown, given, c, rng=rng), torch.zeros_like(codes[:, 0], dtype=shown.dtype)
        if isinstance(law, Fills):
            told = law.fill(shown, given, c, particles=1, rng=rng)
            weight = torch.zeros_like(told.share) if told.log_evidence is None else told.log_evidence
            return told.x, weight
        drawn = self._drawn(len(codes), c, rng)
        return self._shown(torch.where(sure, codes, drawn)), torch.zeros_like(codes[:, 0], dtype=shown.dtype)

    def _drawn(self, n: int, c: Tensor | None, rng: Rng) -> Tensor:
        """Codes (n, T) of their law."""
        if self.prior is not None and self.settled:
            return self._read(self.prior.sample(n, c, rng=rng))
        return rng.integers(self.objective.quantising.size, (n, self.objective.coder.places), like=self._like)


@final
class _Round:
    """One step's loss, and what it saw on its way."""

    def __init__(self, objective: Objective, x: Tensor, c: Tensor | None) -> None:
        self.objective, self.x, self.c = objective, x, c
        self.codes = x.new_zeros(0)

    def loss(self) -> Tensor:
        value, h, self.codes = self.objective(self.x, self.c)
        self.h = h.detach()
        return value

    def follow(self, rng: Rng) -> None:
        self.objective.quantising.follow(self.h.flatten(0, 1), self.codes.flatten(), rng=rng)


def _space(grid: tuple[int, int] | None, places: int, size: int) -> Image | Vector:
    """What codes are to the family that is their law: a picture where they have places on a map, else a row."""
    return Vector((Category(size),) * places) if grid is None else Image(1, *grid, levels=size)
