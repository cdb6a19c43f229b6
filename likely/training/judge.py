"""The held-out rows, judged by what the model itself promises: smaller is better.

    Density: -log p(x)     Bound: -elbo(x)     otherwise, for players who keep to their losses: the turns' losses,
                                               but for those on what another player moves, which shift with it

The noise is keyed by (seed, row), the same at every validation, so that two judgements differ by the weights alone.
"""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from likely.contracts import Bound, Density, Model, Player, Trained
from likely.rng import Keyed
from likely.training.examples import Examples, cells
from likely.training.lift import Lifting, lifted

JUDGED, LIFTED = 0x7E57, 1  # forks of the seed


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
    ) -> None:
        self.model, self.held_out, self.size, self.lift = model, held_out, size, lift
        self.rng = Keyed(seed).fork(JUDGED)
        self.dtype = dtype_of(model)
        self.measure, self.unit = self._promise(players)

    def value(self) -> float:
        """The weighted mean over the held-out rows, in float64."""
        was_training = self.model.training
        self.model.eval()
        total, weight = 0.0, 0.0
        for number, part in enumerate(self.held_out.chunks(self.size)):
            losses = self._chunk(part, number * self.size)
            weights = torch.ones_like(losses) if part.weight is None else part.weight.to(losses)
            total, weight = total + float((losses * weights).sum()), weight + float(weights.sum())
        self.model.train(was_training)
        return total / weight

    @property
    def able(self) -> bool:
        return self.measure is not None

    def _chunk(self, part: Examples, start: int) -> Tensor:
        assert self.measure is not None
        x, ladj = lifted(cells(part.x, self.dtype), self.lift, self.rng.fork(LIFTED).at(start))
        c = None if part.c is None else cells(part.c, self.dtype)
        return self.measure(x, c, ladj.double(), self.rng.at(start)).detach()

    def _promise(self, players: dict[str, Player]) -> tuple[Callable[..., Tensor] | None, str]:
        model = self.model
        match model:
            case Density():
                return torch.no_grad()(lambda x, c, ladj, rng: -(model.log_prob(x, c).double() + ladj)), "nats"
            case Bound():
                return torch.no_grad()(
                    lambda x, c, ladj, rng: -(model.elbo(x, c, rng=rng).value.double() + ladj)
                ), "nats"
            case Trained() if not any(player.averaged for player in players.values()):
                leading = {name for name, player in players.items() if not player.follows} or set(players)
                return lambda x, c, ladj, rng: _turns(model, leading, x, c, rng).expand(len(x)), "loss"
        return None, ""


def dtype_of(model: Model) -> torch.dtype:
    """The precision of the model's weights."""
    return next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.float32)


def _turns(model: Trained, leading: set[str], x: Tensor, c: Tensor | None, rng: Keyed) -> Tensor:
    """The losses that weights can be compared by: not those on what another player moves."""
    turns = model.turns(x, c, rng=rng)
    return torch.stack([turn.loss().detach().double() for turn in turns if turn.player in leading]).sum()
