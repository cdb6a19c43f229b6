r"""Bidirectional GAN: an encoder learns beside a generator, and one critic judges pairs of a row and its code.

    x = G(z, c),   z ~ N(0, I)   and   z = E(x, c)                                            (1) generator and encoder
    f tells pairs (x, E(x)) of real rows from pairs (G(z), z)                                 (2) critic
    G and E together raise what the critic loses, and lower  w |E(G(z)) - z|^2 / dim z        (3) in adversarial/contest

Where no critic can tell the pairs apart, rows and codes have one joint law: G(z) is distributed as the rows, E(x) as
N(0, I), and E inverts G. Only there is the price in (3) nothing: it makes codes come back sooner (Li et al., 2017,
arXiv:1709.01215). It has no density. Adversarial Feature Learning (Donahue et al., 2017), arXiv:1605.09782
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.adversarial import Augmentation, Concatenated, Contest, Critic, Noise, Shown, Told, generator
from likely.adversarial.critic import LAYERS
from likely.adversarial.filling import filled
from likely.backbones import MLP, Network, decoder, encoder, recounting, whole
from likely.contracts import (
    Concludes,
    Evidence,
    Family,
    Filled,
    Fills,
    Judges,
    Latent,
    Lifted,
    Paced,
    Player,
    Space,
    Trained,
    Truncates,
    Turn,
)
from likely.errors import FieldError
from likely.objectives import Game, Relativistic
from likely.rng import Rng

MADE, REPLY = 0xB16A_0000, 0xB16E_0000  # forks of a round's noise: codes for each turn of the critic, for both others


@final
@dataclass(frozen=True, kw_only=True)
class BiGAN(Family["BiGANModel"]):
    """A generator, an encoder and a critic of both over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.CENTRED

    latent: int = 16  # numbers in a code; more tell a row more closely and are harder to match
    returns: float = 1.0  # the price of codes that do not come back from the rows they make; 0: the critic's word alone
    game: Game = Relativistic()  # what the players want
    told: Told = Concatenated()  # how the critic is told the condition
    augmentation: Augmentation | None = None  # how rows are changed before the critic sees them: for few images
    packing: int = 1  # pairs the critic judges as one: more shows it missing modes
    turns: int = 1  # critic turns a round: Wasserstein wants about 5
    width: int = 128  # the critic's summary of a row, and of a code
    waves: int = 4  # octaves of each real that the critic sees: more show it finer structure (rows)
    generator: Network | None = None  # the generator's shape; none chooses by the data
    encoder: Network | None = None  # the encoder's shape; none chooses by the data
    critic: Network | None = None  # the critic's shape; none chooses by the data
    rate: float = 1e-3  # the generator's and the encoder's learning rate
    critic_rate: float = 3e-3  # the critic's learning rate: it must keep up with both
    momentum: float = 0.0  # Adam's first beta: games like little
    memory: float = 0.99  # Adam's second beta: games forget soon
    anneal: bool = True  # let the rates fall to zero, so that the game comes to rest

    def __post_init__(self) -> None:
        if self.latent < 1 or self.returns < 0:
            told = f"BiGAN has latent={self.latent} and returns={self.returns}"
            raise FieldError(told, expected="latent at least 1, returns at least 0")
        if self.packing < 1 or self.turns < 1:
            raise FieldError("BiGAN.packing and BiGAN.turns are counts", expected="at least 1 of each")

    def build(self, space: Space, condition: Space | None = None) -> "BiGANModel":
        return BiGANModel(self, space, condition)


@final
class Both(nn.Module):
    """A generator and an encoder, who play on one side."""

    def __init__(self, family: BiGAN, space: Space, condition: Space | None) -> None:
        super().__init__()
        network, numbers = family.encoder or whole(space, LAYERS), family.latent
        self.generator = generator(numbers, space, condition, family.generator)
        self.reader = encoder(space, numbers if condition is None else family.width, network)
        layer = MLP(width=family.width, depth=1)
        told = None if condition is None else decoder(family.width, (numbers,), condition=condition, network=layer)
        self.head = told

    def code(self, x: Tensor, c: Tensor | None) -> Tensor:
        read = self.reader(x).summary
        return read if self.head is None else self.head(F.silu(read), c)  # (1)


@final
class BiGANModel(Latent, Truncates, Fills, Trained, Paced, Judges, Concludes):
    """p(x, z | c) as a generator makes it from z, and an encoder from x."""

    word, particles = "heuristic", 32

    def __init__(self, family: BiGAN, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.noise = family, Noise(family.latent)
        self.codes = self.noise.space
        self.both = Both(family, space, condition)
        critic = Critic(space, condition, family.critic, width=family.width, waves=family.waves,
                        packing=family.packing, told=family.told, beside=family.latent)  # fmt: skip
        self.contest = Contest(critic, family.game, augmentation=family.augmentation)

    # How it learns

    def players(self) -> dict[str, Player]:
        game, betas = self.family, (self.family.momentum, self.family.memory)
        return {
            "critic": Player(self.contest.critic, game.critic_rate, betas, anneal=game.anneal, averaged=True),
            "generator": Player(self.both, game.rate, betas, anneal=game.anneal, averaged=True),
        }

    def pace(self, done: float) -> None:
        self.contest.pace(done)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        for turn in range(self.family.turns):
            yield Turn("critic", partial(self.critic_loss, x, c, rng=rng, turn=turn), self.contest.settle)
        yield Turn("generator", partial(self.pair_loss, x, c, rng=rng))

    def critic_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng, turn: int = 0) -> Tensor:
        with torch.no_grad():
            real, fake = self._pairs(x, c, rng.fork(MADE + turn))
        return self.contest.critic_loss(real, fake, rng=rng, turn=turn)  # (2)

    def pair_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        real, fake = self._pairs(x, c, rng.fork(REPLY))
        lost = self.contest.joint_loss(real, fake, rng=rng)
        if not self.family.returns or fake.beside is None:
            return lost
        return lost + self.family.returns * F.mse_loss(self.encode(fake.x, c), fake.beside)  # (3)

    def _pairs(self, x: Tensor, c: Tensor | None, rng: Rng) -> tuple[Shown, Shown]:
        """Real rows beside what the encoder says of them, and codes beside what the generator makes of them."""
        z = self._drawn(len(x), rng)
        return Shown(x, c, self.encode(x, c)), Shown(self.decode(z, c), c, z)

    def _drawn(self, n: int, rng: Rng) -> Tensor:
        return self.noise.draw(n, rng, next(self.both.parameters()))

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """The statistics of batch norms, counted again under the weights that are kept, on codes and on rows."""
        for part, rows in recounting(self.both, len(x)):
            self._pairs(x[rows], None if c is None else c[rows], rng.fork(part))

    def judge(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.contest(Shown(x, c, self.encode(x, c)).packed(self.family.packing)).score

    # What it can answer

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.both.code(x, c)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.both.generator(self.noise.lifted(z), c)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.decode(self._drawn(n, rng), c)  # (1)

    def sample_truncated(self, n: int, c: Tensor | None = None, *, truncation: float, rng: Rng) -> Tensor:
        return self.decode(self.noise.truncated(self._drawn(n, rng), truncation), c)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        make = lambda z, rows: self.decode(z, None if c is None else c[rows])  # noqa: E731
        return filled(make, self.noise, x, evidence, particles=particles, rng=rng)
