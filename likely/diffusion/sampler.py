r"""Samplers: a way down the levels of noise, leg by leg, and the one loop that walks it.

    x_0 = D(x_low; low)                                                                 (1) the last leg

A leg goes from a level t to a level s <= t. Whatever the sampler, the first one leaves from the schedule's highest
level, the last one ends at the data, and all of them together call the network as often as was asked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

from torch import Tensor

from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng

Denoiser = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # D(x_t, sigma, c) = E[x | x_t, c], sigma one value a row
Look = Callable[[Tensor, Tensor], Tensor]  # a denoiser with its condition: sigma is one value, or one a row
KEPT = 3  # looks back, at most


class Seen(NamedTuple):
    """What an earlier leg saw: the clean data as they looked from its level."""

    level: Tensor
    clean: Tensor


class Moved(NamedTuple):
    """Where a leg ends, and the clean data as they looked from where it left."""

    x: Tensor
    clean: Tensor


class Stepper(ABC):
    """One way to go a leg."""

    @abstractmethod
    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        """From x_t at level t to level s <= t, scalars both; `past` is what the legs before saw, the latest first."""


class Leg(NamedTuple):
    """From level t to level s, and how."""

    by: Stepper
    t: Tensor
    s: Tensor


class Sampler(ABC):
    """A way down the levels."""

    @abstractmethod
    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        """The legs that together call the network exactly so many times."""


class Walked(NamedTuple):
    """The data at the end of the way, and how often the network was called."""

    x: Tensor
    calls: int


@final
class Watched:
    """A denoiser with its condition, its calls counted."""

    def __init__(self, denoiser: Denoiser, c: Tensor | None = None) -> None:
        self.denoiser, self.c, self.calls = denoiser, c, 0

    def __call__(self, x_t: Tensor, level: Tensor) -> Tensor:
        self.calls += 1
        sigma = level if level.dim() else x_t.new_full((len(x_t),), float(level))
        return self.denoiser(x_t, sigma, self.c)


def along(steppers: Sequence[Stepper], schedule: Schedule) -> tuple[Leg, ...]:
    """One leg an interval of the schedule's grid."""
    levels = schedule.grid(len(steppers))
    return tuple(Leg(*leg) for leg in zip(steppers, levels[:-1], levels[1:], strict=True))


def walked(
    sampler: Sampler,
    denoiser: Denoiser,
    schedule: Schedule,
    start: Tensor,
    c: Tensor | None = None,
    *,
    calls: int,
    rng: Rng,
) -> Walked:
    """From noise at the schedule's highest level to data, with so many calls of the denoiser."""
    if calls < 1:
        raise FieldError(f"a sampler was asked for {calls} network calls", expected="at least 1")
    look, x, past = Watched(denoiser, c), start, ()
    for by, t, s in sampler.plan(calls, schedule):
        x, clean = by.step(look, x, t, s, past=past, rng=rng)
        past = (Seen(t, clean), *past)[:KEPT]
    return Walked(x, look.calls)


def generate(
    sampler: Sampler,
    denoiser: Denoiser,
    schedule: Schedule,
    start: Tensor,
    c: Tensor | None = None,
    *,
    calls: int,
    rng: Rng,
) -> Tensor:
    """The data at the end of the way."""
    return walked(sampler, denoiser, schedule, start, c, calls=calls, rng=rng).x


def shared(total: int, places: int) -> list[int]:
    """A total shared out evenly, the last places getting what is left over."""
    each, over = divmod(total, places)
    return [each + (place >= places - over) for place in range(places)]
