"""Curves as figures: errors against the number of rows with their intervals, and confidence against the truth."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from likely.apps.learning_curve import Curve, LearningCurve
from likely.apps.ranks import Ranks
from likely.metrics import Reliability
from likely.report.drawing import box, dots, line, path, shortened, svg, text

LEFT, RIGHT, TOP, BOTTOM = 46.0, 520.0, 14.0, 300.0  # of the inside
WIDTH, HEIGHT = 640.0, 342.0
SIDE, EDGE = 250.0, 34.0  # of a reliability diagram
COLOURS = 4


def learning(found: LearningCurve) -> Markup:
    """Every family's errors with their intervals; a crossing as a dashed line."""
    top = _ceiling(max(float((curve.mean + curve.half).max()) for curve in found.curves))
    shapes = [*_rows_axis(found.sizes), *_errors_axis(top)]
    guess = _y(found.baseline, top)
    if guess > TOP:
        shapes += [line(LEFT, guess, RIGHT, guess, "dashed"), text(RIGHT + 8, guess + 4, "guessing", "tick")]
    for crossing in found.crossings:
        if crossing.rows is not None and crossing.rows > found.sizes[0]:
            x = _x(crossing.rows, found.sizes)
            shapes += [line(x, TOP, x, BOTTOM, "dashed"), text(x + 4, TOP + 10, f"{crossing.rows:,.0f} rows", "tick")]
    for place, curve in enumerate(found.curves):
        shapes += _drawn(curve, found.sizes, top, f"c{place % COLOURS}")
    shapes += _names(found, top)
    return svg(WIDTH, HEIGHT, shapes, label="errors of each family against the number of rows, with intervals")


def _drawn(curve: Curve, sizes: Sequence[int], top: float, colour: str) -> list[str]:
    xs = [_x(size, sizes) for size in sizes]
    mean, half = curve.mean.tolist(), curve.half.tolist()
    over = [(x, _y(m + h, top)) for x, m, h in zip(xs, mean, half, strict=True)]
    under = [(x, _y(max(m - h, 0.0), top)) for x, m, h in zip(xs, mean, half, strict=True)]
    points = [(x, _y(m, top)) for x, m in zip(xs, mean, strict=True)]
    return [path([*over, *reversed(under)], f"band {colour}"), path(points, f"curve {colour}"),
            dots(points, 2.6, f"dots {colour}")]  # fmt: skip


def _names(found: LearningCurve, top: float) -> list[str]:
    """Each curve's name beside its end, none on top of another."""
    ends = sorted((_y(float(curve.mean[-1]), top), place) for place, curve in enumerate(found.curves))
    shapes, last = [], -math.inf
    for y, place in ends:
        last = max(y, last + 14)
        shapes.append(text(RIGHT + 8, last + 4, shortened(found.curves[place].name, 18), f"name c{place % COLOURS}"))
    return shapes


def _x(rows: float, sizes: Sequence[int]) -> float:
    low, high = math.log(sizes[0]), math.log(max(sizes[-1], sizes[0] + 1))
    return LEFT + (RIGHT - LEFT) * (math.log(rows) - low) / (high - low)


def _y(error: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * error / top


def _ceiling(most: float) -> float:
    """A round number of percent above the largest error."""
    step = 0.05 if most < 0.3 else 0.1
    return max(step, math.ceil(most / step) * step)


def _rows_axis(sizes: Sequence[int]) -> list[str]:
    shapes = [line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis"), text((LEFT + RIGHT) / 2, HEIGHT - 4, "rows", end="middle")]
    ticks = [m * 10**power for power in range(7) for m in (1, 2, 5) if sizes[0] <= m * 10**power <= sizes[-1]]
    for tick in ticks or sizes:
        x = _x(tick, sizes)
        shapes += [line(x, BOTTOM, x, BOTTOM + 4, "axis"), text(x, BOTTOM + 16, f"{tick:,}", "tick", end="middle")]
    return shapes


def _errors_axis(top: float) -> list[str]:
    shapes = []
    for step in range(6):
        error = top * step / 5
        shapes += [line(LEFT, _y(error, top), RIGHT, _y(error, top), "grid"),
                   text(LEFT - 6, _y(error, top) + 4, f"{100 * error:.3g} %", "tick", end="end")]  # fmt: skip
    return shapes


def confidence(plain: Reliability, calibrated: Reliability | None) -> Markup:
    """How often it is right against how sure it is; the diagonal is honest."""
    low = min(each.confidence for found in (plain, calibrated) if found for each in found.bins)
    low = min(low, *(each.low for found in (plain, calibrated) if found for each in found.bins))
    start = math.floor(10 * low) / 10

    def at(share: float) -> float:
        return (share - start) / (1 - start) * SIDE

    shapes = [line(EDGE, SIDE, EDGE + SIDE, 0, "dashed"), line(EDGE, SIDE, EDGE + SIDE, SIDE, "axis"),
              line(EDGE, 0, EDGE, SIDE, "axis")]  # fmt: skip
    for share in (start, (1 + start) / 2, 1.0):
        shapes.append(text(EDGE + at(share), SIDE + 13, f"{100 * share:.0f} %", "tick", end="middle"))
        shapes.append(text(EDGE - 5, SIDE - at(share) + 4, f"{100 * share:.0f} %", "tick", end="end"))
    for found, colour in ((plain, "c0"), (calibrated, "c1")):
        if found is not None:
            shapes += [
                line(
                    EDGE + at(b.confidence),
                    SIDE - at(b.low),
                    EDGE + at(b.confidence),
                    SIDE - at(b.high),
                    f"span {colour}",
                )
                for b in found.bins
            ]
            points = [(EDGE + at(b.confidence), SIDE - at(b.right)) for b in found.bins]
            shapes += [path(points, f"curve {colour}"), dots(points, 3, f"dots {colour}")]
    shapes.append(text(EDGE + SIDE / 2, SIDE + 27, "how sure it is", end="middle"))
    shapes.append(text(EDGE + 4, 9, "how often it is right"))
    return svg(EDGE + SIDE + 16, SIDE + 32, shapes, label="share of right predictions against confidence")


# Ranks ---------------------------------------------------------------------------------------------------------------


def covered(found: Ranks, name: str) -> Markup:
    """The share of unseen cells in each middle share of the samples; the diagonal is right."""

    def at(levels: Sequence[float], shares: Sequence[float]) -> list[tuple[float, float]]:
        return [(EDGE + SIDE * a, SIDE * (1 - b)) for a, b in zip(levels, shares, strict=True)]

    levels = found.levels.tolist()
    band = [*at(levels, found.high.tolist()), *reversed(at(levels, found.low.tolist()))]
    shapes = [path(band, "band c0"), line(EDGE, SIDE, EDGE + SIDE, 0, "dashed"),
              line(EDGE, SIDE, EDGE + SIDE, SIDE, "axis"), line(EDGE, 0, EDGE, SIDE, "axis"),
              path(at(levels, found.covered.tolist()), "curve c0")]  # fmt: skip
    for share in (0.0, 0.5, 1.0):
        told = f"{100 * share:.0f} %"
        shapes.append(text(EDGE + SIDE * share, SIDE + 13, told, "tick", end="middle"))
        shapes.append(text(EDGE - 5, SIDE * (1 - share) + 4, told, "tick", end="end"))
    shapes.append(text(EDGE + SIDE / 2, SIDE + 27, "middle share of the samples", end="middle"))
    shapes.append(text(EDGE + 6, 9, "unseen cells inside"))
    return svg(EDGE + SIDE + 16, SIDE + 32, shapes, label=f"{name}: unseen cells within middle shares of the samples")


def histogram(found: Ranks, name: str) -> Markup:
    """Ranks of unseen cells among the samples; the band is where even ones lie."""
    high, width = 54.0, SIDE / len(found.shares)
    top = max(float(found.shares.max()), found.band[1]) * 1.05

    def y(share: float) -> float:
        return high * (1 - share / top)

    bars = [box(EDGE + at * width, y(share), width - 1, high - y(share), "c0") for at, share in enumerate(found.shares)]
    low, most = found.band
    band = path([(EDGE, y(low)), (EDGE + SIDE, y(low)), (EDGE + SIDE, y(most)), (EDGE, y(most))], "band plain")
    even = line(EDGE, y(1 / len(found.shares)), EDGE + SIDE, y(1 / len(found.shares)), "dashed")
    ends = [text(EDGE, high + 13, "lowest rank", "tick"), text(EDGE + SIDE, high + 13, "highest", "tick", end="end")]
    shapes = [*bars, band, even, line(EDGE, high, EDGE + SIDE, high, "axis"), *ends]
    return svg(EDGE + SIDE + 16, high + 18, shapes, label=f"{name}: ranks of unseen cells among the samples")
