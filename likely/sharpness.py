"""How much draws lean to the likeliest."""

import math
from dataclasses import dataclass

from likely.errors import FieldError


@dataclass(frozen=True)
class Sharpness:
    """How much draws lean to the likeliest: it changes samples, never a score."""

    temperature: float = 1.0  # below 1: nearer to the likeliest; above: wilder
    top_k: int | None = None  # of every choice, the k likeliest alone
    top_p: float = 1.0  # of every choice, the fewest likeliest that hold this much mass

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise FieldError(f"a temperature of {self.temperature}", expected="above 0; 1 draws from the model itself",
                             remedy="top_k of 1 takes the likeliest choice each time")  # fmt: skip
        if self.top_k is not None and self.top_k < 1:
            raise FieldError(f"the {self.top_k} likeliest", expected="at least 1", remedy="leave top_k out for all")
        if not 0 < self.top_p <= 1:
            raise FieldError(f"a top_p of {self.top_p}", expected="above 0, at most 1")
