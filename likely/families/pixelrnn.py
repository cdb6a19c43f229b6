r"""PixelRNN: LSTMs over a picture say the law of every pixel from all that came before.

    p(x | c) = prod_i p(x_i | x_1, ..., x_{i-1}, c),   pixels row by row from the top, each from the left            (1)
    layers of states, each from the states of earlier neighbours: of a row above, or along diagonals                 (2)
    every layer is added to what is below it, so that many can be learned                                            (3)

Scoring goes row by row or diagonal by diagonal, each one batched product. Sampling keeps the states: a pixel costs one
step of each layer. Channels follow one another; patches of pixels may stand for pixels. The columns of a table are a
picture one pixel high, over which an LSTM runs from the left.

Pixel Recurrent Neural Networks (van den Oord, Kalchbrenner & Kavukcuoglu, 2016), arXiv:1601.06759
"""

import math
from dataclasses import dataclass
from typing import final

from likely.backbones.spatial_lstm import DiagonalBiLSTM, Recurrence, SpatialLSTM
from likely.contracts import Family, Space
from likely.distributions import Observation
from likely.errors import FieldError
from likely.raster import Canvas, Raster, Telling, canvas_of


@final
@dataclass(frozen=True, kw_only=True)
class PixelRNN(Family[Raster]):
    """Row or diagonal LSTMs over what came before; exact density, samples that keep their states."""

    recurrence: Recurrence = DiagonalBiLSTM()  # RowLSTM() is faster to learn and sees less of what came before
    width: int = 64  # features of a place; half as many are the state of each LSTM
    layers: int = 4  # LSTMs, one above the other
    first: int = 7  # the window of the first layer, a convolution; odd
    patch: int = 1  # of images; 2: places are 2 x 2 pixels, one after the other inside: half as many steps
    hidden: int = 128  # units between the features of a place and its law
    law: Observation | None = None  # of pixels; DiscretisedLogistic() couples ordered levels; none: coins or choices
    decay: float = 0.0  # of the weights, decoupled; more for few rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        for name in ("width", "layers", "patch", "hidden"):
            if getattr(self, name) < 1:
                raise FieldError(f"PixelRNN.{name} cannot be {getattr(self, name)}", expected="at least 1")
        if self.first % 2 == 0 or self.first < 3:
            raise FieldError(f"PixelRNN has a first window of {self.first}", expected="an odd one, from 3 on")
        if not (0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            told = f"PixelRNN has decay={self.decay} and rate={self.rate}"
            raise FieldError(told, expected="decay at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> Raster:
        canvas = canvas_of(space, self.law, width=self.width, hidden=self.hidden, patch=self.patch, family="PixelRNN")
        return Raster(space, condition, canvas, self._lstm, rate=self.rate, decay=self.decay)

    def _lstm(self, canvas: Canvas, told: Telling) -> SpatialLSTM:
        """(2), (3)"""
        return SpatialLSTM(
            canvas.inputs, self.width, canvas.size, recurrence=self.recurrence, layers=self.layers, first=self.first,
            columns=canvas.columns, summary=told.summary, places=told.places,
        )  # fmt: skip
