"""What hangs together with what as maps: real rows, samples, and where the two differ."""

import base64
import io
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image as Picture

from likely.apps.associations import Association
from likely.data import Images
from likely.report.drawing import shortened, svg, text

Array = np.ndarray[Any, Any]
LEVELS = 8  # shades of each sign
SIDE, LETTER, LONGEST = 12.0, 4.9, 18  # of a cell, what a letter of a name takes, and its letters at most
LETTERS = 17  # names across, beyond which every other one is written
LARGER = 160  # pixels that a picture is enlarged to at least
WARM, COLD = (185, 62, 12), (29, 78, 216)  # red, green, blue
FIGURE = Markup("<figure>{}<figcaption>{}</figcaption></figure>")


def one(found: Association) -> Markup:
    """The real rows' map."""
    return FIGURE.format(_drawn(found, signed=_falls(found)), found.what if not found.down else "real rows")


def two(real: Association, drawn: Association) -> Markup:
    """Samples, and samples less real."""
    less = Association(f"{real.what}, samples less real", real.down, real.across, drawn.strength - real.strength)
    first = FIGURE.format(_drawn(drawn, signed=_falls(real)), "samples" if real.down else real.what)
    return first + FIGURE.format(_drawn(less, signed=True), f"samples − real: {_apart(less)}")


def _apart(less: Association) -> str:
    """How far apart the two are."""
    square = bool(less.down) and less.down == less.across
    far = np.abs(less.strength[~np.eye(len(less.down), dtype=bool)] if square else less.strength)
    return f"{float(far.mean()):.2f} in the mean, {float(far.max()):.2f} at most"


def _falls(found: Association) -> bool:
    return bool((found.strength < 0).any())


def _drawn(found: Association, *, signed: bool) -> Markup:
    return chart(found) if found.down else photograph(found, signed=signed)


def chart(found: Association) -> Markup:
    """Cells: orange for what rises together, blue for what falls as the other rises; long names across are numbers."""
    short = max(map(len, found.across)) <= 2
    numbered = found.down if short else [f"{place} {name}" for place, name in enumerate(found.down, 1)]
    down = [shortened(name, LONGEST) for name in numbered]
    across = found.across if short else [str(place) for place in range(1, len(found.across) + 1)]
    left, top = 6 + LETTER * max(map(len, down)), 12.0
    shapes = list(_shades(found, left, top))
    shapes += [text(left - 4, top + (i + 0.75) * SIDE, name, "tick", end="end") for i, name in enumerate(down)]
    every = 2 if short and len(across) > LETTERS else 1
    for j in range(0, len(across), every):
        shapes.append(
            text(left + (j + 0.5) * SIDE, top - 4, across[j], "tick tiny" if len(across) > 9 else "tick", end="middle")
        )
    return svg(left + len(across) * SIDE, top + len(down) * SIDE, shapes, label=found.what)


def _shades(found: Association, left: float, top: float) -> list[str]:
    """One path for each shade of each sign; what a column says of itself is a frame."""
    own = found.down == found.across and bool(np.isin(np.diag(found.strength), (0, 1)).all())
    cells: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for (i, j), value in np.ndenumerate(found.strength):
        shade = round(LEVELS * min(abs(value), 1.0))
        if own and i == j:
            cells.setdefault(("own", LEVELS), []).append((j, i))
        elif shade:
            cells.setdefault(("heat" if value > 0 else "cold", shade), []).append((j, i))
    return [
        f'<path d="{"".join(_cell(left + x * SIDE, top + y * SIDE) for x, y in places)}" class="{kind}"'
        f' fill-opacity="{shade / LEVELS:.2f}"/>'
        for (kind, shade), places in sorted(cells.items())
    ]  # fmt: skip


def _cell(x: float, y: float) -> str:
    return f"M{x:g} {y:g}h{SIDE:g}v{SIDE:g}h{-SIDE:g}z"


def photograph(found: Association, *, signed: bool) -> Markup:
    """Places without names, as a picture: grey levels, or orange above and blue below."""
    levels = np.clip(found.strength, -1, 1)
    if signed:
        ink = np.where(levels[..., None] > 0, WARM, COLD).astype(np.uint8)
        shown = np.dstack([ink, np.rint(255 * np.abs(levels)).astype(np.uint8)])
    else:
        shown = np.rint(255 * levels).astype(np.uint8)
    times = max(1, -(-LARGER // max(shown.shape[:2])))
    buffer = io.BytesIO()
    Picture.fromarray(shown.repeat(times, 0).repeat(times, 1)).save(buffer, "PNG", optimize=True)
    code = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(found.what, code)


def warmed(images: Images, excess: Array) -> Images:
    """Each picture with its map below it: orange where there is more, blue where there is less, white where nothing."""
    levels = np.rint(images.pixels * (255 / (images.levels - 1))).astype(np.uint8)
    shown = levels if levels.shape[3] == 3 else np.repeat(levels[..., :1], 3, 3)
    share = (excess / max(float(np.abs(excess).max()), 1e-12))[..., None]
    ink = np.where(share > 0, WARM, COLD)
    maps = np.rint(255 + (ink - 255) * np.abs(share)).astype(np.uint8)
    return Images(np.concatenate([shown, maps], 1))
