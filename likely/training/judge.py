"""The held-out rows, judged by what the model itself promises: smaller is better.

    Density: -log p(x)     Bound: -elbo(x)     otherwise, for players who keep to their losses: the turns' losses,
                                               but for those on what another player moves, which shift with it
    players whose losses say nothing of the rows (a game's): the distance of what is drawn from the held-out rows

The noise is keyed by (seed, row), the same at every validation, so that two judgements differ by the weights alone.
"""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from likely.contracts import Bound, Density, Model, Player, Trained
from likely.rng import Keyed
from likely.training.apart import FEWEST, Apart
from likely.training.examples import Examples, cells
from likely.training.judgement import Judgement, mean_of
from likely.training.lift import Lifting, lifted

JUDGED, LIFTED = 0x7E57, 1  # forks of the seed
Measure = Callable[[Tensor, Tensor | None, Tensor, Keyed], Tensor]


@final
class Judge:
    """A number for the weights a model holds now, where it can have one."""

    def __init__(
        self,
        model: Model,
        players: dict[str, Player],
        held_out: Examples,
        *,
        size: int,
        seed: int,
        lift: Lifting | None,
        learned: Examples | None = None,
    ) -> None:
        self.model, self.held_out, self.size, self.lift = model, held_out, size, lift
        self.rng, self.dtype = Keyed(seed).fork(JUDGED), dtype_of(model)
        self.measure, self.unit = self._promise(players)
        self.apart: Apart | None = None
        if by_draws(model, players) and learned is not None and len(held_out) >= FEWEST:
            self.apart = Apart(model, held_out, learned, size=size, rng=self.rng, lift=lift)
            self.unit = self.apart.unit

    @property
    def able(self) -> bool:
        return self.measure is not None or self.apart is not None

    @property
    def told(self) -> str:
        """What is measured, of which rows."""
        rows = len(self.held_out) if self.apart is None else len(self.apart.x)
        what = {NATS: "-log p (or its bound) on", "loss": "loss on"}.get(self.unit, "distance of drawn rows from")
        return f"{what} {rows:,} validation rows"

    def judged(self) -> Judgement:
        """The measure on the held-out rows, in float64."""
        was_training = self.model.training
        self.model.eval()
        found = self._drawn(self.apart) if self.apart is not None else self._mean()
        self.model.train(was_training)
        return found

    def _drawn(self, apart: Apart) -> Judgement:
        with torch.no_grad():
            return apart.judged()

    def _mean(self) -> Judgement:
        parts = enumerate(self.held_out.chunks(self.size))
        losses = torch.cat([self._chunk(part, number * self.size) for number, part in parts])
        return mean_of(losses, self.held_out.weight, apart=self.unit == NATS)

    def _chunk(self, part: Examples, start: int) -> Tensor:
        assert self.measure is not None
        x, ladj = lifted(cells(part.x, self.dtype), self.lift, self.rng.fork(LIFTED).at(start))
        c = None if part.c is None else cells(part.c, self.dtype)
        return self.measure(x, c, ladj.double(), self.rng.at(start)).detach()

    def _promise(self, players: dict[str, Player]) -> tuple[Measure | None, str]:
        model = self.model
        match model:
            case Density():
                return torch.no_grad()(lambda x, c, ladj, rng: -(model.log_prob(x, c).double() + ladj)), NATS
            case Bound():
                return torch.no_grad()(lambda x, c, ladj, rng: -(model.elbo(x, c, rng=rng).value.double() + ladj)), NATS
            case Trained() if not by_draws(model, players):
                leading = {name for name, player in players.items() if not player.follows} or set(players)
                return lambda x, c, ladj, rng: _turns(model, leading, x, c, rng).expand(len(x)), "loss"
        return None, ""


NATS = "nats"


def by_draws(model: Model, players: dict[str, Player]) -> bool:
    """Whether neither a density nor a loss can judge: only what the model draws."""
    return not isinstance(model, Density | Bound) and any(player.averaged for player in players.values())


def dtype_of(model: Model) -> torch.dtype:
    """The precision of the model's weights."""
    return next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.float32)


def _turns(model: Trained, leading: set[str], x: Tensor, c: Tensor | None, rng: Keyed) -> Tensor:
    """The losses that weights can be compared by: not those on what another player moves."""
    turns = model.turns(x, c, rng=rng)
    return torch.stack([turn.loss().detach().double() for turn in turns if turn.player in leading]).sum()
