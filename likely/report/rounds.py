"""The race as a picture: who was given how much, round after round, what it showed, and why it went no further."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log10

from markupsafe import Markup

from likely.apps.comparison import Round
from likely.apps.told import duration
from likely.report.drawing import box, dots, line, path, shortened, signed, svg, text

LEFT, RIGHT, LANE, TOP = 96.0, 346.0, 17.0, 8.0  # of the lanes: where they begin and end, their height
WIDTH, BESIDE = 360.0, 16  # of the drawing; letters of a name
FAR, DOWN, FOOT = 262.0, 204.0, 28.0  # of the curves: their right end and height, and what the axis takes
COLOURS = 8
DISTANCE = "distance"  # of draws from validation rows, for models without a likelihood
NAMED = 8  # curves with a colour and a name of their own: those that end best


@dataclass(frozen=True)
class Lane:
    """One contender's race."""

    name: str
    rounds: tuple[Round, ...]

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.rounds)

    @property
    def last(self) -> Round:
        return self.rounds[-1]

    @property
    def ends(self) -> list[float]:
        """The seconds it had had at the end of each round."""
        return [sum(each.seconds for each in self.rounds[: at + 1]) for at in range(len(self.rounds))]


def lanes(rounds: Sequence[Round]) -> list[Lane]:
    """Each contender's rounds, those who went farthest first."""
    names = dict.fromkeys(each.name for each in rounds)
    found = [Lane(name, tuple(each for each in rounds if each.name == name)) for name in names]
    return sorted(found, key=lambda lane: (-len(lane.rounds), bool(lane.last.stopped), lane.seconds))


def race(rounds: Sequence[Round]) -> Markup:
    """A lane for each contender, a block for each round, as long as the time it took on a logarithm."""
    found = lanes(rounds)
    if not found:
        return Markup()
    known = [lane.seconds for lane in found if lane.seconds > 0] or [1.0]
    low, high = log10(min(min(known), max(known) / 10)) - 0.15, log10(max(known)) + 0.02

    def x(seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * max(log10(max(seconds, 1e-9)) - low, 0.0) / (high - low)

    height = TOP + LANE * len(found)
    shapes = [*_times(low, high, x, height)]
    for place, lane in enumerate(found):
        shapes += _lane(lane, TOP + LANE * place, x)
    return svg(WIDTH, height + 24, shapes, label=_said(found))


def _said(found: Sequence[Lane]) -> str:
    most = max(each.last.number for each in found)
    through = [lane.name for lane in found if not lane.last.stopped]
    return f"{len(found)} contenders over {most} rounds; to the end came {', '.join(through) or 'none'}"


def _times(low: float, high: float, at: Callable[[float], float], height: float) -> list[str]:
    shapes = []
    for power in range(int(low) - 1, int(high) + 1):
        if low <= power <= high:
            place, told = at(10.0**power), duration(10.0**power).replace(".0 ", " ")
            shapes += [
                line(place, TOP - 4, place, height, "grid"),
                text(place, height + 12, told, "tick", end="middle"),
            ]
    return [*shapes, text((LEFT + RIGHT) / 2, height + 23, "time to learn and to be judged", "tick", end="middle")]


def _lane(lane: Lane, y: float, at: Callable[[float], float]) -> list[str]:
    shapes = [text(LEFT - 5, y + 11, shortened(lane.name, BESIDE), "name", end="end")]
    start = LEFT
    for each, end in zip(lane.rounds, lane.ends, strict=True):
        stop = max(at(end), start + 2.5)
        shapes.append(box(start, y + 3, stop - start - 1, LANE - 6, f"round r{min(each.number, 5)}"))
        start = stop
    mark = "✕" if lane.last.stopped else "▸"
    return [*shapes, text(start + 2, y + 11.5, mark, "stopped" if lane.last.stopped else "through")]


# Curves --------------------------------------------------------------------------------------------------------------


def curves(rounds: Sequence[Round], unit: str) -> Markup:
    """What each contender showed on validation rows, against the time it had had; only those with this unit."""
    judged = lanes([each for each in rounds if each.unit == unit and isfinite(each.value)])
    found = [lane for lane in judged if lane.seconds > 0]
    if not found:
        return Markup()
    scale = _Scale(found, rising=unit != DISTANCE)
    best = sorted(found, key=lambda lane: lane.last.value, reverse=scale.rising)[:NAMED]
    shapes = scale.axes()
    for lane in [each for each in found if each not in best]:
        shapes += _curve(lane, scale, "c7", faint=True)
    for place, lane in enumerate(best):
        shapes += _curve(lane, scale, f"c{place % COLOURS}")
    shapes += _names(best, scale)
    named = ", ".join(lane.name for lane in best)
    return svg(WIDTH, DOWN + FOOT, shapes, label=f"{unit} on validation rows against time; best in the end: {named}")


def told(unit: str) -> str:
    """What the curves of this unit show."""
    return f"Learning curves on validation rows: {unit}, {'lower' if unit == DISTANCE else 'higher'} is better"


class _Scale:
    """Time on a logarithm, and values; what is far below the others is cut off."""

    def __init__(self, found: Sequence[Lane], *, rising: bool) -> None:
        ends = [end for lane in found for end in lane.ends if end > 0]
        values = sorted((each.value for lane in found for each in lane.rounds), reverse=rising)
        self.rising = rising
        self.left, self.right = log10(min(ends)) - 0.05, log10(max(ends)) + 0.05
        best, middle = values[0], values[len(values) // 2]
        worst = values[-1]
        reach = 2.5 * abs(best - middle) or abs(best - worst) or max(abs(best), 1.0) * 0.1
        edge = max(worst, best - reach) if rising else min(worst, best + reach)
        gap = 0.06 * abs(best - edge) or 0.05
        self.low, self.high = min(best, edge) - gap, max(best, edge) + gap

    def x(self, seconds: float) -> float:
        return 40 + (FAR - 40) * (log10(max(seconds, 1e-9)) - self.left) / (self.right - self.left)

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return DOWN - (DOWN - 8) * share

    def axes(self) -> list[str]:
        spread = self.high - self.low
        places = 0 if spread > 20 else 1 if spread > 2 else 2 if spread > 0.2 else 3
        shapes = []
        for k in range(5):
            value = self.low + spread * k / 4
            shapes += [line(40, self.y(value), FAR, self.y(value), "grid"),
                       text(36, self.y(value) + 3, signed(f"{value:.{places}f}"), "tick", end="end")]  # fmt: skip
        for power in range(int(self.left) - 1, int(self.right) + 1):
            if self.left <= power <= self.right:
                told = duration(10.0**power).replace(".0 ", " ")
                shapes.append(text(self.x(10.0**power), DOWN + 13, told, "tick", end="middle"))
        return [*shapes, line(40, DOWN, FAR, DOWN, "axis"),
                text((40 + FAR) / 2, DOWN + 25, "time so far", "tick", end="middle")]  # fmt: skip


def _curve(lane: Lane, scale: _Scale, colour: str, *, faint: bool = False) -> list[str]:
    points = [(scale.x(end), scale.y(each.value)) for each, end in zip(lane.rounds, lane.ends, strict=True)]
    band = []
    if not faint:
        for (x, _), each in zip(points, lane.rounds, strict=True):
            if isfinite(each.low) and isfinite(each.high):
                band.append(line(x, scale.y(each.low), x, scale.y(each.high), f"span {colour}"))
    kind = f"curve {colour}" + (" faint" if faint else "")
    drawn = [path(points, kind)] if len(points) > 1 else []
    return [*band, *drawn, dots(points, 1.6 if faint else 2.6, f"dots {colour}" + (" faint" if faint else ""))]


def _names(best: Sequence[Lane], scale: _Scale) -> list[str]:
    """Each curve's name beside its end, none on top of another."""
    ends = sorted((scale.y(lane.last.value), place) for place, lane in enumerate(best))
    shapes, last = [], -100.0
    for y, place in ends:
        last = max(y, last + 12)
        shapes.append(text(FAR + 6, last + 4, shortened(best[place].name, BESIDE), f"name c{place % COLOURS}"))
    return shapes
