"""One row of a comparison: a family that was fitted and judged, or a reference."""

from dataclasses import dataclass, field
from typing import Any

from likely.contracts import Scores
from likely.data import Rows
from likely.fitted import Fitted
from likely.metrics import Measure

LATE = "the time was over before it was judged on test rows"  # how `why_no_score` begins then


@dataclass(frozen=True)
class Contender:
    """A family, or a reference, and everything that was measured on it."""

    name: str
    family: Any = None
    scores: Scores | None = None
    why_no_score: str = ""
    measures: dict[str, Measure] = field(default_factory=dict)
    fit_seconds: float = 0.0
    sample_seconds: float = 0.0  # for one row, in a batch
    samples: Rows | None = None
    fitted: Fitted[Any] | None = None
    failed: str = ""
    draws: int | None = None  # importance samples of the score, where more were taken than usual

    @property
    def late(self) -> bool:
        """Whether the time was over before it was judged."""
        return self.why_no_score.startswith(LATE)
