r"""How a record becomes rows: windows of so many moments, side by side or overlapping, of levels or of changes.

    changes   u_t = v_t - v_{t-1}                    log|du/dv| = 0                                               (1)
    growth    u_t = log v_t - log v_{t-1}            log|du/dv| = - sum_t log v_t                                 (2)

v_0 is the moment before the window: a density of u, with its log-determinant, is one of v_1 .. v_T given v_0. Prices
and rates, which wander, are alike in their changes and not in their levels; what keeps to a level wants levels. Where
calm times and stormy ones follow each other, changes are alike over the spread of those before (`codecs.volatility`):
a window is then told given as many moments more.
Windows that overlap show each moment at every place of a window, so that a forecast may begin anywhere; those on either
side of a cut between training and validation then share the moments about the cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

import numpy as np

from likely.errors import FieldError, WrongRows
from likely.suggestion import shown

Array = np.ndarray[Any, Any]


class Relative(Enum):
    """What the moments of a window are told as."""

    NOT = "levels"
    CHANGES = "changes"
    GROWTH = "growth"

    @classmethod
    def named(cls, name: "str | Relative") -> "Relative":
        """The one of this name."""
        try:
            return cls(name)
        except ValueError:
            raise FieldError(
                f"moments cannot be told as {name!r}", expected=shown(each.value for each in cls)
            ) from None

    def told(self, values: Array, before: Array) -> Array:
        """Levels (N, T, D) as this, given the K moments before (N, K, D); of changes K - 1 more, those before."""
        path = np.concatenate([before, values], 1)
        match self:
            case Relative.NOT:
                return values
            case Relative.CHANGES:
                return np.diff(path, axis=1)  # (1)
            case Relative.GROWTH:
                if (path <= 0).any():
                    raise WrongRows("values of 0 or below have no growth", expected="positive values in every channel",
                                    remedy="tell them as changes (--relative changes)")  # fmt: skip
                return np.diff(np.log(path), axis=1)  # (2)

    def levels(self, told: Array, before: Array) -> Array:
        """The levels again."""
        match self:
            case Relative.NOT:
                return told
            case Relative.CHANGES:
                return before[:, -1:] + np.cumsum(told, 1)  # (1)
            case Relative.GROWTH:
                return before[:, -1:] * np.exp(np.cumsum(told, 1))  # (2)

    def log_det(self, values: Array) -> Array:
        """log|du/dv| of levels (N, T, D): (N,)."""
        return -np.log(values).sum((1, 2)) if self is Relative.GROWTH else np.zeros(len(values))  # (2)


@final
@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of a record."""

    length: int  # moments in each
    stride: int | None = None  # moments from one to the next; none: a whole length, so that no two overlap
    relative: Relative = Relative.NOT  # CHANGES or GROWTH: told by what changed since the moment before
    volatility: int = 0  # so many changes before each say how wide it is thought to be: calm and stormy times are alike

    def __post_init__(self) -> None:
        if self.length < 1:
            raise WrongRows(f"a window of {self.length} moments", expected="at least 1")
        if self.stride is not None and self.stride < 1:
            raise WrongRows(
                f"a stride of {self.stride} moments", expected="at least 1, which is a window at each moment"
            )
        if self.volatility < 0 or (self.volatility and self.relative is Relative.NOT):
            raise WrongRows(f"a volatility of {self.volatility} changes, where {self.relative.value} are told",
                            expected="at least 1, beside changes or growth (--relative growth)")  # fmt: skip

    @classmethod
    def of(cls, said: "Window") -> "Windows":
        """From a length alone, or from what `to_json` gave."""
        if isinstance(said, Windows):
            return said
        if not isinstance(said, Mapping):
            return cls(length=said)
        if set(said) - {"length", "stride", "relative", "volatility"} or not isinstance(said.get("length"), int):
            raise FieldError(
                f"{dict(said)} are no windows", expected="length, and maybe stride, relative and volatility"
            )
        relative = Relative.named(said.get("relative", "levels"))
        return cls(
            length=said["length"], stride=said.get("stride"), relative=relative, volatility=said.get("volatility", 0)
        )

    @property
    def plain(self) -> bool:
        """Side by side, and of levels."""
        return self == Windows(length=self.length)

    def to_json(self) -> int | dict[str, Any]:
        """A length where that says it all."""
        told = {"length": self.length, "stride": self.stride, "relative": self.relative.value}
        return self.length if self.plain else told | ({"volatility": self.volatility} if self.volatility else {})

    @property
    def lead(self) -> int:
        """Moments before a window that it is told given."""
        return 0 if self.relative is Relative.NOT else 1 + self.volatility

    def starts(self, moments: int) -> Array:
        """Where each begins in a record of so many moments; changes need those before."""
        return np.arange(self.lead, moments - self.length + 1, self.stride or self.length)


Window = int | Windows | Mapping[str, Any]
