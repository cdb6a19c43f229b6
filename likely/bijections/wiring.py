"""What the map of a cell may depend on: half of the cells, or all that come before it."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from likely.bijections.autoregressions import Autoregressions
from likely.bijections.chain import Chain
from likely.bijections.couplings import Couplings
from likely.bijections.elementwise import Elementwise
from likely.bijections.flow import Flow, context_of, over
from likely.bijections.tails import Tails
from likely.contracts import Space


@dataclass(frozen=True, kw_only=True)
class Wiring(ABC):
    """A way to put transforms in a row; concrete ones are frozen dataclasses."""

    @abstractmethod
    def flow(
        self, form: Elementwise, space: Space, condition: Space | None, *, layers: int, width: int, depth: int,
        margin: float, rate: float,
    ) -> Flow:  # fmt: skip
        """A model over this space, of so many transforms by networks of this width and depth."""


@final
@dataclass(frozen=True, kw_only=True)
class Coupled(Wiring):
    """Halves take turns: both ways are one pass."""

    def flow(
        self, form: Elementwise, space: Space, condition: Space | None, *, layers: int, width: int, depth: int,
        margin: float, rate: float,
    ) -> Flow:  # fmt: skip
        couplings = Couplings(
            form=form, layers=layers, hidden=(width,) * depth, channels=max(8, width // 2),
            context=context_of(condition), margin=margin, aligned=True,
        )  # fmt: skip
        made = over(space, lambda size: Chain([Tails(size), *couplings.of_rows(size)]), couplings.of_images)
        held = max(width, form.outputs * math.prod(space.shape) // 2)
        return Flow(made, space, condition, rate=rate, held=held, placed=True)


@final
@dataclass(frozen=True, kw_only=True)
class Sequential(Wiring):
    """Each cell after those before it: the richer map of one layer; one way is one pass, the other cell by cell."""

    def flow(
        self, form: Elementwise, space: Space, condition: Space | None, *, layers: int, width: int, depth: int,
        margin: float, rate: float,
    ) -> Flow:  # fmt: skip
        transforms = Autoregressions(
            form=form, layers=layers, hidden=(width,) * depth, context=context_of(condition), margin=margin
        )
        return transforms.flow(space, condition, rate=rate)
