"""How long to train: a number of rounds, or a stretch of wall-clock."""

import math
import re
from dataclasses import dataclass
from typing import final

from likely.errors import FieldError

UNIT = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
PART = re.compile(r"(\d+(?:\.\d+)?)\s*(sec|s|min|m|h|d)\s*")
COUNT = re.compile(r"(\d+)\s*(?:steps?)?")
REMEDY = 'a time such as "30s", "5m" or "1h30m", or a number of steps such as 2000 or "2000 steps"'


@final
@dataclass(frozen=True)
class Budget:
    """Steps or seconds; neither: the default number of steps for so many rows.

    A step is one round of turns of a `Trained` model, or one pass over the data of a `Counted` one.
    """

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.seconds is not None:
            raise FieldError("a budget of both steps and seconds", expected="one of the two", remedy=REMEDY)
        for value in (self.steps, self.seconds):
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise FieldError(f"a budget of {value}", expected="more than nothing, and an end", remedy=REMEDY)

    @classmethod
    def parse(cls, text: "str | int | Budget | None") -> "Budget":
        """What a person writes: "5m", "30s", "1h30m", "2000 steps", 2000, or None for the default."""
        match text:
            case Budget():
                return text
            case None:
                return cls()
            case bool():
                raise FieldError(f"cannot read the budget {text}", remedy=REMEDY)
            case int():
                return cls(steps=text)
            case str():
                return cls._read(text.strip().lower())
        raise FieldError(f"cannot read the budget {text!r}", remedy=REMEDY)

    @classmethod
    def _read(cls, text: str) -> "Budget":
        if COUNT.fullmatch(text):
            return cls(steps=int(text.removesuffix("s").removesuffix("step")))
        parts = PART.findall(text)
        if not parts or PART.sub("", text):
            raise FieldError(f"cannot read the budget {text!r}", expected=REMEDY)
        return cls(seconds=sum(float(amount) * UNIT[unit] for amount, unit in parts))

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"{self.seconds:g}s"
        return "the default" if self.steps is None else f"{self.steps} steps"


def default_batch(rows: int, cells: int) -> int:
    """Rows of a step: about a twentieth of the data, fewer where a row is large."""
    largest = 512 if cells <= 64 else 256 if cells <= 1024 else 128 if cells <= 4096 else 32
    return min(rows, max(32, min(largest, 2 ** round(math.log2(max(1, rows / 20))))))


def default_steps(rows: int, batch: int) -> int:
    """Thirty epochs, but neither too few for a small table nor too many for a large one."""
    return max(1500, min(20_000, 30 * rows // batch))
