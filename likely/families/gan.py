r"""Generative adversarial network: a generator learns from a critic that learns to tell its rows from real ones.

    x = G(z, c),   z ~ N(0, I) beside one of k kinds, one-hot                         (1) generator
    f = s(h(x_1), e(c_1), ..., h(x_m), e(c_m))                                          (2) critic of a pack of m rows
    the critic lowers  E a(f(x), f(G(z)))  + its slope's price                          (3) game, in objectives/
    the generator lowers  E b(f(x), f(G(z)))                                            (4)

It has no density: it samples, and cannot score. A pack of several rows judged as one shows the critic what a generator
leaves out (Lin et al., 2018). Generative adversarial networks (Goodfellow et al., 2014), arXiv:1406.2661
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from likely.backbones import MLP, Network, decoder, encoder, whole
from likely.contracts import Family, Lifted, Player, Space, Trained, Turn
from likely.errors import FieldError
from likely.objectives import Game, Judged, Relativistic
from likely.rng import Rng

LAYERS = MLP(width=256, depth=3)  # of both players on small images


@dataclass(frozen=True, kw_only=True)
class GAN(Family["GANModel"]):
    """A generator and a critic over reals: rows and images, with or without a condition."""

    lifted: ClassVar[Lifted] = Lifted.CENTRED

    latent: int = 16  # normal numbers a row is made from
    codes: int = 256  # kinds of row, one picked evenly beside them: the generator can jump between clusters
    game: Game = Relativistic()  # what the two players want
    packing: int = 1  # rows the critic judges as one: more shows it missing modes
    turns: int = 1  # critic turns a round: Wasserstein wants about 5
    width: int = 128  # the critic's summary of a row
    waves: int = 4  # octaves of each real that the critic sees: more show it finer structure (rows)
    generator: Network | None = None  # the generator's shape; none chooses by the data
    critic: Network | None = None  # the critic's shape; none chooses by the data
    rate: float = 1e-3  # the generator's learning rate
    critic_rate: float = 3e-3  # the critic's learning rate: it must keep up with the generator
    momentum: float = 0.0  # Adam's first beta: games like little
    memory: float = 0.99  # Adam's second beta: games forget soon
    anneal: bool = True  # let both rates fall to zero, so that the game comes to rest

    def __post_init__(self) -> None:
        if self.latent < 0 or self.codes < 0 or self.latent + self.codes < 1:
            raise FieldError("a generator needs noise to start from", expected="latent + codes at least 1")
        if self.packing < 1 or self.turns < 1:
            raise FieldError("GAN.packing and GAN.turns are counts", expected="at least 1 of each")

    def build(self, space: Space, condition: Space | None = None) -> "GANModel":
        return GANModel(self, space, condition)


@final
class Critic(nn.Module):
    """Rows, and maybe conditions, to scores: one a pack of rows."""

    def __init__(self, family: GAN, space: Space, condition: Space | None) -> None:
        super().__init__()
        self.packing = family.packing
        self.features = encoder(space, family.width, family.critic or whole(space, LAYERS), waves=family.waves)
        self.given = None if condition is None else encoder(condition, family.width)
        told = family.packing * family.width * (1 if condition is None else 2)
        self.hidden = decoder(told, (family.width,), network=MLP(width=family.width, depth=1))
        self.verdict = nn.Linear(family.width, 1, bias=False)  # scores are compared: a constant says nothing

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        parts = [self.features(x).summary]
        if self.given is not None and c is not None:
            parts.append(self.given(c).summary)
        seen = torch.cat(parts, 1)
        told = self.hidden(F.silu(seen.reshape(len(x) // self.packing, -1)))
        return self.verdict(F.silu(told)).squeeze(1)  # (2)


@final
class GANModel(Trained):
    """p(x | c) as what a generator makes of noise."""

    def __init__(self, family: GAN, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        inputs = family.latent + family.codes
        drawn = family.generator or whole(space, LAYERS)
        self.generator = decoder(inputs, space.shape, condition=condition, network=drawn)
        _awaken(self.generator)
        self.critic = Critic(family, space, condition)

    # How it learns

    def players(self) -> dict[str, Player]:
        game, betas = self.family, (self.family.momentum, self.family.memory)
        return {
            "critic": Player(self.critic, game.critic_rate, betas, anneal=game.anneal, averaged=True),
            "generator": Player(self.generator, game.rate, betas, anneal=game.anneal, averaged=True),
        }

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        x, c = self._packs(x), None if c is None else self._packs(c)
        clip = self.family.game.clip
        after = None if clip is None else partial(_clip, self.critic, clip)
        for turn in range(self.family.turns):
            yield Turn("critic", partial(self.critic_loss, x, c, rng=rng, turn=turn), after)
        yield Turn("generator", partial(self.generator_loss, x, c, rng=rng))

    def critic_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng, turn: int = 0) -> Tensor:
        own = rng.fork(turn)  # made here, so that a loss evaluated twice is the same
        with torch.no_grad():
            made = self.sample(len(x), c, rng=own)
        x, made = x.detach().requires_grad_(), made.requires_grad_()
        real, fake = Judged(x, self.critic(x, c)), Judged(made, self.critic(made, c))
        price = self.family.game.penalty.price(lambda y: self.critic(y, c), real, fake, rng=own)
        return self.family.game.critic_loss(real.score, fake.score).mean() + price  # (3)

    def generator_loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        made = self.sample(len(x), c, rng=rng.fork(self.family.turns))
        held = {name: weight.detach() for name, weight in self.critic.named_parameters()}  # no slope in the critic
        real, fake = (functional_call(self.critic, held, (y, c)) for y in (x, made))
        return self.family.game.generator_loss(real, fake).mean()  # (4)

    def _packs(self, rows: Tensor) -> Tensor:
        """As many rows as whole packs hold; a batch smaller than a pack repeats its rows."""
        size = self.family.packing
        if len(rows) < size:
            rows = rows.repeat(-(-size // len(rows)), *(1,) * (rows.dim() - 1))
        return rows[: len(rows) - len(rows) % size]

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        like, family = next(self.generator.parameters()), self.family
        z = rng.normal((n, family.latent), like=like)
        if family.codes:
            code = rng.integers(family.codes, (n,), like=like)
            z = torch.cat([z, F.one_hot(code, family.codes) * family.codes**0.5], 1)  # unit variance, as z
        return self.generator(z, c)  # (1)


def _awaken(generator: nn.Module) -> None:
    """Weights that pass the noise on undiminished: a generator that starts as one point is chased, not taught."""
    for layer in generator.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)


@torch.no_grad()
def _clip(critic: nn.Module, most: float) -> None:
    for weight in critic.parameters():
        weight.clamp_(-most, most)
