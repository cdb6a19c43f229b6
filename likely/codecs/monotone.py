r"""Increasing maps of the line, z = f(v), each with its inverse and log f'(v). All in float64, all onto the whole line.

    Affine       z = (v - shift) / scale                                                             (1)
    Logarithm    z = (log(v / knee) - shift) / scale, and below the knee its tangent                  (2)
    Spline       rational quadratic between knots, straight beyond them                               (3)

Every map is once continuously differentiable with f' > 0, so that a density in v has no holes and no value is refused.

Piecewise Rational Quadratic Interpolation to Monotonic Data (Gregory & Delbourgo, 1982)
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from likely.codecs.parts import Part

Numbers = NDArray[np.float64]


class Monotone(ABC):
    """An increasing map of the line onto itself."""

    @abstractmethod
    def forward(self, v: Numbers) -> tuple[Numbers, Numbers]:
        """(z, log dz/dv)."""

    @abstractmethod
    def inverse(self, z: Numbers) -> Numbers:
        """The v with f(v) = z."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """The map as plain JSON values."""


@final
@dataclass(frozen=True)
class Affine(Monotone):
    """(1)"""

    shift: float = 0.0
    scale: float = 1.0

    def forward(self, v: Numbers) -> tuple[Numbers, Numbers]:
        return (v - self.shift) / self.scale, np.full(v.shape, -np.log(self.scale))

    def inverse(self, z: Numbers) -> Numbers:
        return z * self.scale + self.shift

    def parts(self) -> dict[str, Any]:
        return {"is": "Affine", "shift": self.shift, "scale": self.scale}


@final
@dataclass(frozen=True)
class Logarithm(Monotone):
    """(2)"""

    knee: float
    shift: float
    scale: float

    def forward(self, v: Numbers) -> tuple[Numbers, Numbers]:
        ratio = v / self.knee
        log_ratio = np.log(np.maximum(ratio, 1.0))
        level = np.where(ratio < 1, ratio - 1, log_ratio)
        return (level - self.shift) / self.scale, -log_ratio - np.log(self.knee) - np.log(self.scale)

    def inverse(self, z: Numbers) -> Numbers:
        level = z * self.scale + self.shift
        return self.knee * np.where(level < 0, level + 1, np.exp(np.clip(level, 0.0, 690.0)))

    def parts(self) -> dict[str, Any]:
        return {"is": "Logarithm", "knee": self.knee, "shift": self.shift, "scale": self.scale}


@final
@dataclass(frozen=True)
class Spline(Monotone):
    """(3): through (x, z), with the geometric mean of the two secants as the slope at each inner knot."""

    x: tuple[float, ...]
    z: tuple[float, ...]

    def __post_init__(self) -> None:
        x, z = np.array(self.x), np.array(self.z)
        secants = np.diff(z) / np.diff(x)
        logs = np.log(secants)
        inner = np.exp((logs[1:] + logs[:-1]) / 2)
        slopes = np.concatenate([secants[:1], inner, secants[-1:]])
        object.__setattr__(self, "_knots", (x, z, secants, slopes))

    def forward(self, v: Numbers) -> tuple[Numbers, Numbers]:
        x, z, secants, slopes = self._of()
        k = np.clip(np.searchsorted(x, v, side="right") - 1, 0, len(x) - 2)
        t = np.clip((v - x[k]) / (x[k + 1] - x[k]), 0.0, 1.0)
        s, left, right = secants[k], slopes[k], slopes[k + 1]
        bend = s + (left + right - 2 * s) * t * (1 - t)
        inside = z[k] + (z[k + 1] - z[k]) * (s * t * t + left * t * (1 - t)) / bend
        slope = s * s * (right * t * t + 2 * s * t * (1 - t) + left * (1 - t) ** 2) / (bend * bend)
        return inside + np.minimum(v - x[0], 0) * slopes[0] + np.maximum(v - x[-1], 0) * slopes[-1], np.log(slope)

    def inverse(self, z: Numbers) -> Numbers:
        xs, zs, secants, slopes = self._of()
        k = np.clip(np.searchsorted(zs, z, side="right") - 1, 0, len(zs) - 2)
        rise = zs[k + 1] - zs[k]
        part = np.clip((z - zs[k]) / rise, 0.0, 1.0)
        s, left, right = secants[k], slopes[k], slopes[k + 1]
        bend = left + right - 2 * s
        a, b, c = (s - left) + part * bend, left - part * bend, -s * part  # a t^2 + b t + c = 0, all over the rise
        t = 2 * c / (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))  # the stable root
        inside = xs[k] + (xs[k + 1] - xs[k]) * t
        return inside + np.minimum(z - zs[0], 0) / slopes[0] + np.maximum(z - zs[-1], 0) / slopes[-1]

    def parts(self) -> dict[str, Any]:
        return {"is": "Spline", "x": list(self.x), "z": list(self.z)}

    def _of(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        return self._knots  # type: ignore[attr-defined]


def monotone_from(part: Part) -> Monotone:
    """The map that a part describes."""
    return part.choice("is", {"Affine": _affine, "Logarithm": _logarithm, "Spline": _spline})(part)


def _positive(part: Part, key: str) -> float:
    value = part.number(key)
    return value if value > 0 else part.refuse(key, "a number above 0")


def _affine(part: Part) -> Monotone:
    part.only("is", "shift", "scale")
    return Affine(part.number("shift"), _positive(part, "scale"))


def _logarithm(part: Part) -> Monotone:
    part.only("is", "knee", "shift", "scale")
    return Logarithm(_positive(part, "knee"), part.number("shift"), _positive(part, "scale"))


def _spline(part: Part) -> Monotone:
    part.only("is", "x", "z")
    x, z = part.numbers("x"), part.numbers("z")
    if len(x) != len(z) or len(x) < 2 or min(*np.diff(x), *np.diff(z)) <= 0:
        part.refuse("", "two lists of rising numbers, of one length")
    return Spline(x, z)
