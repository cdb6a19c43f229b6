"""A record's odd moments as a drawing: each channel, how odd its moments are below, and the oddest ones marked."""

from collections.abc import Sequence
from html import escape

import numpy as np

from likely.apps.moments import Array, Record
from likely.report.drawing import dots, line, path, shortened, svg, text
from likely.report.forecast import ABOVE, GAP, HIGH, LEFT, MOST, STYLE, WIDE

MARK = "<style>path.mark { stroke: var(--other); stroke-linecap: round; }</style>"
BINS = 700  # of a longer record the lowest and the highest moment of each bin is drawn


def picture(record: Record, score: Array, marked: Sequence[int]) -> str:
    """An SVG file: a plot a channel, then one of the score."""
    shown = list(record.channels[:MOST])
    plots = [np.where(record.known, record.values[:, place], np.nan) for place in range(len(shown))] + [score]
    left = len(record.channels) - len(shown)
    more = f"; {left} channel{'s' * (left != 1)} not drawn" if left else ""
    shapes = [STYLE, MARK, text(LEFT, 18, f"{len(record)} moments, the {len(marked)} oddest marked{more}", "soft")]
    for place, (name, values) in enumerate(zip([*shown, "score"], plots, strict=True)):
        shapes.append(f'<g transform="translate(0 {ABOVE + place * (HIGH + GAP):g})">')
        shapes += [*_plot(name, values, marked, "drawn" if name == "score" else "given"), "</g>"]
    high = ABOVE + len(plots) * (HIGH + GAP)
    drawn = svg(WIDE, high, [*shapes, *_ends(record, high)], label="a record, and how odd its moments are")
    return str(drawn).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _plot(name: str, values: Array, marked: Sequence[int], kind: str) -> list[str]:
    low, high = (float(end) for end in (np.nanmin(values), np.nanmax(values)))
    low, high = (low, high) if high > low else (low - 1, high + 1)
    across = LEFT + np.arange(len(values)) * (WIDE - LEFT - 10) / (len(values) - 1)
    down = HIGH - (values - low) / (high - low) * (HIGH - 22)
    told = [text(LEFT, 10, shortened(name, 60), "title")]
    for value, y in ((low, HIGH), (high, 22.0)):
        told += [line(LEFT, y, WIDE - 10, y, "grid"), text(LEFT - 6, y + 4, f"{value:.4g}", "soft", end="end")]
    told += [path(zip(across[part], down[part], strict=True), kind) for part in _strokes(values)]
    return [*told, dots([(across[at], down[at]) for at in marked], 3, "mark")]


def _strokes(values: Array) -> list[Array]:
    """The places to draw a line through, one stroke for each stretch without a gap."""
    places = np.arange(len(values))
    if len(values) > 2 * BINS:
        bins = [part[np.isfinite(values[part])] for part in np.array_split(places, BINS)]
        ends = [(part[values[part].argmin()], part[values[part].argmax()]) for part in bins if len(part)]
        return [np.unique(np.array(ends))]
    there = np.isfinite(values)
    cuts = np.flatnonzero(np.diff(there.astype(int))) + 1
    return [part for part in np.split(places, cuts) if len(part) > 1 and there[part[0]]]


def _ends(record: Record, high: float) -> list[str]:
    """The first and the last moment's time below."""
    if record.times is None:
        return []
    first, last = (escape(str(record.times.iloc[place])) for place in (0, -1))
    return [text(WIDE - 10, high - 6, f"from {first} to {last}", "soft", end="end")]
