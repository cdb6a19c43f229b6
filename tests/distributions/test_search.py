"""The top of a curve from few of its values."""

import math
from collections.abc import Callable

import pytest

from likely.distributions.search import climb, vertex

GRID = [2.0**power for power in range(-5, 6)]


def hill(top: float) -> Callable[[float], float]:
    return lambda x: -((math.log(x) - math.log(top)) ** 2)


@pytest.mark.parametrize("start", [GRID[0], 1.0, 3.3, GRID[-1]])
@pytest.mark.parametrize(("top", "nearest"), [(4.4, 4.0), (1e-9, GRID[0]), (1e9, GRID[-1])])
def test_a_climb_ends_on_the_hill_wherever_it_starts(start: float, top: float, nearest: float) -> None:
    assert climb(hill(top), GRID, start) == nearest


def test_a_climb_stays_on_a_plateau() -> None:
    assert climb(lambda x: 1.0, GRID, 4.0) == 4.0
    assert climb(lambda x: -math.inf, GRID, 4.0) == 4.0


def test_a_climb_looks_at_few_places() -> None:
    seen: set[float] = set()
    climb(lambda x: (seen.add(x), hill(4.4)(x))[1], GRID, 4.0)
    assert seen == {2.0, 4.0, 8.0}


def test_the_parabola_of_a_parabola_is_exact() -> None:
    assert vertex(hill(4.4), GRID, 4.0) == pytest.approx(4.4)
    assert vertex(hill(3.6), GRID, 4.0) == pytest.approx(3.6)


def test_at_an_edge_or_beside_infinities_the_point_stays() -> None:
    assert vertex(hill(1e9), GRID, GRID[-1]) == GRID[-1]
    assert vertex(lambda x: -math.inf if x < 4 else -x, GRID, 4.0) == 4.0
    assert vertex(lambda x: 1.0, GRID, 4.0) == 4.0


def test_a_top_that_the_curve_does_not_bear_out_is_not_taken() -> None:
    assert vertex(lambda x: hill(4.4)(x) if x in GRID else -1e3, GRID, 4.0) == 4.0
