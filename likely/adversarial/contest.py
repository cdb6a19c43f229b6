r"""A contest: a critic, the game it plays with whoever makes rows, and what is done to rows before it sees them.

    critic       E a(f(T x), f(T y)) + price of names + [turn is due] k * price of the slope of f                (1)
    generator    E b(f(T x), f(T y)) + price of names                                                            (2)
    both codes   E b(f(T x), f(T y)) + e(f(T x), f(T y)) + price of names                                        (3)

with x real, y generated, T an augmentation, and a, b, e those of a `Game`. The slope is priced every k turns and k
times as much, which has the same mean and costs less (Karras et al., 2020, arXiv:1912.04958, section 3.1); its value is
then left out of the loss, which would go up and down every k turns. `settle` counts the turns, so that a loss may be
evaluated twice. In (3) a code stands beside every row, an encoder's beside a real one.

    def turns(self, x, c=None, *, rng):
        for turn in range(3):
            yield Turn("critic", partial(self.critic_loss, x, c, rng=rng, turn=turn), self.contest.settle)
        yield Turn("generator", partial(self.generator_loss, x, c, rng=rng))
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor, nn

from likely.adversarial.augmentation import Augmentation
from likely.adversarial.critic import Critic, Verdict
from likely.adversarial.shown import Shown
from likely.errors import FieldError
from likely.objectives import Game, Judged
from likely.rng import Rng

TURN, REPLY = 0xC717_1C00, 0x6E4E_7A70  # forks of a round's noise: the critic's first turn, and the generator's


@final
class Contest(nn.Module):
    """Losses of both players, from rows that a model shows."""

    taken: Tensor  # turns of the critic so far
    done: Tensor  # the share of the training that is over

    def __init__(
        self, critic: Critic, game: Game, *, augmentation: Augmentation | None = None, lazily: int = 1
    ) -> None:
        super().__init__()
        if lazily < 1:
            raise FieldError(f"a slope priced every {lazily} turns", expected="lazily at least 1")
        if augmentation is not None:
            augmentation.check(critic.space)
        self.critic, self.game, self.augmentation, self.lazily = critic, game, augmentation, lazily
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))
        self.register_buffer("done", torch.zeros(()))

    def forward(self, shown: Shown) -> Verdict:
        """What the critic says of these rows as they are."""
        return self.critic.verdict(shown)

    def critic_loss(self, real: Shown, fake: Shown, *, rng: Rng, turn: int = 0) -> Tensor:
        """(1), a scalar; where the rows come from is forgotten."""
        own = rng.fork(TURN + turn)
        real, fake = (self._seen(rows.detached(), own) for rows in (real, fake))
        if self.lazily > 1 and int(self.taken) % self.lazily:
            return self._weighed(*self._both(real, fake))
        at = [rows.reals.detach().requires_grad_() for rows in (real, fake)]  # where slopes are taken
        told, made = self._both(real.at(at[0]), fake.at(at[1]))
        slopes = Judged(at[0], told.score), Judged(at[1], made.score)
        price = self.game.penalty.price(lambda rows: self.critic(real.at(rows)), *slopes, rng=own, done=self.done)
        told_price = price if self.lazily == 1 else self.lazily * (price - price.detach())  # a slope without a value
        return self._weighed(told, made) + told_price  # (1)

    def generator_loss(self, real: Shown, fake: Shown, *, rng: Rng) -> Tensor:
        """(2), a scalar; no gradient reaches the critic, nor whoever made something of the real rows."""
        own = rng.fork(REPLY)
        with held(self.critic):
            made = self(self._seen(fake, own))
            told = self(self._seen(real.detached(), own)) if self.game.paired else made
        loss = self.game.generator_loss(told.score, made.score).mean()
        return loss + made.price  # (2)

    def joint_loss(self, real: Shown, fake: Shown, *, rng: Rng) -> Tensor:
        """(3), a scalar: what a generator and an encoder of real rows lower together."""
        own = rng.fork(REPLY)
        with held(self.critic):
            told, made = (self(self._seen(rows, own)) for rows in (real, fake))
        both = self.game.generator_loss(told.score, made.score) + self.game.encoder_loss(told.score, made.score)
        return both.mean() + made.price  # (3)

    def pace(self, done: float) -> None:
        """Before every round: the share of the training that is over. Never called, prices stay as they begin."""
        self.done.fill_(done)

    @torch.no_grad()
    def settle(self) -> None:
        """After a turn of the critic: it is counted, and the weights are held where the game wants it."""
        self.taken += 1
        if self.game.clip is not None:
            for weight in self.critic.parameters():
                weight.clamp_(-self.game.clip, self.game.clip)

    def _weighed(self, real: Verdict, fake: Verdict) -> Tensor:
        return self.game.critic_loss(real.score, fake.score).mean() + real.price + fake.price

    def _both(self, real: Shown, fake: Shown) -> tuple[Verdict, Verdict]:
        """The verdicts on each; in one pass, where rows do not depend on one another."""
        if not self.critic.apart:
            return self(real), self(fake)
        score, price = self(real.joined(fake))
        told, made = score.split([len(rows.x) // self.critic.packing for rows in (real, fake)])
        return Verdict(told, price), Verdict(made, price)

    def _seen(self, shown: Shown, rng: Rng) -> Shown:
        """Rows as the critic sees them: whole packs, changed."""
        packed = shown.packed(self.critic.packing)
        return packed if self.augmentation is None else packed._replace(x=self.augmentation.augmented(packed.x, rng))


@contextmanager
def held(module: nn.Module) -> Iterator[None]:
    """What is computed meanwhile has no slope in the module's weights."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)
