"""Autoregressive transforms in a row, whose orders take turns; an image is a row of its pixels."""

import math
from dataclasses import dataclass
from typing import final

from likely.bijections.actnorm import ActNorm
from likely.bijections.autoregressive import autoregressive
from likely.bijections.bijection import Bijection
from likely.bijections.chain import Chain, Inverse
from likely.bijections.elementwise import Elementwise
from likely.bijections.flatten import Flatten
from likely.bijections.flow import Flow, over
from likely.bijections.linear import Linear
from likely.bijections.logit import Logit
from likely.bijections.tails import Tails
from likely.contracts import Space

WIDEST = 128  # columns beyond which a learned matrix between transforms costs more than they do


@final
@dataclass(frozen=True, kw_only=True)
class Autoregressions:
    """Normalised (or mixed) columns, then a transform; and so on, first column first and last column first by turns."""

    form: Elementwise  # the map that moves a cell
    layers: int  # transforms
    hidden: tuple[int, ...]  # their networks' hidden layers
    context: int = 0  # numbers that say the condition
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    mixed: bool = False  # by a learned matrix between transforms, where there are few columns
    inverted: bool = False  # from data to codes column by column, and back in one pass

    def flow(self, space: Space, condition: Space | None, *, rate: float) -> Flow:
        """The model over this space that takes these transforms."""
        held = max(*self.hidden, self.form.outputs * math.prod(space.shape))
        return Flow(over(space, self.of_rows, self.of_images), space, condition, rate=rate, held=held)

    def of_rows(self, size: int) -> Chain:
        """Transforms of this many columns."""
        return Chain([Tails(size), *self._alternate(size)])

    def of_images(self, shape: tuple[int, int, int]) -> Chain:
        """Logit, then transforms of the pixels, row by row."""
        return Chain([Logit(self.margin), Flatten(shape), *self._alternate(math.prod(shape))])

    def _alternate(self, size: int) -> list[Bijection]:
        parts: list[Bijection] = [ActNorm(size)]
        for i in range(self.layers):
            between = [Linear(size)] if self.mixed and 1 < size <= WIDEST else [ActNorm(size)] * (i > 0)
            parts += [*between, self._transform(size, backwards=i % 2 == 1)]
        return parts

    def _transform(self, size: int, *, backwards: bool) -> Bijection:
        part = autoregressive(self.form, size, hidden=self.hidden, backwards=backwards, context=self.context)
        return Inverse(part) if self.inverted else part
