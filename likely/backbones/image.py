"""Encoders of images, series and sounds: cells scaled to [-1, 1], missing ones zero beside a mask."""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.convolution import Conv, Narrowing
from likely.backbones.mlp import MLP, Layers
from likely.backbones.network import Context, Encoder
from likely.spaces import Image, Series, Wave, strip


@final
class Pixels(nn.Module):
    """(B, C, ...) cells -> (B, C + 1, ...): levels scaled to [-1, 1], NaN as 0, and the share of NaN at each place."""

    def __init__(self, levels: int | None = None) -> None:
        super().__init__()
        self.scale = 2.0 / max(levels - 1, 1) if levels is not None else 1.0
        self.shift = -1.0 if levels is not None else 0.0

    def forward(self, cells: Tensor) -> Tensor:
        missing = torch.isnan(cells)
        seen = torch.where(missing, 0.0, cells * self.scale + self.shift)
        return torch.cat([seen, missing.to(cells.dtype).mean(1, keepdim=True)], 1)


@final
class ImageEncoder(Encoder):
    """Residual convolutions down to a small map, then a linear map; the field keeps the full resolution."""

    def __init__(self, space: Image, width: int, network: Conv, *, places: int = 0) -> None:
        super().__init__()
        self.pixels = Pixels(space.levels)
        self.trunk = Narrowing(space.channels + 1, (space.height, space.width), network)
        self.summary = nn.Linear(self.trunk.features, width)
        self.field = nn.Conv2d(network.width, places, 1) if places else None

    def forward(self, cells: Tensor) -> Context:
        full, small = self.trunk(self.pixels(cells.to(self.summary.weight.dtype)))
        summary = self.summary(F.silu(small).flatten(1))
        return Context(summary, None if self.field is None else self.field(full))


@final
class FlatImageEncoder(Encoder):
    """The pixels in one row, and the share of them that is missing, through hidden layers."""

    def __init__(self, space: Image, width: int, network: MLP) -> None:
        super().__init__()
        self.pixels = Pixels(space.levels)
        self.layers = Layers(space.channels * space.height * space.width + 1, width, network)

    def forward(self, cells: Tensor) -> Context:
        read = self.pixels(cells.to(self.layers.out.weight.dtype))
        return Context(self.layers(torch.cat([read[:, :-1].flatten(1), read[:, -1].mean((1, 2))[:, None]], 1)))


@final
class SeriesEncoder(Encoder):
    """A series is an image one pixel high."""

    def __init__(self, space: Series, width: int, network: Conv, *, places: int = 0) -> None:
        super().__init__()
        self.image = ImageEncoder(strip(space), width, network, places=places)

    def forward(self, cells: Tensor) -> Context:
        context = self.image(cells.unsqueeze(2))
        return Context(context.summary, None if context.field is None else context.field.squeeze(2))


@final
class WaveEncoder(Encoder):
    """A sound is a series of frames of `hop` values; the last frame is filled up with silence."""

    def __init__(self, space: Wave, width: int, network: Conv, *, places: int = 0, hop: int = 64) -> None:
        super().__init__()
        self.hop, self.filling = hop, -space.length % hop
        self.silence = 0.0 if space.levels is None else (space.levels - 1) / 2
        frames = Series(hop, (space.length + self.filling) // hop, space.levels)
        self.series = SeriesEncoder(frames, width, network, places=places)

    def forward(self, cells: Tensor) -> Context:
        filled = F.pad(cells, (0, self.filling), value=self.silence)
        return self.series(filled.unflatten(1, (-1, self.hop)).transpose(1, 2))  # (B, hop, T / hop)


@final
class FlatStripEncoder(Encoder):
    """The moments of a series or a sound in one row, through hidden layers."""

    def __init__(self, space: Series | Wave, width: int, network: MLP) -> None:
        super().__init__()
        self.shape = strip(space).shape
        self.image = FlatImageEncoder(strip(space), width, network)

    def forward(self, cells: Tensor) -> Context:
        return self.image(cells.reshape(len(cells), *self.shape))
