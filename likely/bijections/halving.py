r"""Halving: half of the cells move, read off the other half, and leave; the other half is halved in turn.

    (x_A, x_B) = x,   z_B = g(x_B; h(x_A, context)),   then the same with x_A alone, until nothing is left         (1)

A single turn of each half is enough where g can take any shape: h always reads cells as they came, and what (1) leaves
out is only how the cells of one half hang together given the whole other half. Colours move one after the other. The
halves of an image are those of a
chequerboard, then every second pixel of every second row; below 8 x 8 its cells are halved as those of a row. More
turns let both halves move, the other one first.

Parallel Multiscale Autoregressive Density Estimation (Reed et al., 2017), arXiv:1703.03664, as a flow
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from likely.bijections.bijection import Bijection
from likely.bijections.chain import Chain
from likely.bijections.compand import Compand
from likely.bijections.conditioner import Conditioner, Dense, Residual
from likely.bijections.coupling import Coupling
from likely.bijections.elementwise import Elementwise
from likely.bijections.flatten import Flatten
from likely.bijections.histogram import Histogram
from likely.bijections.multiscale import MultiScale
from likely.bijections.permutation import Permutation
from likely.bijections.probit import Probit
from likely.bijections.split import Checkerboard, Cut
from likely.bijections.squeeze import Squeeze, squeezed_by

Shape = tuple[int, int, int]  # channels, height, width

SPREAD = 32  # bins of companding, where the form has none of its own
FEW = 64  # pixels that are halved as a row
MANY = 512  # cells that are too many for a row: both sides odd, they take turns on a chequerboard


@final
@dataclass(frozen=True, kw_only=True)
class Halving:
    """Couplings on [-reach, reach] of images, from levels in [-1, 1] to normal codes."""

    form: Elementwise  # the map that moves a cell; its reach is finite
    turns: int = 1  # couplings of each half before it leaves
    width: int = 64  # channels of the conditioners
    blocks: int = 2  # residual blocks of the conditioners
    hidden: tuple[int, ...] = (256, 256)  # the hidden layers of the conditioners of the last few cells
    context: int = 0  # numbers that say the condition

    def of_images(self, shape: Shape) -> Chain:
        """Companded, halved while there are even sides, then normal."""
        reach = self.form.reach
        bins = (
            self.form.bins if isinstance(self.form, Histogram) else SPREAD
        )  # a histogram's edges stand where levels do
        return Chain([Compand(shape[0], bins, reach), self._halved(shape), Probit(reach)])

    def _halved(self, shape: Shape) -> Bijection:
        colours, stages, shapes, leaving = shape[0], list[Bijection](), list[tuple[int, ...]](), list[int]()
        while (by := squeezed_by(*shape[1:])) and math.prod(shape[1:]) > FEW:
            before: list[Bijection] = [Squeeze(*by)]
            places, size = by[0] * by[1], (shape[1] // by[0], shape[2] // by[1])
            while places > 1:
                kept, share = places // 2 * colours, places // 2
                before += self._early(kept + share * colours, kept, self._residual(size))
                before += [Permutation(coloured(kept, share, colours))] * (colours > 1)
                for colour in reversed(range(colours)):  # the last first, each read off those before it
                    width = kept + share * (colour + 1)
                    last = Coupling(self.form, Cut(width - share), self._residual(size)(width - share, share))
                    stages.append(Chain([*before, last]))
                    shapes.append((width, *size))
                    leaving.append(share)
                    before = []
                places //= 2
            shape = (colours, *size)
        last = self._row(shape) if math.prod(shape) <= MANY else self._chequered(shape)
        return MultiScale([*stages, last], [*shapes, (math.prod(shape),)], leaving)

    def _early(self, size: int, kept: int, conditioner: Callable[[int, int], Conditioner]) -> list[Bijection]:
        """All turns of two halves but the last, which is that of the half that leaves."""
        first = [(self.turns - turn) % 2 == 0 for turn in range(self.turns - 1)]
        moved = [kept if one else size - kept for one in first]
        return [
            Coupling(self.form, Cut(kept, one), conditioner(size - n, n)) for one, n in zip(first, moved, strict=True)
        ]

    def _row(self, shape: Shape) -> Chain:
        """The cells that are left, in an order in which each half is every second one."""
        size = math.prod(shape)
        parts: list[Bijection] = []
        shapes: list[tuple[int, ...]] = []
        left = size
        while left > 1:
            kept = left - left // 2
            last = Coupling(self.form, Cut(kept), self._dense(kept, left - kept))
            parts.append(Chain([*self._early(left, kept, self._dense), last]))
            shapes.append((left,))
            left = kept
        parts.append(Coupling(self.form, Cut(0), self._dense(0, 1)))
        return Chain([Flatten(shape), Permutation(thinned(size)), MultiScale(parts, [*shapes, (1,)])])

    def _chequered(self, shape: Shape) -> Chain:
        """Nothing leaves: the pixels of each colour take turns."""
        residual = self._residual(shape[1:])
        parts: list[Bijection] = [
            Coupling(self.form, Checkerboard(i % 2), residual(shape[0] + 1, shape[0])) for i in range(2 * self.turns)
        ]
        return Chain([*parts, Flatten(shape)])

    def _residual(self, size: tuple[int, int]) -> Callable[[int, int], Conditioner]:
        shared = {"size": size, "width": self.width, "blocks": self.blocks, "context": self.context}
        return lambda kept, moved: Residual(kept, moved, self.form.outputs, **shared)

    def _dense(self, kept: int, moved: int) -> Dense:
        return Dense(kept, moved, self.form.outputs, hidden=self.hidden, context=self.context)


def coloured(kept: int, share: int, colours: int) -> list[int]:
    """Channels (place, colour) with those that leave ordered by colour first."""
    return [*range(kept), *(kept + place * colours + colour for colour in range(colours) for place in range(share))]


def thinned(size: int) -> Sequence[int]:
    """An order whose last half is every second place, the last half of the rest every second of those, and so on."""
    rest, leaving = list(range(size)), []
    while len(rest) > 1:
        leaving = rest[1::2] + leaving
        rest = rest[0::2]
    return rest + leaving
