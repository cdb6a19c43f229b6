"""What was worked out of a module's weights, for as long as these stay as they are."""

from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor, nn

MOST = 4096  # answers


@final
class Remembered:
    """Answers by key; a changed weight forgets them all."""

    def __init__(self) -> None:
        self.weights: list[Tensor] = []
        self.known: dict[bytes, Tensor] = {}

    def of(self, module: nn.Module, key: bytes, work: Callable[[], Tensor]) -> Tensor:
        """The answer, worked out at most once; it is followed by no gradient."""
        now = [*module.parameters(), *module.buffers()]
        if not self._same(now) or len(self.known) >= MOST:
            self.weights, self.known = [weight.detach().clone() for weight in now], {}
        if key not in self.known:
            with torch.no_grad():
                self.known[key] = work()
        return self.known[key]

    def _same(self, now: list[Tensor]) -> bool:
        alike = len(now) == len(self.weights) and all(
            a.dtype == b.dtype and a.device == b.device and a.shape == b.shape for a, b in zip(now, self.weights)
        )
        return alike and all(torch.equal(a, b) for a, b in zip(now, self.weights))


def alike(c: Tensor | None, n: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Rows that share a condition, and that condition."""
    if c is None:
        yield torch.arange(n), None
        return
    told, which = torch.unique(c.flatten(1).nan_to_num(-1.0), dim=0, return_inverse=True)
    for k in range(len(told)):
        rows = (which == k).nonzero()[:, 0]
        yield rows, c[rows[:1]]
