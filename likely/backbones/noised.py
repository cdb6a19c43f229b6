"""A row with noise, read together with its level of noise."""

from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.encoder import encoder
from likely.backbones.level import LevelEmbedding
from likely.backbones.mlp import MLP, Layers
from likely.backbones.network import Network
from likely.backbones.whole import whole
from likely.contracts import Space

READ = MLP(width=256, depth=2)  # the default on small images, series and sounds


@final
class NoisedReader(nn.Module):
    """(x of unit variance, noise and all; level (B,) of order one) -> (B, outputs)."""

    def __init__(self, space: Space, outputs: int, width: int, network: Network | None = None) -> None:
        super().__init__()
        self.row = encoder(space, width, network or whole(space, READ), gaps=False)
        self.level = LevelEmbedding(width)
        self.layers = Layers(width, outputs, MLP(width=width, depth=2, residual=True), embedding=width)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return self.layers(F.silu(self.row(x).summary), F.silu(self.level(level)))
