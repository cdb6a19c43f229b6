"""Generators: a lifted code, and a condition where there is one, to rows. Pictures and sounds lie within [-1, 1]."""

from typing import final

import torch
from torch import Tensor, nn

from likely.adversarial.critic import LAYERS
from likely.backbones import MLP, Conv, Decoder, Network, decoder, whole
from likely.contracts import Space
from likely.spaces import Image, Wave


def generator(inputs: int, space: Space, condition: Space | None = None, network: Network | None = None) -> Decoder:
    """A module: (z (B, inputs), c) -> (B, *shape)."""
    drawn = network or whole(space, LAYERS)
    made = decoder(inputs, space.shape, condition=condition, network=drawn)
    if drawn is None or isinstance(drawn, MLP | Conv):  # published networks have a start of their own
        awaken(made)
    return Bounded(made) if isinstance(space, Image | Wave) else made


@final
class Bounded(Decoder):
    """What is decoded, held within (-1, 1)."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return torch.tanh(self.decoder(z, c))


def awaken(made: nn.Module) -> None:
    """Weights that pass the noise on undiminished: a generator that starts as one point is chased, not taught."""
    for layer in made.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
