"""Noise of a step on several processes: the global batch's draws, of which each process keeps its own rows."""

from collections.abc import Callable, Sequence
from typing import final

from torch import Tensor

from likely.rng import Rng


@final
class Sharded(Rng):
    """Draws for `batch` rows on each of `processes`, sliced by `rank`: the noise that one process alone would draw.

    A draw whose first dimension is not a multiple of the batch (one number for the whole batch) is shared by all.
    """

    def __init__(self, whole: Rng, *, batch: int, rank: int, processes: int) -> None:
        self.whole, self.batch, self.rank, self.processes = whole, batch, rank, processes

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        return self._slice(self.whole.uniform, shape, like)

    def normal(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        return self._slice(self.whole.normal, shape, like)

    def fork(self, tag: int) -> "Sharded":
        return Sharded(self.whole.fork(tag), batch=self.batch, rank=self.rank, processes=self.processes)

    def _slice(self, draw: Callable[..., Tensor], shape: Sequence[int], like: Tensor) -> Tensor:
        if not shape or shape[0] == 0 or shape[0] % self.batch:
            return draw(shape, like=like)
        rows = shape[0]
        return draw((rows * self.processes, *shape[1:]), like=like)[self.rank * rows : (self.rank + 1) * rows]
