r"""A way from noise to data: which levels it visits, by which sampler, in how many calls, under which guide.

    x_high ~ N(0, (1 + high^2) I), as all but drowned data of spread one are;  then leg by leg to the data       (1)

A denoiser may be walked in any way within the levels that it learned (`Descends`), whatever it was trained with.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.contracts import Denoises, Model
from likely.diffusion.sampler import Denoiser, Sampler, Walked, walked
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng

Guide = Callable[[Denoiser], Denoiser]  # a denoiser around a denoiser
SLACK = 1e-6  # by which a level may lie outside those learned: rounding


@final
@dataclass(frozen=True)
class Way:
    """How samples come down from noise to data."""

    schedule: Schedule  # the levels visited
    sampler: Sampler  # how each leg between two of them is gone
    steps: int  # network calls
    guide: Guide | None = None  # what leads the denoiser; none leaves it as it is


class Walks(Model):
    """Comes down from noise along a way whose steps, at least, may be others than it has of its own."""

    @property
    @abstractmethod
    def way(self) -> Way:
        """The way its own samples go."""

    @property
    @abstractmethod
    def learned(self) -> Schedule:
        """The levels it was shown: no way may leave them."""

    @abstractmethod
    def walk(self, n: int, c: Tensor | None = None, *, way: Way, rng: Rng) -> Walked:
        """Draws of its rows by this way; an error where it cannot go so."""


class Descends(Denoises, Walks):
    """Denoises at every level between two ends, so that any sampler can walk it from noise to data."""


def descended(model: Descends, n: int, c: Tensor | None = None, *, way: Way | None = None, rng: Rng) -> Walked:
    """Draws of the model's rows by this way, or by its own."""
    way, like = way or model.way, next(model.parameters())
    check_within(model.learned, way.schedule)
    return drawn(model.denoise, way, model.space.shape, n, c, like=like, rng=rng)


def drawn(
    denoiser: Denoiser, way: Way, shape: Sequence[int], n: int, c: Tensor | None = None, *, like: Tensor, rng: Rng
) -> Walked:
    """n draws of this shape by any denoiser, as precise as `like`, and the calls they took."""
    start = rng.normal((n, *shape), like=like) * (1 + way.schedule.high**2) ** 0.5  # (1)
    led = denoiser if way.guide is None else way.guide(denoiser)
    return walked(way.sampler, led, way.schedule, start, c, calls=way.steps, rng=rng)


def check_within(learned: Schedule, visited: Schedule) -> None:
    """No sample may visit levels of noise that the network was never shown."""
    if visited.low * (1 + SLACK) < learned.low or visited.high > learned.high * (1 + SLACK):
        raise FieldError(
            f"a sample would visit levels of noise from {visited.low:.3g} to {visited.high:.3g}",
            expected=f"levels within those learned, from {learned.low:.3g} to {learned.high:.3g}",
        )
