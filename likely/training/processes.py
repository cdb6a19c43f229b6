"""One process or several: who evaluates a turn's loss, and how gradients and losses are shared.

`Alone` is plain autograd. `Together` is Lightning Fabric: each player sits in a module whose `forward` calls the turn's
loss, so that the distributed wrapper's gradient hooks serve every family. Fabric is imported only where it is needed:
it brings the compiler with it (1.6 s) and 45 microseconds a turn, which one process need not pay.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import Tensor, nn

from likely.contracts import Player
from likely.rng import Rng
from likely.training.engine import Engine
from likely.training.noise import Sharded

Loss = Callable[[], Tensor]


class Processes(ABC):
    """The processes that share a training; batches are split by rank."""

    rank: int = 0
    count: int = 1

    @abstractmethod
    def gather(self, players: dict[str, Player]) -> None:
        """Meet the players, before the first round."""

    @abstractmethod
    def gradients(self, player: str, weights: Sequence[Tensor], loss: Loss) -> tuple[Tensor, list[Tensor | None]]:
        """The loss and its gradients, over the whole batch."""

    @abstractmethod
    def agreed(self, value: Any) -> Any:
        """The first process's value, on every process."""

    @abstractmethod
    def place(self, engine: Engine) -> str:
        """The device of this process."""

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """This process's part of the batch's rows."""
        each = len(rows) // self.count
        return rows if self.count == 1 else rows[self.rank * each : (self.rank + 1) * each]

    def noise(self, whole: Rng, batch: int) -> Rng:
        """This process's part of the batch's noise."""
        each = batch // self.count
        return whole if self.count == 1 else Sharded(whole, batch=each, rank=self.rank, processes=self.count)


@final
class Alone(Processes):
    """One process: gradients of the player's own weights only, so no other player's are computed or cleared."""

    def gather(self, players: dict[str, Player]) -> None:
        """There is nobody to meet."""

    def gradients(self, player: str, weights: Sequence[Tensor], loss: Loss) -> tuple[Tensor, list[Tensor | None]]:
        value = loss()
        if not (weights and value.requires_grad):  # a column of one value leaves nothing to learn
            return value.detach(), [None] * len(weights)
        return value.detach(), list(torch.autograd.grad(value, weights, allow_unused=True))

    def agreed(self, value: Any) -> Any:
        return value

    def place(self, engine: Engine) -> str:
        return engine.place()


class Play(nn.Module):
    """A player on the stage: calling it evaluates its loss, inside whatever wraps it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, loss: Loss) -> Tensor:
        return loss()


@final
class Together(Processes):
    """Several processes, by Lightning Fabric."""

    def __init__(self, engine: Engine) -> None:
        from lightning_fabric import Fabric
        from lightning_fabric.strategies import DDPStrategy

        place = engine.place()
        backend = "gloo" if place == "cpu" else "nccl"
        strategy = DDPStrategy(find_unused_parameters=True, process_group_backend=backend)
        kind = {"accelerator": torch.device(place).type, "devices": engine.devices, "num_nodes": engine.nodes}
        self.fabric = Fabric(**kind, strategy=strategy)
        self.fabric.launch()
        self.rank, self.count = self.fabric.global_rank, self.fabric.world_size
        self.plays: dict[str, nn.Module] = {}
        self.trainable: list[Tensor] = []

    def gather(self, players: dict[str, Player]) -> None:
        modules = {name: player.module for name, player in players.items()}
        self.trainable = [w for module in modules.values() for w in module.parameters() if w.requires_grad]
        self.plays = {name: self.fabric.setup_module(Play(module)) for name, module in modules.items()}

    def gradients(self, player: str, weights: Sequence[Tensor], loss: Loss) -> tuple[Tensor, list[Tensor | None]]:
        with self._only(weights):
            value = self.plays[player](loss)
            self.fabric.backward(value)
        found = [w.grad for w in weights]
        for w in weights:
            w.grad = None
        return self._mean(value.detach()), found

    def agreed(self, value: Any) -> Any:
        return self.fabric.broadcast(value, src=0)

    def place(self, engine: Engine) -> str:
        return str(self.fabric.device)

    @contextmanager
    def _only(self, weights: Sequence[Tensor]) -> Iterator[None]:
        """Nobody else's gradient hooks may fire: the others' weights stand still for this turn."""
        own = {id(w) for w in weights}
        others = [w for w in self.trainable if id(w) not in own]
        for w in others:
            w.requires_grad_(False)
        try:
            yield
        finally:
            for w in others:
                w.requires_grad_(True)

    def _mean(self, value: Tensor) -> Tensor:
        mean = self.fabric.all_reduce(value, reduce_op="mean")
        return mean if isinstance(mean, Tensor) else value


def processes_of(engine: Engine) -> Processes:
    """One process, unless the engine asks for more or this is one of several already started (torchrun)."""
    if engine.devices * engine.nodes > 1 or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return Together(engine)
    return Alone()
