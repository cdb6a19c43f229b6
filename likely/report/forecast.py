"""A forecast as a drawing: what was given, the median of what may follow, and where half and nine tenths of it lie."""

from collections.abc import Sequence
from html import escape

import numpy as np

from likely.apps.forecast import Array, Forecast
from likely.report.drawing import line, path, shortened, svg, text

WIDE, HIGH, GAP, LEFT, ABOVE, BELOW = 720.0, 150.0, 26.0, 58.0, 34.0, 26.0
BANDS, SHADES = ((0.05, 0.95), (0.25, 0.75)), (0.18, 0.32)
BACK = 3  # times the steps ahead that are drawn of what was given
FEWEST = 24  # moments of it, where there are as many
MOST = 8  # channels
STYLE = """<style>
svg { --paper: #faf9f6; --ink: #1d2330; --soft: #5f6775; --line: #e4e1d9; --accent: #c2410c; --other: #1d4ed8;
 background: var(--paper); font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #13161c; --ink: #e9e7e2; --soft: #a0a8b6; --line: #2c323d;
 --accent: #fb923c; --other: #60a5fa; } }
text { fill: var(--ink); font-size: 12px; } text.soft { fill: var(--soft); font-size: 11px; }
text.title { font-weight: 600; font-size: 13px; }
line.grid { stroke: var(--line); } line.now { stroke: var(--soft); stroke-dasharray: 3 3; }
path { fill: none; stroke-width: 1.6; stroke-linejoin: round; } path.given { stroke: var(--ink); }
path.drawn { stroke: var(--accent); } path.other { stroke: var(--other); stroke-dasharray: 5 3; }
path.band { stroke: none; fill: var(--accent); }
</style>"""


def picture(told: Forecast, beside: Forecast | None = None, series: int = 0) -> str:
    """An SVG file: a plot a channel; `beside` is another forecast of the same, whose median is dashed."""
    shown = min(len(told.channels), MOST)
    shapes = [STYLE, text(LEFT, 18, _title(told, beside), "soft")]
    for place in range(shown):
        shapes.append(f'<g transform="translate(0 {ABOVE + place * (HIGH + GAP):g})">')
        shapes += [*_channel(told, beside, series, place), "</g>"]
    high = ABOVE + shown * (HIGH + GAP) + BELOW - GAP
    drawn = svg(WIDE, high, [*shapes, *_when(told, high)], label="what was given, and what may follow")
    return str(drawn).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _title(told: Forecast, beside: Forecast | None) -> str:
    draws, steps = told.values.shape[1:3]
    left = len(told.channels) - MOST
    more = f"; {left} channel{'s' * (left != 1)} not drawn" if left > 0 else ""
    dashed = "" if beside is None else ", dashed: without the change"
    return f"{steps} steps, {draws} draws: median, 50 % and 90 %{dashed}{more}"


def _channel(told: Forecast, beside: Forecast | None, series: int, place: int) -> list[str]:
    """One channel's plot."""
    given, ahead = _given(told, series)[:, place], told.at((0.05, 0.25, 0.5, 0.75, 0.95))[:, series, :, place]
    other = None if beside is None else beside.at((0.5,))[0, series, :, place]
    every = np.concatenate([given, ahead.ravel(), given[:0] if other is None else other])
    low, high = (float(end) for end in (np.nanmin(every), np.nanmax(every)))
    low, high = (low, high) if high > low else (low - 1, high + 1)
    across = (
        np.arange(len(given) + ahead.shape[1]) * (WIDE - LEFT - 10) / max(1, len(given) + ahead.shape[1] - 1) + LEFT
    )

    def down(values: Array) -> Array:
        return HIGH - (values - low) / (high - low) * (HIGH - 22)

    shapes = [text(LEFT, 10, shortened(told.channels[place], 60), "title")]
    for value in _ticks(low, high):
        y = float(down(np.array(value)))
        shapes += [line(LEFT, y, WIDE - 10, y, "grid"), text(LEFT - 6, y + 4, f"{value:.6g}", "soft", end="end")]
    now, future = across[: len(given)], across[len(given) :]
    joined = (lambda values: np.concatenate([given[-1:], values])) if len(given) else (lambda values: values)
    places = np.concatenate([now[-1:], future])
    for (bottom, top), shade in zip(BANDS, SHADES, strict=True):
        a, b = (joined(ahead[(0.05, 0.25, 0.5, 0.75, 0.95).index(level)]) for level in (bottom, top))
        around = [*zip(places, down(a), strict=True), *zip(places[::-1], down(b)[::-1], strict=True)]
        shapes.append(path(around, "band").replace("/>", f' style="opacity:{shade}"/>'))
    if len(now):
        shapes.append(line(float(now[-1]), 16, float(now[-1]), HIGH, "now"))
    shapes += [*_lines(now, down(given), "given"), *_lines(places, down(joined(ahead[2])), "drawn")]
    return shapes + ([] if other is None else _lines(places, down(joined(other)), "other"))


def _lines(across: Array, down: Array, kind: str) -> list[str]:
    """A line for each stretch without a gap."""
    there = np.isfinite(down)
    cuts = np.flatnonzero(np.diff(there.astype(int))) + 1
    parts = zip(np.split(across, cuts), np.split(down, cuts), np.split(there, cuts), strict=True)
    return [path(zip(x, y, strict=True), kind) for x, y, seen in parts if len(x) > 1 and seen[0]]


def _given(told: Forecast, series: int) -> Array:
    """The last moments that were given."""
    length = int(told.after[series])
    most = max(FEWEST, BACK * told.values.shape[2])
    return told.history.values[series, max(0, length - most) : length]


def _ticks(low: float, high: float) -> Sequence[float]:
    """Two to five round numbers between."""
    step = 10.0 ** np.floor(np.log10(high - low))
    step = next(step * times for times in (0.2, 0.5, 1.0, 2.0) if (high - low) / (step * times) <= 5)
    return [float(each) for each in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def _when(told: Forecast, high: float) -> list[str]:
    """The first and the last moment's time below."""
    if told.times is None:
        return []
    first, last = (escape(str(told.times.iloc[place])) for place in (0, -1))
    return [text(WIDE - 10, high - 8, f"from {first} to {last}", "soft", end="end")]
