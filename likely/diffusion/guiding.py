r"""Models that say how well a condition goes with a noised row: what leads a denoiser that was told nothing.

    f(x_t, c) = log p(c | x_t), but for a term in c alone,   x_t = x + sigma eps         (1)
    p(x | c) = N(x; 0, I) p(c | x) / p(c)                                               (2)
    E[x | x_t] = x_t / (1 + sigma^2)  for x ~ N(0, I)                                   (3)

They tell conditions and do not model rows. What they draw is (2), by guidance around (3), which is all that is known of
rows by mean and variance: the trait by which a condition is told, and no likeness of the rows that have it.
"""

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import Protocol, final

from torch import Tensor, nn

from likely.backbones import Network
from likely.backbones.noised import NoisedReader
from likely.contracts import Guides, Player, Space, Trained, Turn
from likely.diffusion.flow import beside
from likely.diffusion.guidance import Embedded
from likely.diffusion.learning import noised
from likely.diffusion.parametrisation import EDM
from likely.diffusion.schedule import Schedule
from likely.diffusion.solver import Heun
from likely.diffusion.way import Way, drawn
from likely.errors import ConditionError, FieldError
from likely.rng import Rng

STEPS = 35  # of a draw


class Leading(Protocol):
    """The fields of a family of such models."""

    @property
    def schedule(self) -> Schedule: ...
    @property
    def width(self) -> int: ...
    @property
    def network(self) -> Network | None: ...
    @property
    def rate(self) -> float: ...
    @property
    def decay(self) -> float: ...


def check(family: Leading) -> None:
    """Fields that make no such model are refused."""
    if family.width < 1 or not (family.rate > 0 and family.decay >= 0):
        told = f"{type(family).__name__} has width={family.width}, rate={family.rate} and decay={family.decay}"
        raise FieldError(told, expected="width at least 1, rate above 0, decay at least 0")


def given(family: Leading, condition: Space | None) -> Space:
    """The condition, without which there is nothing to tell."""
    if condition is None:
        raise ConditionError(
            f"{type(family).__name__} tells a condition from noised rows, and was given none",
            expected="a column to tell",
            remedy="--condition COLUMN (condition=[...])",
        )
    return condition


@final
class Reading(nn.Module):
    """Noised rows as numbers, whatever their level."""

    def __init__(self, family: Leading, space: Space, outputs: int) -> None:
        super().__init__()
        self.reader = NoisedReader(space, outputs, family.width, family.network)

    def forward(self, x_t: Tensor, sigma: Tensor) -> Tensor:
        seen = EDM().coefficients(sigma)
        return self.reader(beside(seen.into, x_t) * x_t, seen.told)


class Guiding(Guides, Trained):
    """Every one of them; one says what it finds in noised rows and what is wrong with that."""

    def __init__(self, family: Leading, space: Space, condition: Space) -> None:
        super().__init__(space, condition)
        self.family = family

    @property
    def learned(self) -> Schedule:
        """The levels it was shown."""
        return self.family.schedule

    @abstractmethod
    def misfit(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        """What is learned from: a scalar."""

    def players(self) -> dict[str, Player]:
        return {"reader": Player(self, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        seen, told = noised(x, self.learned, rng=rng), self.told(c)
        yield Turn("reader", lambda: self.misfit(seen.x, seen.sigma, told))

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        guide, like = partial(Embedded, similarity=self.agreement), next(self.parameters())
        way = Way(self.learned, Heun(), STEPS, guide)
        return drawn(_standard, way, self.space.shape, n, c, like=like, rng=rng).x  # (2)

    def told(self, c: Tensor | None) -> Tensor:
        """What the rows are given."""
        if c is None:
            raise ConditionError(f"{type(self.family).__name__} was given no condition", expected="one a row")
        return c


def _standard(x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
    return x_t / (1 + beside(sigma, x_t) ** 2)  # (3)
