"""What is checked: a fitted model, its lift and codec, some rows, and the names of their columns."""

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import torch
from torch import Tensor

from likely.certificates.clock import Clock, OutOfTime
from likely.codecs import Codec, Lift
from likely.contracts import Bound, Density, Estimated, Model
from likely.rng import Keyed
from likely.scoring import first_weight, placed

LARGEST = 1 << 24  # numbers in a model that is still copied into float64
CHECKED = 0xCE47  # fork of the seed
FEW = 8  # rows that are sampled at first, to see how long it takes
LIFTED, SCORED, SAMPLED = 1, 2, 3  # forks of that


@final
@dataclass(frozen=True)
class Subject:
    """A model with rows; nothing here touches the model or any generator but its own."""

    model: Model
    lift: Lift
    codec: Codec[Any]
    x: Tensor  # (N, *shape) cells
    c: Tensor | None
    names: tuple[str, ...] = ()  # of the cells of a table
    given: tuple[str, ...] = ()  # of the condition's columns
    seen: tuple[Tensor, Tensor | None] | None = None  # more rows and conditions, to see what depends on what
    seed: int = 0

    @property
    def rng(self) -> Keyed:
        return Keyed(self.seed).fork(CHECKED)

    @cached_property
    def precise(self) -> Model:
        """The model in float64, where it is not too large: what rounding hides or makes is then told apart."""
        model = self.model
        held = sum(t.numel() for t in (*model.parameters(), *model.buffers()))
        if held > LARGEST:
            return model
        other = copy.deepcopy(model)
        if first_weight(other).device.type == "mps":
            other = other.cpu()  # it has no float64
        return other.double().eval().requires_grad_(False)

    @property
    def rounding(self) -> float:
        """What rounding may do to a number of size one."""
        return 1e-6 if first_weight(self.precise).dtype == torch.float64 else 1e-3

    def conditions(self, at: Tensor, model: Model) -> Tensor | None:
        """The conditions of these rows, round and round, where the model wants them."""
        return None if self.c is None else placed(self.c[at % len(self.c)], model)

    def lifted(self, at: Tensor, model: Model) -> tuple[Tensor, Tensor | None]:
        """These rows as the model sees them; a row's noise is its own."""
        u, _ = self.lift.up(placed(self.x[at].float(), model), rng=self.rng.fork(LIFTED).at(at))
        return u, self.conditions(at, model)

    def drawn(self, n: int, model: Model, clock: Clock, *, seed: int = 0, c: Tensor | None = None) -> Tensor:
        """n rows that the model samples, given c or each given a row's condition; fewer where time is short."""
        rng, parts = self.rng.fork(SAMPLED).fork(seed), []
        with torch.no_grad():
            for part in clock.slices(n, first=min(n, FEW)):
                at = torch.arange(part.start, part.stop)
                given = self.conditions(at, model) if c is None else c.expand(len(at), *c.shape[1:])
                parts.append(model.sample(len(at), given, rng=rng.at(part.start)))
        if not parts:
            raise OutOfTime
        return torch.cat(parts)

    def scored(self, x: Tensor, c: Tensor | None, rows: Tensor) -> Tensor:
        """A number a row, float64, by what is promised: its noise depends on the row's number alone."""
        model, rng = self.precise, self.rng.fork(SCORED)
        with torch.no_grad():
            u, ladj = self.lift.up(placed(x, model), rng=self.rng.fork(LIFTED).at(rows))
            told = _number(model, u, placed(c, model), rng.at(rows))
        return (told.double() + ladj).cpu()


def _number(model: Model, u: Tensor, c: Tensor | None, rng: Keyed) -> Tensor:
    match model:
        case Density():
            return model.log_prob(u, c)
        case Bound():
            return model.elbo(u, c, rng=rng).value
        case Estimated():
            return model.log_prob_estimate(u, c, rng=rng).value
    raise TypeError(f"{type(model).__name__} has no number to give")


def spread(n: int, most: int) -> Tensor:
    """At most so many of n rows, evenly spread."""
    return torch.linspace(0, n - 1, min(n, most)).round().long()
