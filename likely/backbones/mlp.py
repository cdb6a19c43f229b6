"""Layers of rows: the plain and the residual multilayer perceptron."""

from dataclasses import dataclass
from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.network import Network
from likely.errors import FieldError


@final
@dataclass(frozen=True, kw_only=True)
class MLP(Network):
    """Fully connected layers."""

    width: int = 256  # units in each hidden layer; more fit finer structure and cost quadratically
    depth: int = 2  # hidden layers; none: a linear map
    residual: bool = False  # add each layer's output to its input; deep networks train better
    normalised: bool = False  # normalise before each hidden layer; steadier when deep, one pass dearer

    def __post_init__(self) -> None:
        if self.width < 1 or self.depth < 0:
            told = f"MLP has width {self.width} and depth {self.depth}"
            raise FieldError(told, expected="width at least 1, depth at least 0")


@final
class Hidden(nn.Module):
    """One hidden layer of `width` units, told of an embedding where there is one."""

    def __init__(self, inputs: int, network: MLP, embedding: int = 0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(inputs) if network.normalised else None
        self.linear = nn.Linear(inputs, network.width)
        self.told = nn.Linear(embedding, network.width, bias=False) if embedding else None
        self.residual = network.residual and inputs == network.width

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        h = self.linear(x if self.norm is None else self.norm(x))
        if self.told is not None and embedding is not None:
            h = h + self.told(embedding)
        h = F.silu(h)
        return x + h if self.residual else h


@final
class Layers(nn.Module):
    """(B, inputs) -> (B, outputs) through the network's hidden layers, less those that were made before."""

    def __init__(self, inputs: int, outputs: int, network: MLP, embedding: int = 0, *, made: int = 0) -> None:
        super().__init__()
        widths = [inputs] + [network.width] * (network.depth - made)
        self.hidden = nn.ModuleList([Hidden(width, network, embedding) for width in widths[:-1]])
        self.out = nn.Linear(widths[-1], outputs)

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        for hidden in self.hidden:
            x = hidden(x, embedding)
        return self.out(x)
