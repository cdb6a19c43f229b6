"""Couplings in a row: of the columns of rows, and of images scale by scale.

An image is squeezed into channels while it has even sides of some size; after each squeeze but the last, half of the
channels leave as finished. Where both sides are odd from the start, pixels take turns on a chequerboard.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import final

import torch
from torch import Tensor

from likely.bijections.actnorm import ActNorm
from likely.bijections.bijection import Bijection
from likely.bijections.chain import Chain
from likely.bijections.conditioner import Conditioner, Convolutional, Dense
from likely.bijections.coupling import Coupling
from likely.bijections.elementwise import Elementwise
from likely.bijections.linear import Linear
from likely.bijections.logit import Logit
from likely.bijections.multiscale import MultiScale
from likely.bijections.split import Checkerboard, Cut
from likely.bijections.squeeze import Squeeze, squeezed_by

Shape = tuple[int, int, int]  # channels, height, width

SMALLEST = 4  # an image is squeezed again while both of its sides are at least this
SCALES = 3  # squeezes of an image, at most


@final
@dataclass(frozen=True, kw_only=True)
class Couplings:
    """A normalisation, then couplings whose halves take turns, mixed in between."""

    form: Elementwise  # the map that moves a cell
    layers: int  # couplings (of an image: at each scale)
    hidden: tuple[int, ...]  # the conditioners' hidden layers, of rows
    channels: int  # of their hidden layers, of images
    context: int = 0  # numbers that say the condition
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    scales: int = SCALES  # squeezes of an image, at most
    aligned: bool = False  # columns of rows start permuted, not rotated: values peculiar to one are not blurred
    leaving: Elementwise | None = None  # moves the half that leaves once more, read off the half that stays

    def of_rows(self, size: int) -> Chain:
        """Couplings of this many columns."""
        outputs, hidden = self.form.outputs, self.hidden
        starts = _permutations(size) if self.aligned else repeat(None)
        say = partial(Dense, outputs=outputs, hidden=hidden, context=self.context)
        return Chain(self._alternate(size, lambda moved: say(size - moved, moved), starts))

    def of_images(self, shape: Shape) -> Chain:
        """Logit, then a stage at each scale; one scale on a chequerboard where both sides are odd."""
        stages: list[list[Bijection]] = []
        shapes: list[Shape] = []
        while (by := squeezed_by(*shape[1:])) and len(stages) < self.scales and _large(shape, first=not stages):
            wide = (shape[0] * by[0] * by[1], shape[1] // by[0], shape[2] // by[1])
            stages.append([Squeeze(*by), *self._of_channels(wide[0])])
            shapes.append(wide)
            shape = (wide[0] - wide[0] // 2, *wide[1:])
        if not stages:
            one = self._of_channels(shape[0]) if shape[1:] == (1, 1) else self._chequered(shape[0])
            stages, shapes = [one], [shape]
        for stage, (size, *_) in zip(stages[:-1], shapes):
            stage += self._left(size)
        return Chain([Logit(self.margin), MultiScale([Chain(stage) for stage in stages], shapes)])

    def _left(self, size: int) -> list[Bijection]:
        """What becomes of the channels that leave: the law of their codes given those that stay."""
        if self.leaving is None:
            return []
        kept = size - size // 2
        say = Convolutional(kept, size - kept, self.leaving.outputs, width=self.channels, context=self.context)
        return [Coupling(self.leaving, Cut(kept), say)]

    def _alternate(
        self, size: int, conditioner: Callable[[int], Conditioner], starts: Iterable[Tensor | None] = repeat(None)
    ) -> list[Bijection]:
        """One column or channel alone always moves."""
        parts: list[Bijection] = [ActNorm(size)]
        for i, start in zip(range(self.layers), starts):
            first = size > 1 and i % 2 == 1
            moved = size // 2 if first else size - size // 2
            mixing = Linear(size, start) if size > 1 else ActNorm(size)
            parts += [mixing, Coupling(self.form, Cut(size // 2, first), conditioner(moved))]
        return parts

    def _of_channels(self, size: int) -> list[Bijection]:
        return self._alternate(size, lambda moved: self._convolutional(size - moved, moved))

    def _chequered(self, size: int) -> list[Bijection]:
        parts: list[Bijection] = [ActNorm(size)]
        for i in range(self.layers):
            parts.append(Coupling(self.form, Checkerboard(i % 2), self._convolutional(size + 1, size)))
        return parts

    def _convolutional(self, kept: int, moved: int) -> Convolutional:
        return Convolutional(kept, moved, self.form.outputs, width=self.channels, context=self.context)


def _permutations(size: int) -> Iterator[Tensor]:
    """A random order of the columns, kept for two couplings, so that both halves of it move; and so on."""
    while True:
        yield torch.eye(size)[torch.randperm(size)]
        yield torch.eye(size)


def _large(shape: Shape, *, first: bool) -> bool:
    return first or min(shape[1:]) >= SMALLEST
