"""Where a function of one number is largest, from few values of it: a start, a climb along a grid, a parabola."""

import math
from collections.abc import Callable, Sequence

Curve = Callable[[float], float]


def climb(curve: Curve, grid: Sequence[float], start: float) -> float:
    """The point of the rising grid, uphill from `start`, that neither neighbour exceeds."""
    place = min(range(len(grid)), key=lambda i: abs(grid[i] - start))
    while True:
        around = range(max(place - 1, 0), min(place + 2, len(grid)))
        best = max(around, key=lambda i: (curve(grid[i]), i == place))  # a plateau is no hill
        if best == place:
            return grid[place]
        place = best


def vertex(curve: Curve, grid: Sequence[float], at: float) -> float:
    """The top of the parabola in log x through a point of the grid and its neighbours, where the curve agrees."""
    place = min(range(len(grid)), key=lambda i: abs(grid[i] - at))
    if not 0 < place < len(grid) - 1:
        return at
    before, here, after = (curve(grid[i]) for i in (place - 1, place, place + 1))
    bend = before - 2 * here + after
    if not (math.isfinite(bend) and bend < 0):
        return at
    offset = 0.5 * (before - after) / bend  # in steps of the grid, which is even in log x
    top = at * (grid[place + 1] / grid[place]) ** offset
    return max((at, top), key=curve)
