"""Space to channels: blocks of pixels become channels, so that half the channels are a chequered half of the pixels."""

from typing import final

from torch import Tensor

from likely.bijections.bijection import Bijection


@final
class Squeeze(Bijection):
    """(B, C, H, W) -> (B, C h w, H / h, W / w). The default squeezes each side that is even, by two.

    Channels are ordered so that the first half of them is the image's checkerboard, where both sides are halved.
    """

    def __init__(self, height: int = 2, width: int = 2) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        batch, channels, rows, columns = x.shape
        blocks = x.view(batch, channels, rows // self.height, self.height, columns // self.width, self.width)
        order = [self._place(i) for i in range(self.height * self.width)]
        cells = blocks.permute(0, 3, 5, 1, 2, 4).flatten(1, 2)[:, order]
        return cells.flatten(1, 2), x.new_zeros(batch)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        batch, channels, rows, columns = z.shape
        area = self.height * self.width
        cells = z.view(batch, area, channels // area, rows, columns)
        places = [self._place(i) for i in range(area)]
        cells = cells[:, [places.index(i) for i in range(area)]].unflatten(1, (self.height, self.width))
        x = cells.permute(0, 3, 4, 1, 5, 2)  # (B, C, H / h, h, W / w, w)
        return x.reshape(batch, channels // area, rows * self.height, columns * self.width), z.new_zeros(batch)

    def _place(self, i: int) -> int:
        """The i-th place of a block, even ones (row + column) first."""
        places = range(self.height * self.width)
        return sorted(places, key=lambda p: ((p // self.width + p % self.width) % 2, p))[i]


def squeezed_by(height: int, width: int) -> tuple[int, int] | None:
    """How far an image of this size can be squeezed: two on each even side; None where both are odd."""
    factors = (1 if height % 2 else 2, 1 if width % 2 else 2)
    return None if factors == (1, 1) else factors
