r"""PixelCNN: convolutions that see only what came before say the law of every pixel.

    p(x | c) = prod_i p(x_i | x_1, ..., x_{i-1}, c),   pixels row by row from the top, each from the left            (1)
    two stacks: v sees the rows above, h the pixels to the left and v; both through gates tanh(s) sigmoid(t)         (2)
    a pixel: choices, channel after channel, or one mixture of discretised logistics that couples its channels       (3)

Scoring is one pass. Sampling keeps what it has computed: a pixel costs O(blocks x kernel), and v once a row. (3) with
`law=DiscretisedLogistic()` is that of PixelCNN++ (Salimans et al., 2017), arXiv:1701.05517. The columns of a table are
a picture one pixel high, where every column has a law of its own.

Conditional Image Generation with PixelCNN Decoders (van den Oord et al., 2016), arXiv:1606.05328
"""

import math
from dataclasses import dataclass
from typing import final

from likely.backbones.masked_convolution import GatedStack
from likely.contracts import Family, Space
from likely.distributions import Observation
from likely.errors import FieldError
from likely.raster import Canvas, Raster, Telling, canvas_of


@final
@dataclass(frozen=True, kw_only=True)
class PixelCNN(Family[Raster]):
    """Gated convolutions over what came before; exact density in one pass, samples by row caches."""

    width: int = 64  # channels of either stack
    blocks: int = 8  # gated blocks; each sees further, and all cost the same
    kernel: int = 3  # the window of a block, odd; of tables it grows until the first column is in sight
    first: int = 7  # the window of the first layer, odd
    patch: int = 1  # of images; 2: places are 2 x 2 pixels, one after the other inside: four times fewer places
    hidden: int = 128  # units between the features of a place and its law
    law: Observation | None = None  # of pixels; DiscretisedLogistic() is PixelCNN++'s; none: coins or choices
    decay: float = 0.0  # of the weights, decoupled; more for few rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        for name in ("width", "blocks", "kernel", "first", "patch", "hidden"):
            if getattr(self, name) < 1:
                raise FieldError(f"PixelCNN.{name} cannot be {getattr(self, name)}", expected="at least 1")
        if self.kernel % 2 == 0 or self.first % 2 == 0 or self.first < 3:
            raise FieldError(
                f"PixelCNN has windows kernel={self.kernel} and first={self.first}",
                expected="odd ones, first from 3 on",
            )
        if not (0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            told = f"PixelCNN has decay={self.decay} and rate={self.rate}"
            raise FieldError(told, expected="decay at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> Raster:
        canvas = canvas_of(space, self.law, width=self.width, hidden=self.hidden, patch=self.patch, family="PixelCNN")
        return Raster(space, condition, canvas, self._stack, rate=self.rate, decay=self.decay)

    def _stack(self, canvas: Canvas, told: Telling) -> GatedStack:
        """(2)"""
        seen = 2 * math.ceil((canvas.size[1] - 2) / self.blocks) + 1 if canvas.columns else 1
        return GatedStack(
            canvas.inputs, self.width, canvas.size, blocks=self.blocks, kernel=max(self.kernel, seen),
            first=self.first, columns=canvas.columns, summary=told.summary, places=told.places,
        )  # fmt: skip
