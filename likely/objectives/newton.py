r"""Newton's method over passes: value, gradient and curvature of a convex function add up over chunks of rows.

    d = -H^-1 g,   x' = x + t d,   t = 1, halved until f(x') <= f(x) + t g'd / 10^4           (1)
    -g'd / 2: what is still to be gained, to second order                                     (2)
    -H^-1 g from the last steps s = x' - x and changes of gradient y, where H is too large    (3)

(3) is the limited-memory method of Liu & Nocedal (1989). A pass ends with `finish`, which moves the point that the next
pass is taken at, and says whether there has to be one.
"""

import math
from typing import final

import torch
from torch import Tensor, nn

LARGEST = 1000  # unknowns whose curvature is kept
MEMORY = 12  # steps that are remembered where it is not
GAIN, SLACK, SHORTEST = 1e-4, 1e-13, 1e-10


@final
class Newton(nn.Module):
    """The least value of a convex function of `size` unknowns, from sums over data."""

    point: Tensor  # where the sums are taken
    kept: Tensor  # the best point so far
    lowest: Tensor  # () its value
    direction: Tensor  # from it
    slope: Tensor  # () g'd there
    length: Tensor  # () t
    value: Tensor  # () the sums
    gradient: Tensor
    curvature: Tensor  # (size, size), or empty
    before: Tensor  # the gradient at the best point
    steps: Tensor  # (memory, size): s of (3)
    changes: Tensor  # (memory, size): y of (3)

    def __init__(self, size: int, *, tolerance: float = 1e-11) -> None:
        super().__init__()
        self.tolerance, self.whole = tolerance, size <= LARGEST
        for name in ("point", "kept", "direction", "gradient", "before"):
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))
        for name, value in (("lowest", math.inf), ("slope", 0.0), ("length", 1.0), ("value", 0.0)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))
        for name in ("curvature", "steps", "changes"):
            self.register_buffer(name, torch.zeros(0, size, dtype=torch.float64))

    def observe(self, value: Tensor, gradient: Tensor, curvature: Tensor | None) -> None:
        """Add a part of the function at `point`; the curvature where `whole`."""
        self.value = self.value + value
        self.gradient = self.gradient + gradient
        if curvature is not None:
            self.curvature = self.curvature + curvature if len(self.curvature) else curvature

    def finish(self, ridge: Tensor) -> bool:
        """Add `ridge` x^2 / 2 to the function and move; True where another pass is needed."""
        value = self.value + 0.5 * (ridge * self.point.square()).sum()
        gradient = self.gradient + ridge * self.point
        if not value <= self.lowest + GAIN * self.length * self.slope + SLACK * (1 + self.lowest.abs()):
            return self._moved(self.length / 4)
        if torch.isfinite(self.lowest) and not self.whole:
            self.steps = torch.cat([self.steps, (self.point - self.kept)[None]])[-MEMORY:]
            self.changes = torch.cat([self.changes, (gradient - self.before)[None]])[-MEMORY:]
        self.kept, self.lowest, self.before = self.point.clone(), value, gradient
        self.direction = -self._solved(gradient, ridge)
        self.slope = gradient @ self.direction
        if not self.slope < -self.tolerance * (1 + value.abs()):
            self.kept = self.kept + self.direction if self.whole else self.kept  # too little to be worth a pass
            return self._ended()
        first = 1.0 if self.whole or len(self.steps) else float(1 / gradient.norm().clamp(min=1.0))
        return self._moved(torch.full_like(self.length, first))

    def _moved(self, length: Tensor) -> bool:
        """The point that is this far along the direction, its sums empty."""
        if length < SHORTEST:
            return self._ended()
        self.length, self.point = length, self.kept + length * self.direction  # (1)
        self._emptied()
        return True

    def _ended(self) -> bool:
        """Nothing is kept but the point: more rows would start anew from there."""
        self.point, self.lowest = self.kept.clone(), torch.full_like(self.lowest, math.inf)
        self.steps, self.changes = self.steps[:0].clone(), self.changes[:0].clone()
        self.slope = torch.zeros_like(self.slope)
        self._emptied()
        return False

    def _emptied(self) -> None:
        self.value, self.gradient = torch.zeros_like(self.value), torch.zeros_like(self.gradient)
        self.curvature = self.curvature[:0].clone()

    def _solved(self, gradient: Tensor, ridge: Tensor) -> Tensor:
        """H^-1 g."""
        if not self.whole:
            return self._remembered(gradient)
        curvature = self.curvature + torch.diag(ridge)
        root, failed = torch.linalg.cholesky_ex(curvature)
        if failed:
            return torch.linalg.lstsq(curvature, gradient[:, None], driver="gelsd").solution[:, 0]
        return torch.cholesky_solve(gradient[:, None], root)[:, 0]

    def _remembered(self, gradient: Tensor) -> Tensor:
        """(3), by two loops over the last steps."""
        q, shares = gradient.clone(), []
        for s, y in zip(self.steps.flip(0), self.changes.flip(0), strict=True):
            shares.append((s @ q) / (s @ y))
            q = q - shares[-1] * y
        if len(self.steps):
            q = q * (self.steps[-1] @ self.changes[-1]) / self.changes[-1].square().sum()
        for s, y in zip(self.steps, self.changes, strict=True):
            q = q + s * (shares.pop() - (y @ q) / (s @ y))
        return q
