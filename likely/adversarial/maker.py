"""What makes the rows of a table: choices and places from noise and a level that is told; and how often levels are."""

from typing import NamedTuple, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.adversarial.generator import generator
from likely.adversarial.noise import Noise
from likely.adversarial.places import Places
from likely.backbones import Network, encoder
from likely.contracts import Space
from likely.distributions import bounded
from likely.spaces import reals

WIDEST = 4.0  # how far from the middle of a mode a number is made, in its widths
TOLD = 64  # numbers that a level is worth to a generator, and a condition to p(v | c)


class Made(NamedTuple):
    """What a generator says of rows."""

    logits: Tensor  # (B, L) of every choice
    places: Tensor  # (B, C K) in every mode


@final
class Maker(nn.Module):
    """G: noise, a level that is told, and maybe a condition, to choices and places."""

    def __init__(self, noise: Noise, places: Places, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.noise, self.choices = noise, len(places.state)
        self.levels, inputs = nn.Embedding(self.choices, TOLD), self.noise.inputs + TOLD
        self.layers = generator(inputs, reals(places.outputs), condition, network)

    def forward(self, z: Tensor, told: Tensor, c: Tensor | None) -> Made:
        said = self.layers(torch.cat([self.noise.lifted(z), self.levels(told)], 1), c)
        return Made(said[:, : self.choices], bounded(said[:, self.choices :], WIDEST))


@final
class Law(nn.Module):
    """log p_d(v | c) of all columns, as far as it departs from how often levels are."""

    def __init__(self, condition: Space, choices: int) -> None:
        super().__init__()
        self.given, self.out = encoder(condition, TOLD), nn.Linear(TOLD, choices)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, c: Tensor) -> Tensor:
        return self.out(F.silu(self.given(c).summary))
