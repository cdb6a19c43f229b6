r"""Generative adversarial network: a generator learns from a critic that learns to tell its rows from real ones.

    x = G(z, c),   z ~ N(0, I) beside one of k kinds                                      (1) generator, in adversarial/
    f(x_1, c_1, ..., x_m, c_m)                                                            (2) critic of a pack of m rows
    the critic lowers  E a(f(x), f(G(z)))  + its slope's price                            (3) game, in objectives/
    the generator lowers  E b(f(x), f(G(z)))                                              (4)

It has no density: it samples, and cannot score. Generative adversarial networks (Goodfellow et al., 2014),
arXiv:1406.2661
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.adversarial import Augmentation, Concatenated, Contest, Critic, Noise, Shown, Told, generator, octaves
from likely.adversarial.filling import filled
from likely.backbones import Network, recounting
from likely.contracts import (
    Concludes,
    Evidence,
    Family,
    Filled,
    Fills,
    Judges,
    Lifted,
    Paced,
    Player,
    Space,
    Trained,
    Truncates,
    Turn,
)
from likely.errors import FieldError
from likely.objectives import Game, Relativistic, ZeroCentred
from likely.rng import Rng

MADE, REPLY = 0x6A00_0000, 0x6A4E_0000  # forks of a round's noise: codes for each turn of the critic, for the generator


@dataclass(frozen=True, kw_only=True)
class GAN(Family["GANModel"]):
    """A generator and a critic over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.CENTRED

    latent: int = 16  # normal numbers a row is made from
    codes: int = 256  # kinds of row, one picked evenly beside them: the generator can jump between clusters
    game: Game = Relativistic(ZeroCentred(0.05, 0.05, last=0.1))  # what the two players want
    packing: int = 1  # rows the critic judges as one: more shows it missing modes
    company: int = 0  # kernels by which the critic sees how alike rows are: some show it collapse
    told: Told = Concatenated()  # how the critic is told a condition
    augmentation: Augmentation | None = None  # random changes of what the critic sees: for small sets of images
    turns: int = 1  # critic turns a round: Wasserstein wants about 5
    lazily: int = 1  # critic turns between prices of its slope, so many times dearer: more is quicker
    width: int = 128  # the critic's summary of a row
    waves: int | None = None  # octaves of each real that the critic sees: finer structure; none chooses by the columns
    generator: Network | None = None  # the generator's shape; none chooses by the data
    critic: Network | None = None  # the critic's shape; none chooses by the data
    rate: float = 3e-4  # the generator's learning rate: more, and each kind shrinks to a point
    critic_rate: float = 1e-3  # the critic's learning rate: it must keep up with the generator
    momentum: float = 0.0  # Adam's first beta: games like little
    memory: float = 0.99  # Adam's second beta: games forget soon
    anneal: bool = True  # let both rates fall to zero, so that the game comes to rest

    def __post_init__(self) -> None:
        Noise(self.latent, self.codes)
        if min(self.packing, self.turns, self.lazily) < 1 or self.company < 0:
            raise FieldError("GAN.packing, GAN.turns, GAN.lazily and GAN.company are counts",
                             expected="at least 1 of each, company at least 0")  # fmt: skip

    def build(self, space: Space, condition: Space | None = None) -> "GANModel":
        return GANModel(self, space, condition)


@final
class GANModel(Truncates, Fills, Trained, Paced, Judges, Concludes):
    """p(x | c) as what a generator makes of noise."""

    word, particles = "heuristic", 32

    def __init__(self, family: GAN, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.noise = family, Noise(family.latent, family.codes)
        self.codes = self.noise.space
        self.generator = generator(self.noise.inputs, space, condition, family.generator)
        waves = octaves(space) if family.waves is None else family.waves
        critic = Critic(space, condition, family.critic, width=family.width, waves=waves,
                        packing=family.packing, company=family.company, told=family.told)  # fmt: skip
        self.contest = Contest(critic, family.game, augmentation=family.augmentation, lazily=family.lazily)

    # How it learns

    def players(self) -> dict[str, Player]:
        game, betas = self.family, (self.family.momentum, self.family.memory)
        return {
            "critic": Player(self.contest.critic, game.critic_rate, betas, anneal=game.anneal, averaged=True),
            "generator": Player(self.generator, game.rate, betas, anneal=game.anneal, averaged=True),
        }

    def pace(self, done: float) -> None:
        self.contest.pace(done)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        for turn in range(self.family.turns):
            yield Turn("critic", partial(self.critic_loss, x, c, rng=rng, turn=turn), self.contest.settle)
        yield Turn("generator", partial(self.generator_loss, x, c, rng=rng))

    def critic_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng, turn: int = 0) -> Tensor:
        with torch.no_grad():
            real, fake = self._pair(x, c, rng.fork(MADE + turn))  # in here, so that a loss evaluated twice is the same
        return self.contest.critic_loss(real, fake, rng=rng, turn=turn)  # (3)

    def generator_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        real, fake = self._pair(x, c, rng.fork(REPLY))
        return self.contest.generator_loss(real, fake, rng=rng)  # (4)

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """The statistics of a generator's batch norms, counted again under the weights that are kept."""
        for part, rows in recounting(self.generator, len(x)):
            self.sample(rows.stop - rows.start, None if c is None else c[rows], rng=rng.fork(part))

    def judge(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.contest(Shown(x, c).packed(self.family.packing)).score  # (2)

    def _pair(self, x: Tensor, c: Tensor | None, rng: Rng) -> tuple[Shown, Shown]:
        """Real rows, and as many that are made given the same."""
        return Shown(x, c), Shown(self.sample(len(x), c, rng=rng), c)

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_truncated(n, c, truncation=1.0, rng=rng)

    def sample_truncated(self, n: int, c: Tensor | None = None, *, truncation: float, rng: Rng) -> Tensor:
        z = self.noise.draw(n, rng, next(self.generator.parameters()))
        return self.decode(self.noise.truncated(z, truncation), c)  # (1)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.generator(self.noise.lifted(z), c)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        make = lambda z, rows: self.decode(z, None if c is None else c[rows])  # noqa: E731
        return filled(make, self.noise, x, evidence, particles=particles, rng=rng)
