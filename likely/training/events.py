"""What happens in a training, as it happens: the progress bar, the log and the studio all read these."""

from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from likely.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, so many seconds after the training began (a resumed run's earlier sessions included)."""

    seconds: float = 0.0

    def said(self) -> dict[str, Any]:
        """The event as plain JSON values, without tensors: one line of a log."""
        told = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.metadata.get("said", True)}
        return {"event": type(self).__name__.lower(), **told}


@final
@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The recipe is settled and written; nothing has been learned yet."""

    recipe: Recipe
    resumed: int = 0  # steps that an earlier session has already done


@final
@dataclass(frozen=True, kw_only=True)
class Noticed(Event):
    """Something the person may want to know: it changes nothing."""

    what: str


@final
@dataclass(frozen=True, kw_only=True)
class Observed(Event):
    """A counted model has seen more rows."""

    turn: int  # which pass over the data, from 1
    rows: int  # seen in this pass
    of: int | None = None  # rows of a pass, where known
    ended: bool = False  # this was the pass's end


@final
@dataclass(frozen=True, kw_only=True)
class Stepped(Event):
    """Some rounds have passed."""

    step: int
    steps: int
    losses: dict[str, float]  # each player's, the mean since the last report
    rate: float  # rounds a second
    left: float  # seconds, as it looks now
    lengths: dict[str, float] = field(default_factory=dict)  # of each player's gradients, the median since then


@final
@dataclass(frozen=True, kw_only=True)
class Validated(Event):
    """The held-out rows were judged by the model's own promise; smaller is better."""

    step: int
    value: float  # with the weights as they are
    average: float  # with the averaged weights
    unit: str  # nats a row, or the losses' own
    best: float  # the best so far, and where it was
    best_step: int
    error: float | None = None  # standard error of `value`, over the held-out rows


@final
@dataclass(frozen=True, kw_only=True)
class Saved(Event):
    """The state is on disk: a kill from now on costs nothing before this step."""

    step: int
    path: Path


@final
@dataclass(frozen=True, kw_only=True)
class RolledBack(Event):
    """The training diverged and went back to the last good state with a lower rate."""

    step: int  # where it diverged
    to: int  # where it goes on from
    scale: float  # what every rate is now multiplied by
    why: str


@final
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Weights one could keep."""

    step: int
    averaged: bool
    value: float | None  # on the held-out rows, where the model can be judged
    weights: dict[str, Tensor] = field(repr=False, compare=False, metadata={"said": False})
    width: float | None = None  # of the averaging, as a share of the training
    error: float | None = None  # standard error of the value

    @property
    def plain(self) -> dict[str, Any]:
        """All but the weights, as JSON has it."""
        told = {"value": self.value, "error": self.error}
        finite = {name: each if each is None or isfinite(each) else None for name, each in told.items()}
        return {"step": self.step, "averaged": self.averaged, "width": self.width, **finite}

    def same(self, other: "Candidate") -> bool:
        """Whether these are the same weights."""
        return self is other or all(torch.equal(tensor, other.weights[name]) for name, tensor in self.weights.items())


@final
@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The model now holds the kept weights: the best on the held-out rows, else the average or the final ones."""

    step: int
    final: Candidate
    kept: Candidate
    early: bool = False  # no better for so many validations: stopped before the budget's end
    unit: str = ""
    rule: str = ""  # by which the kept weights were chosen, in one sentence
    widths: dict[float, float] = field(default_factory=dict)  # of averaging, judged in the end
    counted: bool = False  # learned in passes over the data; `step` says how many


def _plain(value: Any) -> Any:
    match value:
        case Recipe():
            return value.to_json()
        case Candidate():
            return value.plain
        case Path():
            return str(value)
    return value
