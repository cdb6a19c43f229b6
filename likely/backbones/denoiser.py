"""denoiser(space): a noised x, its level and a condition, to something of x's shape."""

import math
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.convolution import resized
from likely.backbones.decoder import context_of
from likely.backbones.dit import DiT, PatchTransformer, RowTransformer
from likely.backbones.encoder import encoder, unfit
from likely.backbones.level import LevelEmbedding
from likely.backbones.mlp import MLP, Layers
from likely.backbones.network import Denoiser, Network
from likely.backbones.row import Waves
from likely.backbones.unet import ResidualUNet, UNet
from likely.backbones.whole import whole
from likely.contracts import Space
from likely.errors import FieldError
from likely.spaces import Image, Series, Tokens, Vector, Wave, strip

ROWS = MLP(width=256, depth=4, residual=True, normalised=True)  # the default on rows
PIXELS = MLP(width=512, depth=4, residual=True, normalised=True)  # the default on small images
WAVES = 6  # octaves of each cell of a row, which a denoiser must resolve at every level
BESIDE = 8  # channels of an image given as condition


def denoiser(
    space: Space, *, condition: Space | None = None, network: Network | None = None, shown: bool = False
) -> Denoiser:
    """A module: (x_t, level (B,) of order one, c) -> like x_t. x_t holds reals: a `Vector`, or no levels.

    With `shown`, it may be shown a part of a clean picture, series or sound beside.
    """
    if shown and isinstance(space, Vector):
        raise FieldError("no part of a row can be shown to a denoiser", expected="pictures, series or sounds",
                         remedy="holes=none: any denoiser completes rows by particles")  # fmt: skip
    if isinstance(network, MLP) and not network.depth:
        raise FieldError(
            "MLP without hidden layers cannot denoise: what to do depends on the level", expected="depth >= 1"
        )
    match space, network or whole(space, PIXELS):
        case Image(), UNet() | DiT() | None as chosen:
            return ImageDenoiser(space, chosen or UNet(), condition, shown=shown)
        case Series() | Wave(), UNet() | DiT() | None as chosen:
            return StripDenoiser(space, chosen or UNet(), condition, shown=shown)
        case Vector(), DiT() as chosen:
            return RowDenoiser(len(space.columns), chosen, condition)
        case Image() | Vector() | Series() | Wave(), MLP() | None as chosen:
            waves = WAVES if isinstance(space, Vector) else 0
            return FlatDenoiser(space.shape, chosen or ROWS, condition, waves, shown=shown)
    raise unfit(space, network, "denoises")


@final
class FlatDenoiser(Denoiser):
    """Hidden layers, each told the level and the condition's summary."""

    def __init__(
        self, shape: tuple[int, ...], network: MLP, condition: Space | None, waves: int = 0, *, shown: bool = False
    ) -> None:
        super().__init__()
        cells = math.prod(shape)
        self.shown = nn.Linear(2 * cells, network.width, bias=False) if shown else None
        self.level = LevelEmbedding(network.width)
        self.condition = encoder(condition, network.width) if condition is not None else None
        self.waves = Waves(cells, waves)
        self.into = nn.Linear(self.waves.outputs, network.width)
        self.layers = Layers(network.width, cells, network, embedding=network.width)

    def forward(self, x_t: Tensor, level: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        embedding, context = self.level(level), context_of(self.condition, c)
        embedding = embedding if context is None else embedding + context.summary
        rows = self.into(self.waves(x_t.flatten(1)))
        if self.shown is not None and shown is not None:
            rows = rows + self.shown(shown.flatten(1))
        return self.layers(rows, F.silu(embedding)).view_as(x_t)


@final
class RowDenoiser(Denoiser):
    """The transformer over a row's columns; the words of a condition stand beside them."""

    def __init__(self, columns: int, network: DiT, condition: Space | None) -> None:
        super().__init__()
        self.level, memory = LevelEmbedding(network.width), network.width if _line(condition) else 0
        self.condition = encoder(condition, network.width, places=memory) if condition is not None else None
        self.net = RowTransformer(columns, network, octaves=WAVES, memory=memory)

    def forward(self, x_t: Tensor, level: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        embedding, context = self.level(level), context_of(self.condition, c)
        if context is None:
            return self.net(x_t, embedding)
        memory = None if context.field is None else context.field.transpose(1, 2)
        return self.net(x_t, embedding + context.summary, memory)


@final
class ImageDenoiser(Denoiser):
    """The U-Net or transformer, with its condition added to the level's embedding, and laid beside or attended to."""

    def __init__(self, space: Image, network: UNet | DiT, condition: Space | None, *, shown: bool = False) -> None:
        super().__init__()
        told = network.width if isinstance(network, DiT) else 4 * network.width
        self.level = LevelEmbedding(told)
        plane = isinstance(condition, Image)
        places = BESIDE if plane else told if _line(condition) else 0
        self.condition = encoder(condition, told, places=places) if condition is not None else None
        self.plane, size = plane, (space.height, space.width)
        beside, memory = (places, 0) if plane else (0, places)
        self.shown = 2 * space.channels * shown
        self.waves = Waves(space.channels, network.waves if isinstance(network, UNet) else 0, first=math.pi)
        inputs, outputs = self.waves.outputs + self.shown + beside, space.channels
        if isinstance(network, DiT):
            self.net = PatchTransformer(inputs, outputs, size, network, memory=memory)
        else:
            self.net = ResidualUNet(inputs, outputs, size, network, embedding=told, memory=memory)

    def forward(self, x_t: Tensor, level: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        embedding, context = self.level(level), context_of(self.condition, c)
        x_t = self.waves(x_t)
        if self.shown:
            nothing = x_t.new_zeros(len(x_t), self.shown, *x_t.shape[2:])
            x_t = torch.cat([x_t, nothing if shown is None else shown], 1)
        if context is None:
            return self.net(x_t, embedding)
        embedding = embedding + context.summary
        if context.field is None:
            return self.net(x_t, embedding)
        if self.plane:
            return self.net(torch.cat([x_t, resized(context.field, x_t.shape[-2:])], 1), embedding)
        return self.net(x_t, embedding, context.field.transpose(1, 2))


@final
class StripDenoiser(Denoiser):
    """A series or a sound as an image one pixel high."""

    def __init__(
        self, space: Series | Wave, network: UNet | DiT, condition: Space | None, *, shown: bool = False
    ) -> None:
        super().__init__()
        self.shape = strip(space).shape
        self.image = ImageDenoiser(strip(space), network, condition, shown=shown)

    def forward(self, x_t: Tensor, level: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        _, height, width = self.shape
        shown = None if shown is None else shown.reshape(len(x_t), -1, height, width)
        return self.image(x_t.reshape(len(x_t), *self.shape), level, c, shown).view_as(x_t)


def _line(condition: Space | None) -> bool:
    """Whether a condition has places along a line."""
    return isinstance(condition, Tokens | Series | Wave)
