"""Generators: a lifted code, and a condition where there is one, to rows."""

from torch import nn

from likely.adversarial.critic import LAYERS
from likely.backbones import MLP, Conv, Decoder, Network, decoder, whole
from likely.contracts import Space


def generator(inputs: int, space: Space, condition: Space | None = None, network: Network | None = None) -> Decoder:
    """A module: (z (B, inputs), c) -> (B, *shape)."""
    drawn = network or whole(space, LAYERS)
    made = decoder(inputs, space.shape, condition=condition, network=drawn)
    if drawn is None or isinstance(drawn, MLP | Conv):  # published networks have a start of their own
        awaken(made)
    return made


def awaken(made: nn.Module) -> None:
    """Weights that pass the noise on undiminished: a generator that starts as one point is chased, not taught."""
    for layer in made.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
