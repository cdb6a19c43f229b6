"""Calibration as a page: how far the ranks of each column are from uniform, with what is chance as a band."""

from pathlib import Path

from markupsafe import Markup

from likely import __version__
from likely.apps.calibrated import Calibration, conclusions, header_of, rows_of
from likely.metrics.ranks import Uniformity
from likely.report.drawing import box, line, path, svg, text
from likely.report.template import named, written

LEFT, RIGHT, TOP, BOTTOM = 44.0, 344.0, 10.0, 170.0  # of the inside
WIDTH, HEIGHT = 356.0, 206.0
POINTS = 200  # of a curve
NOTE = (
    "The rank of what is true among what was drawn for its row is uniform where a model is as sure as it is right. "
    "Each curve is the share of ranks below a level, less the level: 0 throughout is calibrated. Above, then below: "
    "draws too narrow; below, then above: too wide; above throughout: too high; below throughout: too low. By chance "
    "a curve leaves the band in 5 of 100 columns."
)


def write_calibration(found: Calibration, place: str | Path) -> Path:
    """The page."""
    return written(
        place, "calibrated.html", title=f"{named(found.source)}: is {found.family} as sure as it is right?",
        facts=[found.source, f"{found.rows:,} rows", f"{found.draws} draws each", f"likely {__version__}"],
        said=conclusions(found), header=header_of(found), rows=rows_of(found), note=NOTE,
        figures=[(name, curve(each)) for name, each in found.columns.items()],
    )  # fmt: skip


def curve(found: Uniformity) -> Markup:
    """F_N(u) - u with the band that 95 of 100 columns stay within."""
    size, most = len(found.ranks), 1.15 * max(found.distance, found.band)
    middle, half = (TOP + BOTTOM) / 2, (BOTTOM - TOP) / 2

    def at(u: float, gap: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * u, middle - half * gap / most

    steps = range(0, size + 1, max(1, size // POINTS))
    levels = [0.0, *found.ranks.tolist(), 1.0]
    points = [at(levels[k + 1], k / size - levels[k + 1]) for k in steps if k < size]
    top, bottom = at(0, found.band)[1], at(0, -found.band)[1]
    shapes = [box(LEFT, top, RIGHT - LEFT, bottom - top, "band c1"), line(LEFT, middle, RIGHT, middle, "dashed"),
              path([at(0, 0), *points, at(1, 0)], "curve c0")]  # fmt: skip
    for gap in (-found.band, 0.0, found.band):
        shapes.append(text(LEFT - 5, at(0, gap)[1] + 4, f"{gap:+.2f}" if gap else "0", "tick", end="end"))
    for u in (0.0, 0.5, 1.0):
        shapes.append(text(at(u, 0)[0], BOTTOM + 14, f"{u:g}", "tick", end="middle"))
    shapes.append(text((LEFT + RIGHT) / 2, HEIGHT - 4, "rank among the draws", end="middle"))
    return svg(WIDTH, HEIGHT, shapes, label="how far ranks are from uniform, with the band of chance")
