"""decoder(inputs, outputs): a code, and a condition where there is one, to the parameters of a law."""

import math
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones.convolution import Conv, Size, Widening
from likely.backbones.dcgan import DCGAN, Doubling
from likely.backbones.encoder import encoder
from likely.backbones.mapped import OnMap
from likely.backbones.mlp import MLP, Layers
from likely.backbones.network import Context, Decoder, Network
from likely.backbones.residual import Ascent, Residual
from likely.backbones.temporal import Lengthening, Temporal
from likely.contracts import Space
from likely.errors import ConditionError, FieldError
from likely.spaces import Image

TOLD = 64  # numbers that a condition's summary is worth to a decoder
BESIDE = 16  # channels of a condition's field
LEAP = 10.0  # times as fast as a weight, a lone number learns: it has units to go where weights have hundredths


def decoder(
    inputs: int,
    outputs: tuple[int, ...],
    *,
    condition: Space | None = None,
    network: Network | None = None,
    shared: int = 0,
) -> Decoder:
    """A module: (z (B, inputs), c) -> (B, *outputs); of three dimensions or more the last two are sides of a map.

    Conv draws two dimensions as a map one pixel high, Temporal one dimension as one channel over time. Of the first
    dimension the last `shared` are one learned number, whatever is decoded.
    """
    if shared:
        own = (outputs[0] - shared, *outputs[1:])
        return SharingDecoder(decoder(inputs, own, condition=condition, network=network), (shared, *outputs[1:]))
    told = TOLD if condition is not None else 0
    match network or (Conv() if len(outputs) >= 3 else MLP()):
        case Conv() as conv if len(outputs) >= 3:
            return MapDecoder(inputs, outputs, conv, condition)
        case Conv() as conv if len(outputs) == 2:
            return StripDecoder(inputs, outputs, conv, condition)
        case OnMap() as laid if len(outputs) >= 3:
            return LaidDecoder(inputs, outputs, laid, condition)
        case DCGAN() as plain if len(outputs) >= 3:
            return TrunkDecoder(Doubling(inputs, *_flat(outputs), plain, told), outputs, condition)
        case Residual() as blocks if len(outputs) >= 3:
            return TrunkDecoder(Ascent(inputs, *_flat(outputs), blocks, told), outputs, condition)
        case Temporal() as strided if len(outputs) in (1, 2):
            return TrunkDecoder(Lengthening(inputs, *_line(outputs), strided, told), outputs, condition)
        case MLP() as mlp:
            return FlatDecoder(inputs, outputs, mlp, condition)
    raise FieldError(
        f"{type(network).__name__} cannot decode to shape {outputs}",
        expected="MLP for any shape; Conv, DCGAN or Residual for maps (channels, height, width); Conv or Temporal for "
        "moments (channels, time)",
        remedy="leave the network out, to get the default of that shape",
    )


@final
class SharingDecoder(Decoder):
    """What is decoded, then one learned number in every place of this shape."""

    def __init__(self, decoder: Decoder, places: tuple[int, ...]) -> None:
        super().__init__()
        self.decoder, self.places = decoder, places
        self.number = nn.Parameter(torch.zeros(()))

    @property
    def told(self) -> Tensor:
        """The number, as it stands in every place."""
        return LEAP * self.number

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        decoded = self.decoder(z, c)
        return torch.cat([decoded, self.told.to(decoded.dtype).expand(len(z), *self.places)], 1)


@final
class FlatDecoder(Decoder):
    """Hidden layers on the code beside the condition's summary."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], network: MLP, condition: Space | None) -> None:
        super().__init__()
        self.outputs = outputs
        self.condition = encoder(condition, TOLD) if condition is not None else None
        self.layers = Layers(inputs + (TOLD if condition is not None else 0), math.prod(outputs), network)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        context = context_of(self.condition, c)
        return self.layers(beside(z, context)).unflatten(1, self.outputs)


@final
class MapDecoder(Decoder):
    """Residual convolutions from a small map up; an image given as condition is laid in at every resolution."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], network: Conv, condition: Space | None) -> None:
        super().__init__()
        self.outputs = outputs
        places = BESIDE if isinstance(condition, Image) else 0
        self.condition = encoder(condition, TOLD, places=places) if condition is not None else None
        told, size = TOLD if condition is not None else 0, (outputs[-2], outputs[-1])
        self.trunk = Widening(inputs + told, math.prod(outputs[:-2]), size, network, places)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        context = context_of(self.condition, c)
        drawn = self.trunk(beside(z, context), None if context is None else context.field)
        return drawn.unflatten(1, self.outputs[:-2])


@final
class LaidDecoder(Decoder):
    """The same from a code that is a small map itself; a condition's summary stands at each of its places."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], network: OnMap, condition: Space | None) -> None:
        super().__init__()
        self.outputs, self.places = outputs, network.places
        field = BESIDE if isinstance(condition, Image) else 0
        self.condition = encoder(condition, TOLD, places=field) if condition is not None else None
        told, size = TOLD if condition is not None else 0, (outputs[-2], outputs[-1])
        numbers = inputs // math.prod(network.places)
        self.trunk = Widening(numbers + told, math.prod(outputs[:-2]), size, network.conv, field, floor=network.side)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        context = context_of(self.condition, c)
        laid = everywhere(z.unflatten(1, (-1, *self.places)), context)
        return self.trunk(laid, None if context is None else context.field).unflatten(1, self.outputs[:-2])


@final
class TrunkDecoder(Decoder):
    """A trunk that takes the condition's summary in a way of its own."""

    def __init__(self, trunk: nn.Module, outputs: tuple[int, ...], condition: Space | None) -> None:
        super().__init__()
        self.outputs, self.trunk = outputs, trunk
        self.condition = encoder(condition, TOLD) if condition is not None else None

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        context = context_of(self.condition, c)
        return self.trunk(z, None if context is None else context.summary).reshape(len(z), *self.outputs)


@final
class StripDecoder(Decoder):
    """A map one pixel high: channels over time."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], network: Conv, condition: Space | None) -> None:
        super().__init__()
        self.map = MapDecoder(inputs, (outputs[0], 1, outputs[1]), network, condition)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.map(z, c).squeeze(2)


def _flat(outputs: tuple[int, ...]) -> tuple[int, Size]:
    """The channels of a map, all dimensions but the sides in one; and the sides."""
    return math.prod(outputs[:-2]), (outputs[-2], outputs[-1])


def _line(outputs: tuple[int, ...]) -> tuple[int, int]:
    """The channels, and the moments."""
    return math.prod(outputs[:-1]), outputs[-1]


def context_of(reader: nn.Module | None, c: Tensor | None) -> Context | None:
    """What a condition's encoder says; nothing where there is no condition."""
    if reader is None:
        return None
    if c is None:
        raise ConditionError(
            "this model was built with a condition and none was given",
            expected="one condition per row",
            remedy="give it, or absent(c) for the null condition",
        )
    return reader(c)


def beside(z: Tensor, context: Context | None) -> Tensor:
    """The code, then the condition's summary."""
    return z if context is None else torch.cat([z, context.summary], 1)


def everywhere(z: Tensor, context: Context | None) -> Tensor:
    """The code's map (B, C, h, w), and the condition's summary at each place."""
    return z if context is None else torch.cat([z, context.summary[:, :, None, None].expand(-1, -1, *z.shape[2:])], 1)
