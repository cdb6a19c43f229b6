"""What is known of a cell short of its value: it lies between bounds, is one of some values, or is none of them.

In Python             in words, on a command line too

between(30, 40)       30..40            both ends in
at_least(30)          >=30              above(30) is >30, at_most and below likewise
among("a", "b")       a|b
isnot("a", "b")       !=a|b
one & other           >=30&<40          both hold

A bound may be any value of the column as a person writes it; a date may be as coarse as a year, and then means all of
it: above("2020") is from 2021 on. A value that happens to read like one of these words is that value.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

from likely.errors import FieldError


class Range(ABC):
    """What is known of one cell. It is not missing."""

    @abstractmethod
    def __str__(self) -> str:
        """In words that are read as it."""

    def __and__(self, other: "Range") -> "Both":
        return Both((self, other))


@final
@dataclass(frozen=True)
class Between(Range):
    """From one bound to another; None is no bound."""

    low: Any = None
    high: Any = None
    low_in: bool = True  # whether the bound itself is a value
    high_in: bool = True

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise FieldError("a range has no bound", expected="one at least, as in likely.between(30, None)")

    def __str__(self) -> str:
        if self.low is not None and self.high is not None and self.low_in and self.high_in:
            return f"{self.low}..{self.high}"
        lower = "" if self.low is None else f">{'=' * self.low_in}{self.low}"
        upper = "" if self.high is None else f"<{'=' * self.high_in}{self.high}"
        return "&".join(each for each in (lower, upper) if each)


@final
@dataclass(frozen=True)
class Among(Range):
    """One of these values."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        _some(self.values)

    def __str__(self) -> str:
        return "|".join(map(str, self.values))


@final
@dataclass(frozen=True)
class Except(Range):
    """None of these values."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        _some(self.values)

    def __str__(self) -> str:
        return "!=" + "|".join(map(str, self.values))


@final
@dataclass(frozen=True)
class Both(Range):
    """All of these hold."""

    parts: tuple[Range, ...]

    def __str__(self) -> str:
        return "&".join(map(str, self.parts))


def _some(values: tuple[Any, ...]) -> None:
    if not values:
        raise FieldError("a set of values is empty", expected="at least one value")


def between(low: Any, high: Any) -> Range:
    """From low to high, both in; None is no bound."""
    return Between(low, high)


def at_least(low: Any) -> Range:
    """From here on, the bound itself in."""
    return Between(low=low)


def at_most(high: Any) -> Range:
    """Up to here, the bound itself in."""
    return Between(high=high)


def above(low: Any) -> Range:
    """More than this."""
    return Between(low=low, low_in=False)


def below(high: Any) -> Range:
    """Less than this."""
    return Between(high=high, high_in=False)


def among(*values: Any) -> Range:
    """One of these values."""
    return Among(values)


def isnot(*values: Any) -> Range:
    """None of these values, and not missing."""
    return Except(values)


def read_range(text: str) -> Range | None:
    """The range that words say; None where they say none."""
    parts = [_read_one(part.strip()) for part in text.split("&")]
    told = [part for part in parts if part is not None]
    if len(told) < len(parts):
        return _read_one(text.strip())
    return told[0] if len(told) == 1 else Both(tuple(told))


def _read_one(text: str) -> Range | None:
    if text.startswith("!="):
        return Except(_values(text[2:]))
    for sign, side in ((">", "low"), ("<", "high")):
        if text.startswith(sign):
            closed = text[1:2] == "="
            bound = text[1 + closed :].strip()
            return Between(**{side: bound, f"{side}_in": closed}) if bound else None
    if ".." in text:
        low, _, high = (part.strip() or None for part in text.partition(".."))
        return None if low is None and high is None else Between(low, high)
    return Among(_values(text)) if "|" in text else None


def _values(text: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in text.split("|"))
