"""Where a training stands, in plain numbers: everything a resumed run needs that is not a tensor."""

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, final

from likely.errors import Corrupt

TYPICAL_MEMORY = 0.02  # how fast the usual loss follows


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
    stale: int = 0  # validations since then
    last: float | None = None  # the latest value of the raw weights
    early: bool = False
    done: bool = False
    seconds: float = 0.0
    typical: dict[str, float] = field(default_factory=dict)  # each player's usual |loss|

    def copy(self) -> "Course":
        return Course(**asdict(self))

    def judged(self, raw: float, averaged: float) -> bool:
        """Take in a validation; True where it is the best so far."""
        chosen, value = min(enumerate((raw, averaged)), key=lambda each: (not math.isfinite(each[1]), each[1]))
        better = math.isfinite(value) and (self.best is None or value < self.best)
        self.last, self.stale = raw, 0 if better else self.stale + 1
        if better:
            self.best, self.best_step, self.best_averaged = value, self.step, bool(chosen)
        return better

    def follow(self, player: str, loss: float) -> None:
        """Remember how large this player's loss usually is."""
        before = self.typical.get(player, abs(loss))
        self.typical[player] = before + TYPICAL_MEMORY * (abs(loss) - before)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, parts: Any) -> "Course":
        if not isinstance(parts, dict) or set(parts) != {f.name for f in fields(cls)}:
            raise Corrupt("the saved state says nothing readable about where it stands")
        return cls(**parts)
