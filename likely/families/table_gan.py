r"""A GAN of tables: columns of every kind as choices and places, and rare levels learned as well as frequent ones.

    row = (choice, place of each number in its mode),   (y, place) = G(z, e_v, c),   choice ~ softmax(y)             (1)
    (d, v) ~ balanced conditions,   x real with x_d = v,   G is told v                                               (2)
    the critic lowers    E a(f(x, d), f(G, d)) + its slope's price                                                   (3)
    the generator lowers E b(f(x, d), f(G, d)) - w E log softmax(y_d)_v                                              (4)
    samples: d evenly, v ~ p_d(v | c), a row of G                                                                    (5)
    in the end  y <- y + log p_d(v) - log (share of v among samples), a few times                                    (6)

Modes and frequencies are counted from rows seen first. In (2) v comes as often as log(1 + its rows), in (5) as often
as it does; under a condition a small network learns p_d(v | c). It samples, and cannot score.

Modeling Tabular Data using Conditional GAN (Xu et al., 2019), arXiv:1907.00503
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.adversarial import Concatenated, Contest, Critic, Noise, Shown, Told
from likely.adversarial.balance import attention, picked
from likely.adversarial.filling import sought
from likely.adversarial.maker import Law, Made, Maker
from likely.adversarial.places import Placed, Places
from likely.backbones import MLP, Network
from likely.contracts import (
    Concludes,
    Evidence,
    Family,
    Filled,
    Fills,
    Judges,
    Paced,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
)
from likely.distributions.asked import values_known
from likely.errors import FieldError
from likely.objectives import Game, Relativistic
from likely.particles.annealing import Grouped
from likely.rng import Rng
from likely.spaces import Vector, reals

PICKED, REPLY, MADE = 1, 2, 3  # forks of a round's noise: rows, the generator's answer, the critic's turns
TUNED, FEW = 8, 5  # how often (6) is done; rows that every level is given there
RARELY = -1e9  # log-odds that a cell is told that is not there


@dataclass(frozen=True, kw_only=True)
class TableGAN(Family["TableGANModel"]):
    """A generator of table rows that is told one cell of each, and a critic."""

    latent: int = 128  # normal numbers a row is made from
    codes: int = 0  # kinds of row, one picked evenly beside them
    modes: int = 16  # of each number, at most: more follow its values closer
    game: Game = Relativistic()  # what the two players want
    told: Told = Concatenated()  # how the critic is told a condition
    packing: int = 1  # rows the critic judges as one: more shows it missing modes
    company: int = 0  # kernels by which the critic sees how alike rows are: some show it collapse
    turns: int = 1  # critic turns a round: Wasserstein wants about 5
    lazily: int = 4  # price the critic's slope every so many turns: more is faster, and steers later
    obedience: float = 1.0  # what it costs the generator not to make the level that it is told
    temperature: float = 0.2  # of choices while it learns: less is nearer to what samples are, with rougher slopes
    straight: bool = True  # the critic sees choices as they are; otherwise softened by the temperature
    width: int = 128  # the critic's summary of a row, and its layers over packs of them
    generator: Network = MLP(width=256, depth=2)  # the generator's layers
    critic: Network = MLP(depth=0)  # the critic's layers over a row, before two that judge a pack of rows
    rate: float = 1e-3  # the generator's learning rate
    critic_rate: float = 2e-3  # the critic's learning rate: it must keep up with the generator
    momentum: float = 0.0  # Adam's first beta: games like little
    memory: float = 0.99  # Adam's second beta: games forget soon
    anneal: bool = True  # let both rates fall to zero, so that the game comes to rest

    def __post_init__(self) -> None:
        Noise(self.latent, self.codes)
        if min(self.modes, self.packing, self.turns, self.lazily) < 1 or self.company < 0:
            raise FieldError("TableGAN.modes, .packing, .turns, .lazily and .company are counts",
                             expected="at least 1 of each, company at least 0")  # fmt: skip
        if not 0 < self.temperature < math.inf or not 0 <= self.obedience < math.inf:
            told = f"TableGAN has temperature={self.temperature} and obedience={self.obedience}"
            raise FieldError(told, expected="a temperature above 0, an obedience of at least 0")

    def build(self, space: Space, condition: Space | None = None) -> "TableGANModel":
        if not isinstance(space, Vector):
            raise FieldError(
                f"TableGAN makes the rows of a table, not {type(space).__name__}",
                expected="a table",
                remedy="GAN for images, series and sounds; Transformer for texts",
            )
        return TableGANModel(self, space, condition)


class Round(NamedTuple):
    """The rows of one round: real ones, what the generator is told of each, and where their cells are."""

    real: Shown
    told: Tensor  # (B,)
    there: Tensor  # (B, D)


@final
class TableGANModel(Fills, Trained, Prepared, Paced, Concludes, Judges):
    """p(x | c) as what a generator makes of noise and a cell that it is told."""

    word, particles = "heuristic", 32
    offset: Tensor  # (L,) what is added to all logits

    def __init__(self, family: TableGAN, space: Vector, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.places = family, Places(space, family.modes)
        self.maker = Maker(Noise(family.latent, family.codes), self.places, condition, family.generator)
        critic = Critic(reals(self.places.width), condition, family.critic, width=family.width,
                        packing=family.packing, company=family.company, told=family.told, gaps=False)  # fmt: skip
        self.contest = Contest(critic, family.game, lazily=family.lazily)
        self.law = None if condition is None else Law(condition, len(self.places.state))
        self.register_buffer("offset", torch.zeros(len(self.places.state)))

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.places.prepare(x, rng=rng)

    def players(self) -> dict[str, Player]:
        game, betas = self.family, (self.family.momentum, self.family.memory)
        found = {
            "critic": Player(self.contest.critic, game.critic_rate, betas, anneal=game.anneal, averaged=True),
            "generator": Player(self.maker, game.rate, betas, anneal=game.anneal, averaged=True),
        }
        return found if self.law is None else found | {"law": Player(self.law)}

    def pace(self, done: float) -> None:
        self.contest.pace(done)

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        placed = self.places.placed(x, rng=rng)
        now = self._round(placed, c, rng.fork(PICKED))
        for turn in range(self.family.turns):
            yield Turn("critic", partial(self.critic_loss, now, rng=rng, turn=turn), self.contest.settle)
        yield Turn("generator", partial(self.generator_loss, now, rng=rng))
        if self.law is not None and c is not None:
            yield Turn("law", partial(self.law_loss, placed, c))

    def _round(self, placed: Placed, c: Tensor | None, rng: Rng) -> Round:
        """Rows of the batch picked anew, whole packs of them, with the level that is told of each."""
        count = len(placed.choice)
        count = max(count - count % self.family.packing, self.family.packing)
        rows, told = picked(placed.choice, placed.there, attention(self.places.seen), count, rng=rng)  # (2)
        some = Placed(*(part[rows] for part in placed))
        real = Shown(self.places.shown(some, told), None if c is None else c[rows])
        return Round(real, told, some.there)

    def critic_loss(self, now: Round, *, rng: Rng, turn: int = 0) -> Tensor:
        with torch.no_grad():
            fake, _ = self._faked(now, rng.fork(MADE + turn))  # in here, so that a loss evaluated twice is the same
        return self.contest.critic_loss(now.real, fake, rng=rng, turn=turn)  # (3)

    def generator_loss(self, now: Round, *, rng: Rng) -> Tensor:
        fake, made = self._faked(now, rng.fork(REPLY))
        obeyed = self.places.choosing.log_softmax(made.logits).gather(1, now.told[:, None]).mean()
        return self.contest.generator_loss(now.real, fake, rng=rng) - self.family.obedience * obeyed  # (4)

    def law_loss(self, placed: Placed, c: Tensor) -> Tensor:
        """-log p_d(v | c), the mean over the cells that are there."""
        log_p = self._log_law(len(c), c).gather(1, placed.choice)
        return -torch.where(placed.there, log_p, 0.0).sum() / placed.there.sum().clamp(min=1)

    def _faked(self, now: Round, rng: Rng) -> tuple[Shown, Made]:
        """What the critic sees of what is made: cells that the real row has not are hidden in both."""
        made, choosing = self._made(now.told, now.real.c, rng), self.places.choosing
        y = choosing.perturbed(made.logits, rng)
        hots = choosing.relaxed(y, self.family.temperature, straight=self.family.straight)
        places = made.places.unflatten(1, self.places.mean.shape)
        return now.real._replace(x=self.places.seen_as(hots, places, now.there, now.told)), made

    def _made(self, told: Tensor, c: Tensor | None, rng: Rng) -> Made:
        return self._of(self.maker.noise.draw(len(told), rng, self.places.mean), told, c)

    def _of(self, z: Tensor, told: Tensor, c: Tensor | None) -> Made:
        """Where the generator says 0, choices are as frequent as they are."""
        made = self.maker(z, told, c)
        return made._replace(logits=made.logits + self.places.log_law() + self.offset)  # (1)

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """Choices come as often as among these rows."""
        self.offset.zero_()
        placed = self.places.placed(x, rng=rng.fork(PICKED))
        own = self._log_shares(placed.choice[placed.there])
        for _ in range(TUNED):
            choice, _ = self._drawn(len(x), c, rng.fork(REPLY))
            self.offset += (own - self._log_shares(choice)).clamp(-1, 1)  # (6)

    def _log_shares(self, choice: Tensor) -> Tensor:
        """log of how often each choice of a column comes (L,), a few more times each: rare ones are not chased."""
        rows = torch.bincount(choice.flatten(), minlength=len(self.offset)) + FEW
        return self.places.choosing.log_softmax(rows.to(self.offset.dtype).log()[None])[0]

    def judge(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        placed = self.places.placed(x, rng=rng)
        column = rng.categorical(torch.where(placed.there, 0.0, RARELY))  # one of its own cells is told of each row
        told = placed.choice.gather(1, column[:, None]).squeeze(1)
        return self.contest(Shown(self.places.shown(placed, told), c).packed(self.family.packing)).score

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.places.cells_of(*self._drawn(n, c, rng))

    def _drawn(self, n: int, c: Tensor | None, rng: Rng) -> tuple[Tensor, Tensor]:
        """Choices (n, D), and places in all modes."""
        made, choosing = self._made(self._told(n, c, rng), c, rng), self.places.choosing
        return choosing.index(choosing.perturbed(made.logits, rng)), made.places  # (1)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """Codes by how likely they make the known choices, and how near the known places."""
        known, each = values_known(evidence, "TableGAN"), torch.arange(len(x), device=x.device)
        placed = self.places.placed(torch.where(known, x, 0.0), rng=rng.fork(PICKED))
        given = lambda rows: None if c is None else c[rows]  # noqa: E731
        made = lambda z, rows: self._of(z[:, :-1], z[:, -1].long(), given(rows))  # noqa: E731
        mine = each.repeat_interleave(particles)
        told = self._told(len(mine), given(mine), Grouped(rng.fork(REPLY), particles))[:, None]
        likely = lambda z, rows: self.places.likely(  # noqa: E731
            *made(z, rows), Placed(*(part[rows] for part in placed)), known[rows]
        )
        found = sought(likely, self.maker.noise, each, self.places.mean, particles=particles, rng=rng, more=told)
        said, choosing = made(found.rows, each), self.places.choosing
        choice = choosing.index(choosing.perturbed(self.places.there(said.logits), rng.fork(MADE)))
        return Filled(torch.where(known, x, self.places.cells_of(choice, said.places).to(x.dtype)), found.share)

    def _told(self, n: int, c: Tensor | None, rng: Rng) -> Tensor:
        """(5): the levels that n rows are told."""
        columns = self.places.choosing.columns
        column = rng.integers(columns, (n,), like=self.places.mean)
        others = self.places.choosing.column != column[:, None]
        return rng.categorical(self._log_law(n, c).masked_fill(others, -torch.inf))

    def _log_law(self, n: int, c: Tensor | None) -> Tensor:
        """log p_d(v | c), or log p_d(v) without a condition: (n, L)."""
        law = self.places.log_law().expand(n, -1)
        return law if self.law is None or c is None else self.places.choosing.log_softmax(law + self.law(c))
