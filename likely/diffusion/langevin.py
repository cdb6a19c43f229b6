r"""Langevin moves: at one level of noise the rows wander, and their law stays p_sigma; and samplers made of them.

    x <- x + r sigma^2 score + sqrt(2 r) sigma eps,   sigma^2 score = D(x; sigma) - x   (1) a move, of size r
    Langevin             (1) at the lowest level alone: right in the limit, stuck between modes far apart   (2)
    AnnealedLangevin     a few moves (1) at each level of the schedule, from the highest down               (3)
    PredictorCorrector   a sampler's leg from t to s, then moves (1) at s: mends what the leg did wrong     (4)

Where p_sigma has variance v the law that (1) keeps has variance v / (1 - r sigma^2 / 2 v): smaller moves are truer, and
more of them are needed. The last call is the denoiser's, at the lowest level.

Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019), arXiv:1907.05600; Score-based
generative modeling through SDEs (Song et al., 2021), arXiv:2011.13456
"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.diffusion.ancestral import DDPM
from likely.diffusion.sampler import Leg, Look, Moved, Sampler, Seen, Stepper, shared
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng


@final
@dataclass(frozen=True)
class Langevin(Sampler, Stepper):
    """Langevin dynamics at the lowest level: slow, and it cannot cross from mode to mode."""

    size: float = 0.1  # of a move, as a share of the level's variance: more is faster and less true

    def __post_init__(self) -> None:
        _check_size(self.size)

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        low, nothing = schedule.grid(2)[1:]
        return (*(Leg(self, low, low),) * (calls - 1), Leg(self, low, nothing))  # (2)

    def step(self, look: Look, x_t: Tensor, t: Tensor, s: Tensor, *, past: tuple[Seen, ...] = (), rng: Rng) -> Moved:
        clean = look(x_t, t)
        if s == 0:
            return Moved(clean, clean)
        noise = (2 * self.size) ** 0.5 * t * rng.normal(x_t.shape, like=x_t)
        return Moved(x_t + self.size * (clean - x_t) + noise, clean)  # (1)


@final
@dataclass(frozen=True)
class AnnealedLangevin(Sampler):
    """Langevin dynamics at falling levels (Song & Ermon, 2019), the sampler of score networks."""

    moves: int = 2  # at each level: more lets the rows settle, in fewer levels
    size: float = 0.25  # of a move, as a share of the level's variance: more is faster and less true

    def __post_init__(self) -> None:
        _check_size(self.size)
        if self.moves < 1:
            raise FieldError(f"annealed Langevin dynamics with {self.moves} moves a level", expected="at least 1")

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        move, count = Langevin(self.size), max(1, (calls - 1) // self.moves)
        *levels, nothing = schedule.grid(count)
        moves = zip(levels, shared(calls - 1, count), strict=True)
        return (*(Leg(move, t, t) for t, many in moves for _ in range(many)), Leg(move, levels[-1], nothing))  # (3)


@final
@dataclass(frozen=True)
class PredictorCorrector(Sampler):
    """Any sampler's steps, each followed by Langevin moves (Song et al., 2021)."""

    predictor: Sampler = DDPM()  # whose steps are corrected
    moves: int = 1  # after each step: more corrects more, and leaves fewer steps
    size: float = 0.1  # of a move, as a share of the level's variance: more is faster and less true

    def __post_init__(self) -> None:
        _check_size(self.size)
        if self.moves < 1:
            raise FieldError(f"a corrector of {self.moves} moves a step", expected="at least 1",
                             remedy="the predictor alone")  # fmt: skip

    def plan(self, calls: int, schedule: Schedule) -> tuple[Leg, ...]:
        legs, spare = self._predicted(calls, schedule)
        if len(legs) == 1:
            return legs
        moves, move = shared(spare, len(legs) - 1), Langevin(self.size)
        corrected = [(leg, *(Leg(move, leg.s, leg.s),) * many) for leg, many in zip(legs[:-1], moves, strict=True)]
        return (*(leg for part in corrected for leg in part), legs[-1])  # (4)

    def _predicted(self, calls: int, schedule: Schedule) -> tuple[tuple[Leg, ...], int]:
        """The fewest legs of the predictor after which no leg but the last has more moves than wanted."""
        for spent in range(1, calls + 1):
            legs = self.predictor.plan(spent, schedule)
            if calls - spent <= self.moves * (len(legs) - 1):
                return legs, calls - spent
        raise FieldError(f"{self.predictor} cannot be corrected", expected="a sampler of as many calls as it is given")


def _check_size(size: float) -> None:
    if not 0 < size <= 1:
        raise FieldError(f"Langevin moves of size {size}", expected="above 0, at most 1")
