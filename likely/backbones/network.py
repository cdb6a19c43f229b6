"""What backbones exchange: a description of a network (a frozen dataclass a family takes as a field) and a context."""

from abc import ABC
from dataclasses import dataclass

from torch import Tensor


class Network(ABC):
    """The shape of a network, without its weights: `MLP(width=256, depth=2)`, `Conv(...)`, `UNet(...)`."""


@dataclass(frozen=True)
class Context:
    """What an encoder says of its input."""

    summary: Tensor  # (B, width)
    field: Tensor | None = None  # (B, width, *places) where the space has places
