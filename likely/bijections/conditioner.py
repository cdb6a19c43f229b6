"""What says the parameters of a coupling's map: a network of the kept cells and the context.

A conditioner also lays the moved cells out for the map (`arrange`, and `restore` back), in the order in which its
parameters come out of its last matrix product: no transposition of the largest tensor of the flow.
"""

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

FAR = 10.0  # what a conditioner sees of a far cell: beyond, its say would grow without bound
FAINT = 0.1  # the last layer starts at a tenth: a new flow is close to the identity


class Conditioner(nn.Module, ABC):
    """(kept, context) -> the parameters (A, P, n) of the moved cells."""

    outputs: int  # P
    last: nn.Linear | nn.Conv2d  # says the parameters, P for each moved cell or channel

    @torch.no_grad()
    def settle(self, parameters: Tensor) -> None:
        """Start from these parameters (P, cells), whatever is read."""
        assert self.last.bias is not None
        self.last.bias.view(self.outputs, -1).copy_(parameters)

    @abstractmethod
    def forward(self, kept: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters (A, P, n)."""

    @abstractmethod
    def arrange(self, moved: Tensor) -> Tensor:
        """The moved cells as (A, n), in the parameters' order."""

    @abstractmethod
    def restore(self, cells: Tensor, shape: torch.Size) -> Tensor:
        """(A, n) back to the shape of `moved`."""


@final
class Dense(Conditioner):
    """A perceptron on vectors; parameters (1, P, D * B), rows last."""

    last: nn.Linear

    def __init__(
        self, kept: int, moved: int, outputs: int, *, hidden: tuple[int, ...] = (128, 128), context: int = 0
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.reads = kept + context
        sizes = (max(self.reads, 1), *hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.last = nn.Linear(sizes[-1], outputs * moved)
        _fade(self.last)

    def forward(self, kept: Tensor, context: Tensor | None = None) -> Tensor:
        h = kept.t().clamp(-FAR, FAR)  # (D, B), as everything below: rows last
        if context is not None:
            h = torch.cat((h, summary(context).t()))
        if not self.reads:
            h = kept.new_ones(1, 1)  # nothing to read: the parameters are constants
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            h = torch.relu(torch.addmm(layer.bias[:, None], layer.weight, h))
        said = torch.addmm(self.last.bias[:, None], self.last.weight, h)
        return said.expand(-1, len(kept)).reshape(1, self.outputs, -1)

    def arrange(self, moved: Tensor) -> Tensor:
        return moved.t().reshape(1, -1)

    def restore(self, cells: Tensor, shape: torch.Size) -> Tensor:
        return cells.view(shape[1], shape[0]).t()


@final
class Convolutional(Conditioner):
    """Three convolutions on images; parameters (B, P, C H W). A context field is resized, a summary spread."""

    def __init__(self, kept: int, moved: int, outputs: int, *, width: int = 64, context: int = 0) -> None:
        super().__init__()
        self.outputs = outputs
        self.reads = kept
        self.first = nn.Conv2d(max(kept, 1), width, 3, padding=1)
        self.say = nn.Conv2d(context, width, 1) if context else None
        self.middle = nn.Conv2d(width, width, 1)
        self.last = nn.Conv2d(width, outputs * moved, 3, padding=1)
        _fade(self.last)

    def forward(self, kept: Tensor, context: Tensor | None = None) -> Tensor:
        if not self.reads:
            kept = kept.new_ones(len(kept), 1, *kept.shape[2:])
        h = self.first(kept.clamp(-FAR, FAR))
        if self.say is not None and context is not None:
            h = h + self.say(_placed(context, kept.shape[-2:]))
        h = torch.relu(self.middle(torch.relu(h)))
        return self.last(h).reshape(len(h), self.outputs, -1)

    def arrange(self, moved: Tensor) -> Tensor:
        return moved.flatten(1)

    def restore(self, cells: Tensor, shape: torch.Size) -> Tensor:
        return cells.view(shape)


@final
class Residual(Conditioner):
    """Residual blocks on images, which also know where they are; parameters (B, P, C H W)."""

    def __init__(
        self,
        kept: int,
        moved: int,
        outputs: int,
        *,
        size: tuple[int, int],
        width: int = 64,
        blocks: int = 2,
        context: int = 0,
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.reads = kept
        self.first = nn.Conv2d(max(kept, 1), width, 3, padding=1)
        self.say = nn.Conv2d(context, width, 1) if context else None
        self.where = nn.Parameter(torch.zeros(width, *size))
        self.near = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(blocks))
        self.mixed = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(blocks))
        self.last = nn.Conv2d(width, outputs * moved, 1)
        for layer in (*self.mixed, self.last):
            _fade(layer)  # type: ignore[arg-type]

    def forward(self, kept: Tensor, context: Tensor | None = None) -> Tensor:
        if not self.reads:
            kept = kept.new_ones(len(kept), 1, *kept.shape[2:])
        h = self.first(kept.clamp(-FAR, FAR)) + self.where
        if self.say is not None and context is not None:
            h = h + self.say(_placed(context, kept.shape[-2:]))
        for near, mixed in zip(self.near, self.mixed):
            h = h + mixed(torch.relu(near(torch.relu(h))))
        return self.last(torch.relu(h)).reshape(len(h), self.outputs, -1)

    def arrange(self, moved: Tensor) -> Tensor:
        return moved.flatten(1)

    def restore(self, cells: Tensor, shape: torch.Size) -> Tensor:
        return cells.view(shape)


def summary(context: Tensor) -> Tensor:
    """A context as (B, K): a field is averaged over its places."""
    return context if context.dim() == 2 else context.flatten(2).mean(2)


def _placed(context: Tensor, places: torch.Size) -> Tensor:
    """A context as (B, K, H, W): a field is resized, a summary stands at one place and spreads."""
    if context.dim() == 4:
        return functional.interpolate(context, size=tuple(places), mode="bilinear", align_corners=False)
    return summary(context)[:, :, None, None]


def _fade(layer: nn.Linear | nn.Conv2d) -> None:
    with torch.no_grad():
        layer.weight.mul_(FAINT)
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
