"""Where a contender stands in a race: what its model has shown on validation rows, and what that has taken."""

# numbers come from JSON
# pyright: reportUnknownArgumentType=false

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import isnan
from typing import Any, final

import torch
from torch import Tensor

from likely.apps.comparison import Round
from likely.contracts import Scores
from likely.fitted import Fitted
from likely.metrics.measure import Z

TENSORS = ("nats", "stderr", "error")  # of scores


@final
@dataclass(frozen=True)
class Showing:
    """What a model shows on the validation rows."""

    scores: Scores | None = None
    why: str = ""  # why there is no score
    apart: Tensor | None = None  # (n,): how far its draws are from these rows, as `likely.apps.apart` says

    @property
    def ranked(self) -> bool:
        """Whether its score can be ranked: an exact number, or a lower bound."""
        return self.scores is not None and not self.scores.above and (self.scores.bound or self.scores.stderr is None)

    @property
    def worth(self) -> float:
        """More is better, among those of one kind."""
        value = self.summary[1] if self.ranked else -self.summary[1]
        return float("-inf") if isnan(value) else value

    @property
    def summary(self) -> tuple[str, float, float]:
        """Unit, value and half its 95 % interval."""
        if self.ranked and self.scores is not None:
            return "nats/row", self.scores.mean, Z * self.scores.mean_stderr
        if self.apart is not None:
            return "distance", float(self.apart.mean()), Z * float(self.apart.std()) / len(self.apart) ** 0.5
        return "", float("nan"), float("nan")

    def told(self, before: Round) -> Round:
        """The round with what was shown in it."""
        unit, value, half = self.summary
        kind = self.scores.kind if self.ranked and self.scores is not None else ""
        return replace(before, unit=unit, kind=kind, value=value, low=value - half, high=value + half)


@final
@dataclass(frozen=True)
class Standing:
    """A contender after a round."""

    name: str
    rounds: tuple[Round, ...] = ()
    showing: Showing = Showing()
    held: int = 0  # the round whose weights it stands with; 0: none yet
    failed: str = ""
    unfit: bool = False  # its family cannot model this kind of data, and has said so before it learned
    fitted: Fitted[Any] | None = None  # None: it lies in its folder

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.rounds)

    def to_json(self) -> dict[str, Any]:
        """All but the model."""
        showing = {"scores": scores_to_json(self.showing.scores), "why": self.showing.why, "apart": None}
        if self.showing.apart is not None:
            showing["apart"] = self.showing.apart.tolist()
        plain = {"name": self.name, "held": self.held, "failed": self.failed, "unfit": self.unfit}
        return plain | {"rounds": [asdict(each) for each in self.rounds], "showing": showing}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Standing":
        """The standing that these plain values tell of."""
        rounds, shown = tuple(Round(**each) for each in said["rounds"]), said["showing"]
        showing = Showing(scores_from_json(shown["scores"]), shown["why"], _tensor(shown["apart"]))
        return cls(said["name"], rounds, showing, said["held"], said["failed"], said["unfit"])


def scores_to_json(scores: Scores | None) -> dict[str, Any] | None:
    """Scores as plain values."""
    if scores is None:
        return None
    held = {field.name: getattr(scores, field.name) for field in fields(scores)}
    return {name: value.tolist() if isinstance(value, Tensor) else value for name, value in held.items()}


def scores_from_json(said: Mapping[str, Any] | None) -> Scores | None:
    """The scores that these plain values tell of."""
    if said is None:
        return None
    known: dict[str, Any] = dict(said) | {name: _tensor(said[name]) for name in TENSORS}
    return Scores(**known)


def _tensor(said: Any) -> Tensor | None:
    return None if said is None else torch.tensor(said, dtype=torch.float64)
