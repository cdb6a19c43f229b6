"""What samples look like: a grid of pictures, a table's columns over the real ones, points in a plane, waves."""

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image as Picture

from likely.data import Images, Panel, Rows, Sounds, Table, Texts
from likely.metrics.features import codes, frame_of, is_numeric
from likely.report import waves
from likely.report.drawing import box, dots, line, path, shortened, svg, text

Array = np.ndarray[Any, Any]
COLUMNS_SHOWN = 9
ROOM = 400_000  # bytes that a picture of samples may take in a page
WIDE, HIGH = 150.0, 92.0  # of one column's plot
BINS, LEVELS, POINTS = 24, 5, 600
MOST = 100  # pictures of a sheet
MISSING = 44.0  # what the bar of missing cells takes
TOP, BOTTOM = 18.0, 78.0  # of a plot's inside


def picture_of(rows: Rows, real: Rows, *, name: str = "samples", room: int = ROOM) -> Markup:
    """Samples as a picture, in at most so many bytes where what is shown can be fewer."""
    match rows, real:
        case Images(), _:
            return image(within(by_class(rows), room), f"{name}: {min(len(rows), MOST)} pictures")
        case Table(), Table():
            return _drawn(rows, real, name)
        case Texts(), _:
            return quoted(rows)
        case Panel(), Panel():
            return waves.series(rows, real, name)
        case Sounds(), _:
            return waves.sounds(rows, name, room)
    raise TypeError(f"{type(rows).__name__} have no picture")


def _drawn(rows: Table, real: Table, name: str) -> Markup:
    names = list(frame_of(real))
    plane = len(names) == 2 and all(is_numeric(real, each) for each in names)
    return scatter(rows, real) if plane else columns(rows, real, name)


# Pictures ------------------------------------------------------------------------------------------------------------


def image(png: bytes, said: str = "samples") -> Markup:
    """A PNG inside the page; what is said stands for it where it is not seen."""
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(said, base64.b64encode(png).decode("ascii"))


def within(images: Images, room: int) -> bytes:
    """As many of a hundred pictures as so many bytes hold; one that is too large alone is made smaller."""
    most = MOST
    while len(sheet := grid(images, most=most)) > 0.74 * room and most > 1:  # base64 takes a third more
        most = max(1, most // 2)
    every = 1
    while len(sheet) > 0.74 * room and min(images.pixels.shape[1:3]) > 8 * every:
        every *= 2
        sheet = grid(replace(images, pixels=images.pixels[:, ::every, ::every]), most=most)
    return sheet


def grid(images: Images, *, across: int = 10, most: int = MOST) -> bytes:
    """Pictures side by side with transparent gaps, enlarged by whole factors without blur."""
    pixels = np.rint(images.pixels[:most] * (255.0 / (images.levels - 1))).astype(np.uint8)
    n, height, width, channels = pixels.shape
    across, times = min(across, n), max(1, 32 // max(height, width))
    down, gap = -(-n // across), times
    cells = pixels.repeat(times, 1).repeat(times, 2)
    step_down, step_across = height * times + gap, width * times + gap
    canvas = np.zeros((down * step_down - gap, across * step_across - gap, channels + 1), np.uint8)
    for place, cell in enumerate(cells):
        top, left = place // across * step_down, place % across * step_across
        canvas[top : top + height * times, left : left + width * times, :-1] = cell
        canvas[top : top + height * times, left : left + width * times, -1] = 255
    buffer = io.BytesIO()
    Picture.fromarray(canvas).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def by_class(images: Images, *, across: int = 10) -> Images:
    """Pictures in rows of one class each, where they have few classes."""
    if images.about is None or images.about.frame.shape[1] != 1:
        return images
    said = images.about.frame.iloc[:, 0].astype(str).to_numpy()
    levels = sorted(set(said), key=lambda level: (len(level), level))
    if len(levels) > len(said) // 3:
        return images
    chosen = [np.flatnonzero(said == level) for level in levels[:10]]
    width = min(across, min(map(len, chosen)))
    return images.take(np.concatenate([rows[:width] for rows in chosen])) if width == across else images


# Texts ---------------------------------------------------------------------------------------------------------------


def quoted(texts: Texts, *, most: int = 12, letters: int = 400) -> Markup:
    """The first texts as they are."""
    shown = (text[:letters] + "…" * (len(text) > letters) for text in texts.take(range(min(most, len(texts)))))
    return Markup("").join(Markup("<pre>{}</pre>").format(text) for text in shown)


# Tables --------------------------------------------------------------------------------------------------------------


def scatter(rows: Table, real: Table) -> Markup:
    """Two numeric columns as points, the real ones below."""
    (a, b), names = codes(real, rows), list(frame_of(real))
    low, high = np.nanquantile(a, [0.002, 0.998], axis=0)
    spread = np.where(high > low, high - low, 1.0)
    shapes = []
    for kind, points in (("real", a), ("drawn", b)):
        kept = points[np.isfinite(points).all(1)][:POINTS]
        places = (kept - low) / spread * [1, -1] * 260 + [10, 270]
        inside = ((places > 0) & (places < 280)).all(1)
        shapes.append(dots(map(tuple, places[inside]), 1.6, f"dots {kind}"))
    return svg(280, 280, shapes, label=f"{names[0]} and {names[1]}")


def columns(rows: Table, real: Table, said: str = "samples") -> Markup:
    """One small plot a column: the real rows filled, the samples as lines."""
    (a, b), names = codes(real, rows), list(frame_of(real))
    plots = []
    for place, name in enumerate(names[:COLUMNS_SHOWN]):
        inside = _numbers(a[:, place], b[:, place], real, name) if is_numeric(real, name) else _levels(rows, real, name)
        title = text(0, 9, shortened(name, 26), "title")
        plots.append(svg(WIDE, HIGH, [title, *inside], label=f"{name}: {said} over real rows"))
    return Markup('<div class="plots">{}</div>').format(Markup("").join(plots))


def left_out(real: Table) -> int:
    """How many columns are not drawn."""
    return max(len(frame_of(real).columns) - COLUMNS_SHOWN, 0)


def _numbers(a: Array, b: Array, real: Table, name: str) -> list[str]:
    """Two histograms over the middle of the real ones; missing cells as a bar of their own at the right."""
    present = a[np.isfinite(a)]
    if not len(present):
        return [text(0, BOTTOM, "nothing but missing cells", "tick")]
    edges, ends = _edges(present)
    gaps = bool(np.isnan(a).any() or np.isnan(b).any())
    wide = WIDE - MISSING if gaps else WIDE
    shares = [_histogram(side, edges) for side in (a, b)]
    top = max(share.max(initial=0) for share in shares) or 1.0
    step = wide / len(shares[0])
    heights = [[BOTTOM - share * (BOTTOM - TOP) / top for share in side] for side in shares]
    shapes = [box(i * step, y, step - 0.4, BOTTOM - y, "real") for i, y in enumerate(heights[0])]
    shapes.append(path([(place * step, y) for i, y in enumerate(heights[1]) for place in (i, i + 1)], "drawn"))
    shapes.append(line(0, BOTTOM, wide, BOTTOM, "axis"))
    shapes.append(text(0, HIGH - 3, _told(ends[0], real, name), "tick"))
    shapes.append(text(wide, HIGH - 3, _told(ends[1], real, name), "tick", end="end"))
    return shapes + (_missing(float(np.isnan(a).mean()), float(np.isnan(b).mean())) if gaps else [])


def _edges(present: Array) -> tuple[Array, tuple[float, float]]:
    """The bins, and the numbers at their ends: one bin a value where there are few whole ones."""
    low, high = (float(edge) for edge in np.quantile(present, [0.005, 0.995], method="nearest"))
    if high - low < BINS and np.array_equal(present, np.rint(present)):
        return np.arange(low - 0.5, high + 1), (low, high)
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    return np.linspace(low, high, BINS + 1), (low, high)


def _histogram(side: Array, edges: Array) -> Array:
    counts, _ = np.histogram(side[np.isfinite(side)], edges)
    return counts / max(len(side), 1)


def _missing(real: float, drawn: float) -> list[str]:
    """The share of missing cells, to the full height."""
    x, high = WIDE - 18, BOTTOM - TOP
    bar, mark = box(x, BOTTOM - real * high, 18, real * high, "real"), BOTTOM - drawn * high
    named = text(WIDE, HIGH - 3, "missing", "tick", end="end")
    return [bar, line(x, mark, WIDE, mark, "drawn"), line(x, BOTTOM, WIDE, BOTTOM, "axis"), named]


def _levels(rows: Table, real: Table, name: str) -> list[str]:
    """Frequent categories as bars, the samples' shares as marks on them."""
    shares = [_spelled(table, name).value_counts(normalize=True) for table in (real, rows)]
    names = list(shares[0].index[:LEVELS])
    top = max([float(share.get(level, 0.0)) for share in shares for level in names], default=0.0) or 1.0
    start, wide, shapes = 56.0, WIDE - 60, []
    step = (HIGH - TOP) / LEVELS
    for place, level in enumerate(names):
        y = TOP + place * step
        bar, mark = (float(share.get(level, 0.0)) / top * wide for share in shares)
        shapes.append(text(start - 4, y + step * 0.72, shortened(level, 10), "tick", end="end"))
        shapes.append(box(start, y + step * 0.16, bar, step * 0.68, "real"))
        shapes.append(line(start + mark, y + step * 0.04, start + mark, y + step * 0.96, "drawn"))
    return shapes


def _spelled(table: Table, name: str) -> Any:
    """A column as words; missing cells too."""
    cells = table.frame[name].astype(object)
    return cells.where(cells.notna(), "missing").map(str)


def _told(value: float, real: Table, name: str) -> str:
    """An end of an axis: a number, or the day it stands for."""
    column = real.schema[name]
    if column.kind == "date" and real.frame[name].dtype.kind != "i":
        return str(np.datetime64(round(value), "D"))
    return f"{float(f'{value:.3g}'):g}"
