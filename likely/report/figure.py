"""Figures as inline PNG: grids of pictures, marginals and scatters of tables."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image as Picture

from likely.data import Images, Rows, Table
from likely.metrics.features import frame_of, is_numeric

Array = np.ndarray[Any, Any]
INK, ACCENT = "#5b6472", "#c2410c"
COLUMNS_SHOWN = 9


def inline(png: bytes) -> str:
    """A PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def grid(images: Images, *, across: int = 10, most: int = 100, side: int = 320) -> bytes:
    """Pictures in a grid, enlarged by whole factors without blur."""
    pixels = (images.pixels[:most].astype(np.float64) * 255 / (images.levels - 1)).round().astype(np.uint8)
    n, height, width, channels = pixels.shape
    down = -(-n // across)
    canvas = np.full((down * (height + 1) - 1, across * (width + 1) - 1, channels), 255, dtype=np.uint8)
    for place, picture in enumerate(pixels):
        top, left = place // across * (height + 1), place % across * (width + 1)
        canvas[top : top + height, left : left + width] = picture
    factor = max(1, side // canvas.shape[1])
    drawn = Picture.fromarray(canvas.squeeze(-1) if channels == 1 else canvas)
    return _png_of(drawn.resize((drawn.width * factor, drawn.height * factor), Picture.Resampling.NEAREST))


def _png_of(picture: Picture.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def by_class(images: Images, *, across: int = 10) -> Images:
    """Pictures in rows of one class each, where they have classes."""
    if images.about is None or images.about.frame.shape[1] != 1:
        return images
    said = images.about.frame.iloc[:, 0].astype(str).to_numpy()
    levels = sorted(set(said), key=lambda level: (len(level), level))
    chosen = [np.flatnonzero(said == level)[:across] for level in levels[:10]]
    if any(len(rows) < across for rows in chosen):
        return images
    return images.take(np.concatenate(chosen))


def picture_of(rows: Rows, real: Rows) -> bytes:
    """What samples look like: a grid of pictures, or a table's marginals over the real ones."""
    if isinstance(rows, Images):
        return grid(by_class(rows))
    assert isinstance(real, Table)
    plane = [name for name in frame_of(real) if is_numeric(real, name)]
    return scatter(rows, real, plane) if len(plane) == len(real.schema.names) == 2 else marginal_plots(rows, real)


def scatter(rows: Table, real: Table, plane: list[str]) -> bytes:
    """Two numeric columns as points."""
    figure, axes = _figure(1, 1, (3.4, 3.4))
    for table, colour, size in ((real, INK, 3), (rows, ACCENT, 3)):
        axes[0].scatter(table.frame[plane[0]], table.frame[plane[1]], s=size, color=colour, alpha=0.4, linewidths=0)
    axes[0].set_xticks([]), axes[0].set_yticks([])
    return _saved(figure)


def marginal_plots(rows: Table, real: Table) -> bytes:
    """One small plot a column: real in grey, synthetic as a line or marks."""
    names = list(frame_of(real))[:COLUMNS_SHOWN]
    down = -(-len(names) // 3)
    figure, axes = _figure(down, 3, (6.6, 1.5 * down))
    for axis, name in zip(axes, names, strict=False):
        (_numbers if is_numeric(real, name) else _shares)(axis, real.frame[name], rows.frame[name])
        axis.set_title(str(name), fontsize=7, color=INK, pad=2)
        axis.set_yticks([])
        axis.tick_params(labelsize=6, colors=INK, length=2)
    for axis in axes[len(names) :]:
        axis.axis("off")
    return _saved(figure)


def _numbers(axis: Any, real: Any, drawn: Any) -> None:
    import pandas as pd

    a, b = (pd.to_numeric(column, errors="coerce").dropna().to_numpy(float) for column in (real, drawn))
    if not len(a):
        return
    low, high = np.quantile(a, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, 31)
    axis.hist(a, edges, density=True, color=INK, alpha=0.35)
    if len(b):
        axis.hist(b, edges, density=True, histtype="step", color=ACCENT, linewidth=1.2)


def _shares(axis: Any, real: Any, drawn: Any) -> None:
    levels = real.astype(str).value_counts(normalize=True).head(8)
    seen = drawn.astype(str).value_counts(normalize=True)
    places = np.arange(len(levels))
    axis.bar(places, levels.to_numpy(), color=INK, alpha=0.35)
    axis.plot(
        places, [seen.get(level, 0.0) for level in levels.index], "_", color=ACCENT, markersize=9, markeredgewidth=1.6
    )
    axis.set_xticks(places, [str(level)[:8] for level in levels.index], rotation=40, ha="right")


def _figure(down: int, across: int, size: tuple[float, float]) -> tuple[Any, list[Any]]:
    """A figure without pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(np.atleast_1d(np.asarray(figure.subplots(down, across))).flat)
    for axis in axes:
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.spines["bottom"].set_color("#c8ccd2")
    return figure, axes


def _saved(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130, transparent=True)
    return buffer.getvalue()


def intervals(rows: list[tuple[str, float, float, float]]) -> bytes:
    """Log-likelihoods of the contenders as points with their 95 % intervals."""
    figure, axes = _figure(1, 1, (6.4, 0.5 + 0.32 * len(rows)))
    for place, (_, middle, low, high) in enumerate(reversed(rows)):
        axes[0].plot([low, high], [place, place], color=ACCENT, linewidth=2, solid_capstyle="round")
        axes[0].plot(middle, place, "o", color=ACCENT, markersize=5)
    axes[0].set_yticks(range(len(rows)), [name for name, *_ in reversed(rows)], fontsize=8, color=INK)
    axes[0].tick_params(axis="x", labelsize=7, colors=INK)
    axes[0].set_xlabel("nats a row", fontsize=8, color=INK)
    axes[0].grid(axis="x", color="#e3e6ea", linewidth=0.6)
    return _saved(figure)
