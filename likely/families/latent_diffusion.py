r"""Latent diffusion: an autoencoder says a row in few numbers, and a diffusion is the law of these.

    z ~ q(z | x, c), or z = e(x);   y = (z - m) / s,   m, s of each number, of each channel of maps; choices stay    (1)
    y ~ p(y | c), a diffusion;   x ~ p(x | z = m + s y, c)                                                           (2)
    log p(x | c) >= E_q[log p(x | z, c) + log p(y | c) - sum log s - log q(z | x, c)]                                (3)

In each round the autoencoder takes its turn and then the diffusion, on codes that it cannot move; after a share of the
rounds the autoencoder stands still, its rate having come to zero. (3), with a bound of log p(y | c) where that is no
number itself, is there where the autoencoder has a posterior; else nothing scores a row. A sample is decoded once.

High-Resolution Image Synthesis with Latent Diffusion Models (Rombach et al., 2022), arXiv:2112.10752; of tables: TabSyn
(Zhang et al., 2024), arXiv:2310.09656
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from likely.contracts import (
    Bound,
    Concludes,
    Density,
    Elbo,
    Evidence,
    Family,
    Filled,
    Fills,
    Latent,
    Paced,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
)
from likely.diffusion import Schedule, Twisted, Walked, Walks, Way, coded
from likely.distributions.asked import values_known
from likely.distributions.resampled import Said
from likely.errors import CannotAnswer, FieldError
from likely.objectives import CodePrior, Emits, Infers
from likely.objectives.composed import composed
from likely.rng import Rng

OWN, CODES, LAW, CELLS = 1, 2, 3, 4  # forks of the noise
OWNED = "autoencoder: {}"  # a player of the autoencoder
ROWS = 1024  # that are encoded at a time where there are many
MEMORY, NARROWEST = 0.02, 1e-4  # how fast m and s follow codes that move; the least s


@final
@dataclass(frozen=True, kw_only=True)
class LatentDiffusion(Family["LatentDiffusionModel | UnscoredLatentDiffusionModel"]):
    """A diffusion in the codes of an autoencoder."""

    autoencoder: Family | None = None  # what makes codes of rows, and rows of codes; none: a VAE
    denoiser: Family | None = None  # the law of codes: what is learned and how samples walk; none: a Diffusion
    settled: float = 0.5  # share of the rounds after which the autoencoder stands still: less is more for the diffusion

    def __post_init__(self) -> None:
        if not 0 < self.settled <= 1:
            raise FieldError(f"LatentDiffusion.settled is {self.settled}", expected="a share above 0, at most 1")

    def build(
        self, space: Space, condition: Space | None = None
    ) -> "LatentDiffusionModel | UnscoredLatentDiffusionModel":
        autoencoder, prior = composed(self, space, condition)
        if isinstance(autoencoder, Infers) and isinstance(prior.model, Density | Bound):
            return LatentDiffusionModel(self, autoencoder, prior)
        return UnscoredLatentDiffusionModel(self, autoencoder, prior)


class TwoTurns(Walks, Emits, Latent, Fills, Trained, Prepared, Concludes, Paced):
    """An autoencoder and the law of its codes, which are told standardised: (1)."""

    particles = Twisted.particles
    centre: Tensor  # m
    variance: Tensor  # s^2

    def __init__(self, family: LatentDiffusion, autoencoder: Latent, prior: CodePrior) -> None:
        super().__init__(autoencoder.space, autoencoder.condition)
        self.family, self.autoencoder, self.prior, self.codes = family, autoencoder, prior, autoencoder.codes
        each, *places = self.codes.shape
        self.places = tuple(range(2, 2 + len(places)))
        self.register_buffer("centre", torch.zeros(each, *[1] * len(places)))
        self.register_buffer("variance", torch.ones(each, *[1] * len(places)))
        self.done = 0.0

    # What it can answer

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.standard(self.autoencoder.encode(x, c))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.autoencoder.decode(self.own(z), c)

    def emit(self, z: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        if isinstance(self.autoencoder, Emits):
            return self.autoencoder.emit(self.own(z), c, rng=rng)
        return self.decode(z, c)

    def said(self, z: Tensor, c: Tensor | None = None) -> Said:
        if not isinstance(self.autoencoder, Emits):
            raise CannotAnswer(f"{type(self.family.autoencoder).__name__} has no law of a row given its code",
                               expected="an autoencoder that has, such as VAE or Autoencoder")  # fmt: skip
        return self.autoencoder.said(self.own(z), c)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """Codes come down from noise to some that make the known cells likely."""
        known = values_known(evidence, "LatentDiffusion")
        told = coded(self.prior.model, self.said, x, known, self.codes.shape, c, particles=particles, rng=rng.fork(LAW))
        return replace(told, x=self.said(told.x, c).filled(x, known, rng=rng.fork(CELLS)))

    def standard(self, z: Tensor) -> Tensor:
        """Codes of the autoencoder, as they are shown to the diffusion."""
        return (z - self.centre) / self.spread  # (1)

    def own(self, y: Tensor) -> Tensor:
        """The reverse."""
        return self.centre + self.spread * y

    @property
    def spread(self) -> Tensor:
        """s"""
        return self.variance.sqrt().clamp(NARROWEST)

    # How it learns

    def pace(self, done: float) -> None:
        self.done = done
        for model, of in ((self.autoencoder, self.family.settled), (self.prior.model, 1.0)):
            if isinstance(model, Paced):
                model.pace(min(done / of, 1.0))

    def players(self) -> dict[str, Player]:
        own = self.autoencoder.players() if isinstance(self.autoencoder, Trained) else {}
        law = {name: replace(player, averaged=True) for name, player in self.prior.players().items()}
        return {OWNED.format(name): replace(player, until=self.family.settled) for name, player in own.items()} | law

    @torch.no_grad()
    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        if isinstance(self.autoencoder, Prepared):
            self.autoencoder.prepare(x, c, rng=rng.fork(OWN))
        z = self._codes(x, c, rng.fork(CODES))
        self._follow(z, 1.0)
        self.prior.prepare(self.standard(z), c, rng=rng.fork(LAW))

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        moves = self.done < self.family.settled
        if moves and isinstance(self.autoencoder, Trained):
            for turn in self.autoencoder.turns(x, c, rng=rng.fork(OWN)):
                yield replace(turn, player=OWNED.format(turn.player))
        with torch.no_grad():
            z = self._codes(x, c, rng.fork(CODES))
            if moves:
                self._follow(z, MEMORY)
        yield from self.prior.turns(self.standard(z), c, rng=rng.fork(LAW))

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        if isinstance(self.autoencoder, Concludes):
            self.autoencoder.conclude(x, c, rng=rng.fork(OWN))
        if isinstance(self.prior.model, Concludes):
            self.prior.conclude(self.standard(self._codes(x, c, rng.fork(CODES))), c, rng=rng.fork(LAW))

    def _codes(self, x: Tensor, c: Tensor | None, rng: Rng) -> Tensor:
        """What the diffusion learns: draws of the posterior where there is one, a part of the rows at a time."""
        given = [None] * len(x.split(ROWS)) if c is None else c.split(ROWS)
        if isinstance(self.autoencoder, Infers):
            model = self.autoencoder
            parts = [
                model.infer(part, told, rng=rng.fork(at)).z for at, (part, told) in enumerate(zip(x.split(ROWS), given))
            ]
        else:
            parts = [self.autoencoder.encode(part, told) for part, told in zip(x.split(ROWS), given)]
        return torch.cat(parts)

    def _follow(self, z: Tensor, share: float) -> None:
        """m and s, moved so far to those of these codes; choices stay what they are."""
        if not self.prior.of_reals:
            return
        over = (0, *self.places)
        self.centre.lerp_(z.mean(over, keepdim=True)[0], share)
        self.variance.lerp_((z - self.centre).square().mean(over, keepdim=True)[0], share)

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.emit(self.prior.sample(n, c, rng=rng.fork(LAW)), c, rng=rng.fork(CELLS))  # (2)

    @property
    def way(self) -> Way:
        return self._walker.way

    @property
    def learned(self) -> Schedule:
        return self._walker.learned

    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        found = self._walker.walk(n, c, way=way, rng=rng.fork(LAW))
        return Walked(self.emit(found.x, c, rng=rng.fork(CELLS)), found.calls)

    @property
    def _walker(self) -> Walks:
        if not isinstance(self.prior.model, Walks):
            what = f"{type(self.prior.family).__name__}, the law of codes, comes down no way from noise"
            raise CannotAnswer(what, expected="a denoiser of codes, such as Diffusion")
        return self.prior.model


@final
class LatentDiffusionModel(TwoTurns, Bound, Walks, Emits, Latent, Fills, Trained, Prepared, Concludes, Paced):
    """Of an autoencoder with a posterior: (3)."""

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        assert isinstance(self.autoencoder, Infers)
        found = self.autoencoder.infer(x, c, rng=rng.fork(CODES))
        fit = self.autoencoder.log_likelihood(x, found.z, c)
        return Elbo(fit=fit, rate=found.log_q - self.log_prior(found.z, c, rng=rng.fork(LAW)))  # (3)

    def log_prior(self, z: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """(B,): log p(z | c), or a draw of a bound of it."""
        law, y = self.prior.model, self.standard(z)
        told = law.log_prob(y, c) if isinstance(law, Density) else None
        if told is None:
            assert isinstance(law, Bound)
            told = law.elbo(y, c, rng=rng).value
        return told - self.spread.log().expand(self.codes.shape).sum()


@final
class UnscoredLatentDiffusionModel(TwoTurns, Walks, Emits, Latent, Fills, Trained, Prepared, Concludes, Paced):
    """Of an autoencoder that has codes and no posterior: rows are drawn, and not scored."""
