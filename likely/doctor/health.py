"""What a doctor says of a model: what is wrong, every number that was looked at, and what could not be looked at.

A finding that rests on rows drawn at random is told where chance alone would have it at most once in a thousand such
looks; a look has five of these, so that a healthy model is called ill less than once in a hundred.
"""

from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any, final

from likely.doctor.finding import Finding

ALPHA = 1e-3  # how often chance may bring about one kind of finding


@final
@dataclass(frozen=True)
class Reading:
    """A number that was looked at, with its 95 % interval, whether or not anything is wrong with it."""

    name: str
    value: float
    low: float
    high: float
    of: str  # what it was taken on: "150 real and 512 generated rows"
    healthy: str  # what a healthy model has, in words

    def __str__(self) -> str:
        within = "" if self.low == self.high else f" [{_said(self.low)}, {_said(self.high)}]"
        return f"{_said(self.value)}{within}"


@final
@dataclass(frozen=True)
class Health:
    """Everything that one look has seen; looks add up."""

    findings: tuple[Finding, ...] = ()
    readings: tuple[Reading, ...] = ()
    left_out: tuple[str, ...] = ()  # what was not looked at, and why

    def __add__(self, other: "Health") -> "Health":
        return Health(
            self.findings + other.findings, self.readings + other.readings, self.left_out + other.left_out
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        readings = [{name: _finite(value) for name, value in asdict(each).items()} for each in self.readings]
        return {"findings": [asdict(each) for each in self.findings], "readings": readings,
                "left out": list(self.left_out)}  # fmt: skip


def readings_of(card: Any) -> tuple[Reading, ...]:
    """What a doctor read at the end of a training, as the card's measures keep it."""
    return tuple(_read(dict(each)) for each in card.measures.get("health", ()))


def _read(said: dict[str, Any]) -> Reading:
    """A reading, as JSON has it: there is no infinity there."""
    numbers = {name: inf if said[name] is None else float(said[name]) for name in ("value", "low", "high")}
    return Reading(said["name"], of=said["of"], healthy=said["healthy"], **numbers)


def _said(value: float) -> str:
    """Three digits; of large numbers all that stand before the point."""
    if not isfinite(value):
        return "∞" if value > 0 else "–"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
