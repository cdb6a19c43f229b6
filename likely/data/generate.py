r"""Generated tables of points in the plane, and on surfaces in space, whose density is known.

Curves with noise, x = curve(t) + noise * e with t uniform on the pieces and e ~ N(0, I), have

    p(x) = 1/K sum_k int_0^1 N(x; curve_k(t), noise^2 I) dt                                    (1)

computed by Gauss-Legendre quadrature, which is exact to 1e-10 here; for a whole circle of radius R it is, with r = |x|,

    p(x) = N(r; R, noise^2) e^{-a} I_0(a) / sqrt(2 pi) / noise,   a = r R / noise^2            (2)

A surface is a curve drawn out to a height: x = f(tau) + noise * e with f(t, h) = (curve(t), height h) and tau uniform
on the unit square. Along the height the integral is one of a normal,

    p(x) = p(x across) / height int_0^height N(x along; y, noise^2) dy                         (3)

The functions are deterministic in (n, seed).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.data.rows import Table
from likely.data.schema import ColumnSchema, Schema

Array = np.ndarray[Any, Any]
Curve = Callable[[Array], Array]  # t in [0, 1] -> points (..., 2)
LOG_2PI = float(np.log(2 * np.pi))


class Plane(ABC):
    """A density over points in the plane."""

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """n points (n, 2)."""

    @abstractmethod
    def log_prob(self, points: Array) -> Array:
        """The true log-density, in nats."""

    def entropy(self, n: int = 100_000, seed: int = 0) -> float:
        """-E log p, over n fresh draws."""
        return float(-self.log_prob(self.draw(n, np.random.default_rng(seed))).mean())


class Curves(Plane):
    """Curves with noise, each drawn from as often as the others."""

    noise: float
    nodes: int = 256  # of the quadrature: the spacing must be well below the noise

    @abstractmethod
    def pieces(self) -> tuple[Curve, ...]:
        """The curves, each over t in [0, 1]."""

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        piece, t = rng.integers(len(self.pieces()), size=n), rng.uniform(size=n)
        points = np.stack([curve(t) for curve in self.pieces()])[piece, np.arange(n)]
        return points + self.noise * rng.normal(size=(n, 2))

    def log_prob(self, points: Array) -> Array:
        at, weight = np.polynomial.legendre.leggauss(self.nodes)
        centres = np.concatenate([curve((at + 1) / 2) for curve in self.pieces()])
        log_weight = np.tile(np.log(weight / 2), len(self.pieces())) - np.log(len(self.pieces()))
        return _mixture_log_prob(points, centres, log_weight, self.noise)  # (1)


@final
@dataclass(frozen=True)
class Moons(Curves):
    """Two half circles that reach into each other."""

    noise: float = 0.1

    def pieces(self) -> tuple[Curve, ...]:
        return (
            lambda t: np.stack([np.cos(np.pi * t), np.sin(np.pi * t)], -1),
            lambda t: np.stack([1 - np.cos(np.pi * t), 0.5 - np.sin(np.pi * t)], -1),
        )


@final
@dataclass(frozen=True)
class Spirals(Curves):
    """Two arms of a spiral, of three quarters of a turn and more."""

    noise: float = 0.1
    turns: float = 1.5
    nodes: int = 512

    def pieces(self) -> tuple[Curve, ...]:
        return self._arm(1.0), self._arm(-1.0)

    def _arm(self, sign: float) -> Curve:
        def curve(t: Array) -> Array:
            radius = np.sqrt(t)  # about as many points on each stretch of the arm
            angle = 2 * np.pi * self.turns * radius
            return sign * 3 * radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)

        return curve

    def log_prob(self, points: Array) -> Array:
        at, weight = np.polynomial.legendre.leggauss(self.nodes)
        radius = (at + 1) / 2  # t = radius^2, dt = 2 radius d radius: smooth at the centre
        centres = np.concatenate([curve(radius**2) for curve in self.pieces()])
        return _mixture_log_prob(points, centres, np.tile(np.log(weight * radius / 2), 2), self.noise)  # (1)


@final
@dataclass(frozen=True)
class Rings(Plane):
    """Circles around one centre, each with as many points as the others."""

    noise: float = 0.08
    radii: tuple[float, ...] = (1.0, 2.0, 3.0)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        radius, angle = rng.choice(np.array(self.radii), size=n), rng.uniform(0, 2 * np.pi, size=n)
        circle = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
        return circle + self.noise * rng.normal(size=(n, 2))

    def log_prob(self, points: Array) -> Array:
        from scipy.special import i0e

        r, big = np.hypot(points[:, 0], points[:, 1])[:, None], np.array(self.radii)
        squares = -0.5 * ((r - big) / self.noise) ** 2 - LOG_2PI - 2 * np.log(self.noise)
        return _log_mean_exp(squares + np.log(i0e(r * big / self.noise**2)))  # (2)


@final
@dataclass(frozen=True)
class Checkerboard(Plane):
    """Uniform on the dark squares of a board."""

    squares: int = 4  # on a side, even
    half: float = 4.0  # the board spans [-half, half] both ways

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        row = rng.integers(self.squares, size=n)
        column = 2 * rng.integers(self.squares // 2, size=n) + row % 2
        within = rng.uniform(size=(n, 2))
        return (np.stack([column, row], -1) + within) * (2 * self.half / self.squares) - self.half

    def log_prob(self, points: Array) -> Array:
        cell = np.floor((points + self.half) * (self.squares / (2 * self.half)))
        inside = ((cell >= 0) & (cell < self.squares)).all(1) & (cell.sum(1) % 2 == 0)
        return np.where(inside, -np.log((2 * self.half) ** 2 / 2), -np.inf)


class Clusters(Plane):
    """Equal Gaussians around centres, equally likely."""

    noise: float

    @property
    @abstractmethod
    def centres(self) -> Array:
        """(K, 2)."""

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        centres = self.centres
        return centres[rng.integers(len(centres), size=n)] + self.noise * rng.normal(size=(n, 2))

    def log_prob(self, points: Array) -> Array:
        centres = self.centres
        return _mixture_log_prob(points, centres, np.full(len(centres), -np.log(len(centres))), self.noise)


@final
@dataclass(frozen=True)
class Grid(Clusters):
    """Gaussians on a square grid."""

    side: int = 5
    step: float = 2.0
    noise: float = 0.1

    @property
    def centres(self) -> Array:
        at = self.step * (np.arange(self.side) - (self.side - 1) / 2)
        return np.stack(np.meshgrid(at, at), -1).reshape(-1, 2)


@final
@dataclass(frozen=True)
class Ring(Clusters):
    """Gaussians on a circle."""

    modes: int = 8
    radius: float = 3.0
    noise: float = 0.1

    @property
    def centres(self) -> Array:
        angle = 2 * np.pi * np.arange(self.modes) / self.modes
        return self.radius * np.stack([np.cos(angle), np.sin(angle)], -1)


# Surfaces in space ---------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class SwissRoll(Curves):
    """An arm of a spiral of one turn and a half, as evenly drawn from in its angle as a Swiss roll is."""

    noise: float = 0.3
    nodes: int = 768

    def pieces(self) -> tuple[Curve, ...]:
        def curve(t: Array) -> Array:
            angle = 1.5 * np.pi * (1 + 2 * t)
            return angle[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)

        return (curve,)


@final
@dataclass(frozen=True)
class SCurve(Curves):
    """Two three-quarter circles, one turned over: the letter S."""

    noise: float = 0.05
    nodes: int = 256

    def pieces(self) -> tuple[Curve, ...]:
        return (
            lambda t: np.stack([np.sin(1.5 * np.pi * (t - 1)), 1 - np.cos(1.5 * np.pi * (t - 1))], -1),
            lambda t: np.stack([np.sin(1.5 * np.pi * t), np.cos(1.5 * np.pi * t) - 1], -1),
        )


@final
@dataclass(frozen=True)
class Surface:
    """f(t, h): a curve, its pieces one after the other, in the first and the last axis; drawn out along the middle."""

    curve: Curves
    height: float

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n points (n, 3) and the places tau (n, 2) on the unit square that they come from."""
        tau = rng.uniform(size=(n, 2))
        return self.at(tau) + self.curve.noise * rng.normal(size=(n, 3)), tau

    def at(self, tau: Array) -> Array:
        """f(tau), without noise."""
        curves = self.curve.pieces()
        along = tau[:, 0] * len(curves)
        piece = np.minimum(along.astype(int), len(curves) - 1)
        points = np.stack([curve(along - piece) for curve in curves])[piece, np.arange(len(tau))]
        return np.insert(points, 1, self.height * tau[:, 1], axis=1)

    def log_prob(self, points: Array) -> Array:
        """The true log-density, in nats."""
        from scipy.special import log_ndtr

        near = np.minimum(points[:, 1], self.height - points[:, 1])  # the nearer end: differences stay exact
        inside, beyond = (log_ndtr(end / self.curve.noise) for end in (near, near - self.height))
        along = inside + np.log1p(-np.exp(beyond - inside)) - np.log(self.height)
        return self.curve.log_prob(points[:, [0, 2]]) + along  # (3)


SURFACES: dict[str, Surface] = {"swiss-roll": Surface(SwissRoll(), 21.0), "s-curve": Surface(SCurve(), 2.0)}
PLANES: dict[str, Plane] = {
    "moons": Moons(),
    "rings": Rings(),
    "spirals": Spirals(),
    "checkerboard": Checkerboard(),
    "gaussians-8": Ring(),
    "gaussians-25": Grid(),
}


def true_log_prob(name: str, points: Array) -> Array:
    """The true log-density of a generated set at points (N, 2), of a surface at points (N, 3), in nats."""
    known: dict[str, Plane | Surface] = {**PLANES, **SURFACES}
    return known[name].log_prob(np.asarray(points, dtype=float))


def true_places(name: str, n: int = 10_000, seed: int = 0) -> Array:
    """Where on its surface each row of a generated set comes from: tau (n, 2), uniform on the unit square."""
    return SURFACES[name].draw(n, np.random.default_rng(seed))[1]


def moons(n: int = 10_000, seed: int = 0) -> Table:
    """Points on two half circles that reach into each other; the density is known."""
    return _points("moons", n, seed)


def rings(n: int = 10_000, seed: int = 0) -> Table:
    """Points on three circles around one centre; the density is known."""
    return _points("rings", n, seed)


def spirals(n: int = 10_000, seed: int = 0) -> Table:
    """Points on the two arms of a spiral; the density is known."""
    return _points("spirals", n, seed)


def checkerboard(n: int = 10_000, seed: int = 0) -> Table:
    """Points spread evenly on the dark squares of a board; the density is known."""
    return _points("checkerboard", n, seed)


def gaussians_8(n: int = 10_000, seed: int = 0) -> Table:
    """Eight narrow Gaussians on a circle; the density is known."""
    return _points("gaussians-8", n, seed)


def gaussians_25(n: int = 10_000, seed: int = 0) -> Table:
    """Twenty-five narrow Gaussians on a grid; the density is known."""
    return _points("gaussians-25", n, seed)


def swiss_roll(n: int = 10_000, seed: int = 0) -> Table:
    """Points near a plane that is rolled up in space; where each lies on the plane, and the density, are known."""
    return _table(SURFACES["swiss-roll"].draw(n, np.random.default_rng(seed))[0])


def s_curve(n: int = 10_000, seed: int = 0) -> Table:
    """Points near a plane bent to an S in space; where each lies on the plane, and the density, are known."""
    return _table(SURFACES["s-curve"].draw(n, np.random.default_rng(seed))[0])


def _points(name: str, n: int, seed: int) -> Table:
    return _table(PLANES[name].draw(n, np.random.default_rng(seed)))


def _table(points: Array) -> Table:
    axes = ["x", "y", "z"][: points.shape[1]]
    columns = tuple(ColumnSchema(axis, "real", "float64", why="a generated coordinate") for axis in axes)
    return Table(pd.DataFrame(points, columns=pd.Index(axes)), Schema(columns))


def _mixture_log_prob(points: Array, centres: Array, log_weight: Array, noise: float) -> Array:
    """log sum_k w_k N(x; centre_k, noise^2 I), a thousand points at a time."""
    parts = [_block(block, centres, log_weight, noise) for block in np.array_split(points, max(1, len(points) // 1000))]
    return np.concatenate(parts)


def _block(points: Array, centres: Array, log_weight: Array, noise: float) -> Array:
    squares = (points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)
    terms = log_weight - LOG_2PI - 2 * np.log(noise) - squares / (2 * noise**2)
    top = terms.max(1)
    return top + np.log(np.exp(np.maximum(terms - top[:, None], -80)).sum(1))  # exp is slow far below -87


def _log_mean_exp(terms: Array) -> Array:
    top = terms.max(1)
    return top + np.log(np.exp(terms - top[:, None]).mean(1))
