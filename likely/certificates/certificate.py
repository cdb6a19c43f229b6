"""What was checked of a fitted model on some rows, and how each check went: plain values that a card can carry."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

from likely.codecs.parts import Part

Outcome = Literal["passed", "failed", "not applicable"]
OUTCOMES: dict[str, Outcome] = {"passed": "passed", "failed": "failed", "not applicable": "not applicable"}
MOST = 128  # columns of a dependence matrix


class Beside(Exception):
    """A check says nothing about this model; the message says why."""


@final
@dataclass(frozen=True)
class Dependence:
    """How much each column's law, row by row, depends on each column and on each given column."""

    names: tuple[str, ...]
    given: tuple[str, ...]
    strength: tuple[tuple[float, ...], ...]  # (names, names + given); on the diagonal a column's own weight
    unit: str


@final
@dataclass(frozen=True)
class Seen:
    """What a check saw: a number that should not exceed its tolerance, and the same in words."""

    value: float
    tolerance: float
    said: str
    drawn: Dependence | None = None

    @property
    def passed(self) -> bool:
        return self.value <= self.tolerance  # NaN does not


@final
@dataclass(frozen=True)
class Certificate:
    """One check."""

    name: str
    outcome: Outcome
    said: str  # what was seen, or why nothing was checked
    value: float | None = None  # none where nothing was checked, or where it is not finite
    tolerance: float | None = None
    seconds: float = 0.0
    remedy: str = ""  # what to do where it failed


@final
@dataclass(frozen=True)
class Certificates:
    """Every check of one model."""

    checks: tuple[Certificate, ...]
    rows: int  # that were checked
    held_out: bool  # the model did not learn from them
    seconds: float
    cap: float  # seconds it was allowed
    dependence: Dependence | None = None

    @property
    def findings(self) -> tuple[str, ...]:
        """What failed, in words that a person can act on."""
        failed = [check for check in self.checks if check.outcome == "failed"]
        return tuple(f"{check.name}: {check.said}. Try: {check.remedy}" for check in failed)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        told = asdict(self)
        told["checks"] = [asdict(check) for check in self.checks]
        if self.dependence is not None:
            told["dependence"] |= {
                "names": list(self.dependence.names),
                "given": list(self.dependence.given),
                "strength": [list(row) for row in self.dependence.strength],
            }
        return told

    @classmethod
    def from_json(cls, said: Any) -> "Certificates":
        """What `to_json` wrote; anything else is refused."""
        part = Part(said, "certificates").only("checks", "rows", "held_out", "seconds", "cap", "dependence")
        drawn = None if part.value["dependence"] is None else _dependence(part.part("dependence"))
        checks = tuple(_check(one) for one in part.list_of_parts("checks"))
        seconds, cap = part.number("seconds"), part.number("cap")
        return cls(checks, part.integer("rows", 0, 2**53), part.flag("held_out"), seconds, cap, drawn)


def _check(part: Part) -> Certificate:
    part.only("name", "outcome", "said", "value", "tolerance", "seconds", "remedy")
    name, outcome, said = part.text("name"), part.choice("outcome", OUTCOMES), part.text("said")
    value, tolerance = part.optional("value"), part.optional("tolerance")
    return Certificate(name, outcome, said, value, tolerance, part.number("seconds"), part.text("remedy"))


def _dependence(part: Part) -> Dependence:
    part.only("names", "given", "strength", "unit")
    names, given = part.texts("names"), part.texts("given")
    rows = [Part({"row": row}, f"{part.place}.strength").numbers("row") for row in part.items("strength")]
    square = len(rows) == len(names) and all(len(row) == len(names) + len(given) for row in rows)
    if not square or len(names) > MOST:
        part.refuse("strength", "a row for each name")
    return Dependence(names, given, tuple(rows), part.text("unit"))


def finite(value: float) -> float | None:
    """A number that JSON can hold, or none."""
    return value if math.isfinite(value) else None


def told(items: Sequence[str], most: int = 3) -> str:
    """A few names in words."""
    listed = [f"'{item}'" for item in items[:most]]
    return ", ".join(listed) + (f" and {len(items) - most} more" if len(items) > most else "")
