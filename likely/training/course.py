"""Where a training stands, in plain numbers: everything a resumed run needs that is not a tensor."""

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, final

from likely.errors import Corrupt
from likely.training.judgement import Judgement

TYPICAL_MEMORY = 0.02  # how fast the usual loss follows
LATER = {"best_width", "best_error", "last_error", "judgements"}  # that the states of 0.1.0 lack


@final
@dataclass
class Course:
    """Counts and decisions so far."""

    step: int = 0
    passes: int = 0  # over the data of a counted model
    counted: bool = False  # the passes are over
    begun: bool = False  # the rounds have begun
    scale: float = 1.0  # of every rate: halved at each roll-back
    rollbacks: int = 0
    best: float | None = None  # the best value on the held-out rows
    best_step: int = 0
    best_averaged: bool = False
    best_width: float | None = None  # of the averaging, as a share of the training; None: the weights as they were
    best_error: float | None = None  # standard error of the best value
    stale: int = 0  # validations since then
    last: float | None = None  # the latest value of the raw weights
    last_error: float | None = None
    judgements: int = 0  # so far
    early: bool = False
    done: bool = False
    seconds: float = 0.0
    typical: dict[str, float] = field(default_factory=dict)  # each player's usual |loss|

    def copy(self) -> "Course":
        return Course(**asdict(self))

    def judged(self, raw: Judgement, averaged: Judgement, width: float) -> bool:
        """Take in a validation; True where it is the best so far."""
        self.last, self.last_error = raw
        better = self.weighed(raw, None) | self.weighed(averaged, width)
        self.stale = 0 if better else self.stale + 1
        return better

    def weighed(self, found: Judgement, width: float | None) -> bool:
        """Take in one judgement of this step's weights, averaged or not; True where it is the best so far."""
        self.judgements += 1
        better = math.isfinite(found.value) and (self.best is None or found.value < self.best)
        if better:
            self.best, self.best_error = found
            self.best_step, self.best_averaged, self.best_width = self.step, width is not None, width
        return better

    def follow(self, player: str, loss: float) -> None:
        """Remember how large this player's loss usually is."""
        before = self.typical.get(player, abs(loss))
        self.typical[player] = before + TYPICAL_MEMORY * (abs(loss) - before)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, parts: Any) -> "Course":
        names = {f.name for f in fields(cls)}
        if not isinstance(parts, dict) or not names - LATER <= set(parts) <= names:
            raise Corrupt("the saved state says nothing readable about where it stands")
        return cls(**parts)
