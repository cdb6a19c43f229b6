"""Learning curves in words and rows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from likely.apps.learning_curve import Crossing, LearningCurve


def header_of(found: "LearningCurve") -> tuple[str, ...]:
    """The number of rows, then a column a family."""
    return ("rows", *(curve.name for curve in found.curves))


def rows_of(found: "LearningCurve") -> list[tuple[str, ...]]:
    """One row a size: each family's error with half its 95 % interval, in percent."""
    return [
        (f"{size:,}", *(f"{100 * curve.mean[at]:.1f} ± {100 * curve.half[at]:.1f} %" for curve in found.curves))
        for at, size in enumerate(found.sizes)
    ]


def conclusions(found: "LearningCurve") -> list[str]:
    """What the curves show."""
    guess = f"Always guessing the most frequent class errs on {100 * found.baseline:.1f} %."
    return [*(sentence(crossing, found.sizes) for crossing in found.crossings), guess]


def sentence(crossing: "Crossing", sizes: tuple[int, ...]) -> str:
    """One pair's verdict."""
    a, b = crossing.first, crossing.second
    gap = f"{100 * abs(crossing.end):.1f} ± {100 * crossing.end_half:.1f} points at {sizes[-1]:,} rows"
    if crossing.rows is None:
        if abs(crossing.end) <= crossing.end_half:
            return f"{a} and {b} do not cross: at {sizes[-1]:,} rows they are too close to call ({gap})."
        return f"{a} errs less than {b} at every number of rows up to {sizes[-1]:,} ({gap})."
    if crossing.rows <= sizes[0]:
        return f"{b} errs less than {a} from {sizes[0]:,} rows on ({gap})."
    low = "" if crossing.low is None else f"{max(crossing.low, sizes[0]):,.0f}"
    high = f"beyond {sizes[-1]:,}" if crossing.high is None else f"{crossing.high:,.0f}"
    return f"{a} errs less up to about {crossing.rows:,.0f} rows [{low}, {high}], {b} from there on ({gap})."


def told(found: "LearningCurve") -> str:
    """The curves as plain text."""
    rows = [header_of(found), *rows_of(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, "", *conclusions(found)])
