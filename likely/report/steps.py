"""Quality against network calls as a page: a curve for each sampler on logarithmic axes, and the numbers."""

import math
from pathlib import Path

from markupsafe import Markup

from likely import __version__
from likely.apps.steps import Quality, Steps
from likely.report.drawing import dots, line, path, svg, text
from likely.report.template import named, written

LEFT, RIGHT, TOP, BOTTOM = 52.0, 500.0, 14.0, 300.0  # of the inside
WIDTH, HEIGHT = 640.0, 342.0
COLOURS = 4
NOTE = (
    "Every sampler starts from the same noise. The error is the distance from where the flow takes it, in {calls:,} "
    "calls of Heun's solver, over the spread of samples, on {rows} rows; half the calls end {floor:.2g} from that. "
    "It says how soon a sampler is the model that it samples, and not how good the model is."
)


def write_steps(found: Steps, place: str | Path) -> Path:
    """The page."""
    source = str(found.fitted.card.data.get("source", "rows"))
    calls = sorted({count for each in found.found for count in each.calls})
    rows = [(each.sampler, [_cell(each, count) for count in calls]) for each in found.found]
    return written(
        place, "steps.html", title=f"{named(source)}: quality of a {found.fitted.name} against network calls",
        facts=[source, repr(found.fitted.card.family), f"likely {__version__}"], picture=curves(found), calls=calls,
        rows=rows, note=NOTE.format(calls=found.reference, rows=found.rows, floor=found.floor),
        left_out=list(found.left_out.items()),
    )  # fmt: skip


def _cell(each: Quality, count: int) -> str:
    return f"{each.at(count):.2g}"


def curves(found: Steps) -> Markup:
    """Error against calls, both on a logarithm; the reference's own error as a dashed line."""
    most = max(max(each.errors) for each in found.found)
    least = min(min(each.errors) for each in found.found)
    scale = _Scale(found, min(least, found.floor or least), most)
    shapes = [*scale.axes()]
    if scale.low <= found.floor <= scale.high:
        y = scale.y(found.floor)
        shapes += [line(LEFT, y, RIGHT, y, "dashed"), text(LEFT + 6, y - 4, "the reference's own error", "tick")]
    for at, each in enumerate(found.found):
        points = [(scale.x(calls), scale.y(error)) for calls, error in zip(each.calls, each.errors, strict=True)]
        shapes += [path(points, f"curve c{at % COLOURS}"), dots(points, 2.6, f"dots c{at % COLOURS}")]
    shapes += _names(found, scale)
    return svg(WIDTH, HEIGHT, shapes, label="error of each sampler against network calls, both on a logarithm")


class _Scale:
    """Calls and errors as places, between powers of ten."""

    def __init__(self, found: Steps, least: float, most: float) -> None:
        self.calls = sorted({count for each in found.found for count in each.calls})
        self.low = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
        self.high = 10.0 ** max(math.ceil(math.log10(max(most, 1e-9))), math.log10(self.low) + 1)

    def x(self, calls: float) -> float:
        low, high = math.log(self.calls[0]), math.log(max(self.calls[-1], self.calls[0] + 1))
        return LEFT + (RIGHT - LEFT) * (math.log(calls) - low) / (high - low)

    def y(self, error: float) -> float:
        share = math.log(max(error, self.low) / self.low) / math.log(self.high / self.low)
        return BOTTOM - (BOTTOM - TOP) * share

    def axes(self) -> list[str]:
        shapes = [line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")]
        shapes.append(text((LEFT + RIGHT) / 2, HEIGHT - 4, "network calls", end="middle"))
        for count in self.calls:
            shapes.append(text(self.x(count), BOTTOM + 16, f"{count:,}", "tick", end="middle"))
        for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1):
            y = self.y(10.0**power)
            shapes += [line(LEFT, y, RIGHT, y, "grid"), text(LEFT - 6, y + 4, f"{10.0**power:g}", "tick", end="end")]
        return shapes


def _names(found: Steps, scale: _Scale) -> list[str]:
    """Each sampler's name beside its end, none on top of another."""
    ends = sorted((scale.y(each.errors[-1]), at) for at, each in enumerate(found.found))
    shapes, last = [], -math.inf
    for y, at in ends:
        last = max(y, last + 14)
        shapes.append(text(RIGHT + 8, last + 4, found.found[at].sampler, f"name c{at % COLOURS}"))
    return shapes
