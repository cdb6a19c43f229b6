"""One measured number: what it is, its interval, the sizes it was taken at, and what a perfect model would get."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
SMALL = 200  # rows a side below which a measure says so
GROUPS = {  # the questions, in the order they are told in
    "marginals": "are single columns and pairs of them right?",
    "two-sample": "can the two be told apart?",
    "coverage": "is each where the other is?",
    "sharpness": "are edges as sharp as real ones?",
    "signal": "do they sound and move alike?",
    "language": "are they written alike?",
    "chemistry": "are they molecules of the same kind?",
    "utility": "do they teach as much?",
    "privacy": "do they give away rows that were learned from?",
    "novelty": "is anything new in them?",
}
Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class Measure:
    """A value with a 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    rows: tuple[int, int]  # real, synthetic
    ideal: float  # what indistinguishable samples get
    note: str = ""
    parts: dict[str, float] = field(default_factory=dict)  # by column, by pair
    group: str = ""  # the question that it answers, one of GROUPS
    features: str = ""  # what distances were taken in, with a digest where it was learned; none: the rows themselves

    def within(self, group: str, features: str = "") -> "Measure":
        """The same number as an answer to this question, in these features."""
        return replace(self, group=group, features=features)

    @property
    def warning(self) -> str:
        """A sentence where there are too few rows to lean on the number."""
        fewest = min(self.rows)
        return f"only {fewest} rows: read the interval, not the value" if fewest < SMALL else ""

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def share(
    name: str, hits: Array, rows: tuple[int, int], ideal: float, note: str = "", *, effective: float | None = None
) -> Measure:
    """A share of successes with Wilson's interval; `effective` rows, where they are not independent."""
    p = float(np.mean(hits))
    low, high = wilson(p, len(hits) if effective is None else effective)
    return Measure(name, p, low, high, rows, ideal, note)


def wilson(p: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share seen in n rows (Wilson 1927)."""
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return (max(float(centre - half), 0.0) if p > 0 else 0.0, min(float(centre + half), 1.0) if p < 1 else 1.0)


def mean(name: str, values: Array, rows: tuple[int, int], ideal: float, note: str = "") -> Measure:
    """A mean over rows with its normal interval."""
    half = Z * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else float("inf")
    centre = float(np.mean(values))
    return Measure(name, centre, centre - half, centre + half, rows, ideal, note)
