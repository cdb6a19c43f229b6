r"""Quality against network calls: how far each sampler takes the same noise from where the flow takes it.

    e(calls) = sqrt( mean |x_calls - x_*|^2 / mean |x_* - mean x_*|^2 )                  (1) over the same noise
    x_*  the flow's end in 1,000 calls of Heun's solver, along the model's own way or other levels (2)
    its own error: (1) between (2) and the same in half the calls                        (3)

A model is walked as its own samples go: FlowMatching's in even shares of noise, others' along their levels.
(1) is a share of the samples' spread, in the numbers that the model sees. It says how soon a sampler is the model that
it samples, and not how good that model is. Samplers that draw fresh noise on their way end elsewhere by design: they
are left out by name. Euler's solver is DDIM with eta 0, and is told under that name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, final

import torch
from torch import Tensor

from likely.contracts import Denoises, Model
from likely.diffusion import (
    DDIM,
    Adaptive,
    Descends,
    DPMSolver,
    Heun,
    Sampler,
    Schedule,
    UniPC,
    Way,
    check_within,
)
from likely.errors import CannotAnswer, FieldError
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed

CALLS = (4, 6, 8, 10, 15, 20, 35, 50, 100)
REFERENCE, ROWS = 1000, 32
FLOWS: Mapping[str, Sampler] = MappingProxyType(
    {
        "DDIM": DDIM(),
        "Heun": Heun(),
        "DPMSolver": DPMSolver(),
        "DPMSolver,order=3": DPMSolver(order=3),
        "UniPC": UniPC(),
        "Adaptive": Adaptive(),
    }
)
FRESH = "it draws fresh noise on its way, so no path is shared"
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("DDPM", "Langevin", "AnnealedLangevin", "PredictorCorrector"), FRESH)
    | {"Euler": "it is DDIM with eta 0, step for step"}
)


@final
@dataclass(frozen=True)
class Quality:
    """One sampler's error at each number of calls."""

    sampler: str
    calls: tuple[int, ...]  # as they were asked for; Adaptive may need fewer
    errors: tuple[float, ...]  # (1)

    def at(self, calls: int) -> float:
        """The error in so many calls."""
        return dict(zip(self.calls, self.errors, strict=True))[calls]


@final
@dataclass(frozen=True)
class Steps:
    """The samplers of one model."""

    fitted: Fitted[Any]
    found: tuple[Quality, ...]
    reference: int
    floor: float  # (3)
    rows: int
    left_out: Mapping[str, str] = field(default_factory=lambda: LEFT_OUT)

    def of(self, sampler: str) -> Quality:
        """The one of this name."""
        return next(each for each in self.found if each.sampler == sampler)


def steps(
    fitted: Fitted[Any], calls: Sequence[int] = CALLS, *,
    samplers: Mapping[str, Sampler] = FLOWS, levels: Schedule | None = None, n: int = ROWS,
    reference: int = REFERENCE, seed: int = 0,
) -> Steps:  # fmt: skip
    """(1) of these samplers, each from the same noise and given the same conditions, along the model's own way.

    Along other `levels` the same ends are reached where the highest and the lowest are the same.
    """
    model = walked_model(fitted)
    way = model.way if levels is None else replace(model.way, schedule=levels)
    check_within(model.learned, way.schedule)
    if not calls or min(calls) < 1 or reference < 2 * max(calls) or n < 2:
        raise FieldError(f"calls {list(calls)} beside a reference of {reference}, on {n} rows",
                         expected="at least one call, a reference of twice the most, two rows")  # fmt: skip
    c = None if fitted.conditions is None else fitted.conditions.draw(n, Keyed(seed).fork(1))
    walk = Walk(model, way, c, n, seed)
    end, half = (walk.ends(Heun(), count) for count in (reference, reference // 2))
    found = tuple(_quality(name, walk, sampler, sorted(set(calls)), end) for name, sampler in samplers.items())
    return Steps(fitted, found, reference, apart(half, end), n)


def apart(found: Tensor, end: Tensor) -> float:
    """(1)"""
    spread = (end - end.mean(0)).square().mean()
    return float(((found - end).square().mean() / spread.clamp(min=1e-30)).sqrt())


def _quality(name: str, walk: "Walk", sampler: Sampler, calls: Sequence[int], end: Tensor) -> Quality:
    return Quality(name, tuple(calls), tuple(apart(walk.ends(sampler, count), end) for count in calls))


@final
@dataclass(frozen=True)
class Walk:
    """A model's own way, but for its sampler and steps; always from the same noise."""

    model: Descends
    way: Way
    c: Tensor | None
    n: int
    seed: int

    @torch.no_grad()
    def ends(self, sampler: Sampler, calls: int) -> Tensor:
        """Where the noise ends, in float64 whatever the model's weights are."""
        c = None if self.c is None else self.c.to(next(self.model.parameters()).device)
        way = Way(self.way.schedule, sampler, calls, self.way.guide)
        return self.model.walk(self.n, c, way=way, rng=Keyed(self.seed)).x.double()


def walked_model(fitted: Fitted[Any]) -> Descends:
    """The model, if any sampler can walk it."""
    model: Model = promised(fitted.model, fitted.name, Denoises)
    if not isinstance(model, Descends):
        raise CannotAnswer(f"{fitted.name} has levels of its own: no other sampler walks them")
    return model
