"""The page about a model's codes, and the same as plain values for a program."""

import base64
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from likely import __version__
from likely.apps.attributes import Attribute
from likely.apps.inside import Inside, Neighbours
from likely.apps.interpolate import Interpolation
from likely.apps.neighbours import Nearest
from likely.apps.traversal import Traversal
from likely.contracts import Latent
from likely.data import Images, Rows, Table
from likely.fields import to_json
from likely.metrics.features import codes, frame_of, is_numeric
from likely.report import figure
from likely.report.drawing import dots, shortened, signed, svg, text
from likely.report.template import named, written

Array = np.ndarray[Any, Any]
COLOURS, SHADES = 10, 5  # of a category's levels, the last for all others; of a number
SHOWN = 12  # columns of a table that are printed
SIDE, EDGE = 300.0, 12.0  # of a map
NEAR = ("sample", "nearest in codes", "nearest in the data")
CELL, WIDE = 12.0, 3  # of a table's grid, and how many stand side by side


def write_inside(found: Inside, path: str | Path) -> Path:
    """A model seen from inside, as one HTML file."""
    plane, width = found.plane, found.coded.z.shape[1]
    return written(
        path,
        "inside.html",
        title=f"{named(found.source)}: inside a {found.coded.fitted.name}",
        facts=_facts(found),
        conclusions=_conclusions(found),
        map=scatter(found.places, found.values, found.attribute),
        legend=legend(found.attribute, found.values),
        attribute=None if found.attribute is None else found.attribute.name,
        axes="the numbers of the code themselves" if plane.own else "the codes' two principal axes",
        share="" if width <= 2 else f"{100 * plane.share:.0f} %",
        grid=_grid(found),
        given=", ".join(f"{name} = {value}" for name, value in found.given.items()),
        traversals=[_walk(each, found) for each in found.traversals],
        left=width - len(found.traversals),
        interpolations=[_between(each, found) for each in found.interpolations],
        neighbours=_neighbours(found.neighbours, found),
        near=NEAR,
        tables=isinstance(found.coded.rows, Table),
    )  # fmt: skip


def _facts(found: Inside) -> list[str]:
    width, rows = found.coded.z.shape[1], len(found.coded)
    numbers = f"codes of {width:,} number{'s' * (width != 1)}"
    return [found.source, repr(found.coded.fitted.card.family), numbers, f"{rows:,} rows", f"likely {__version__}"]


def _conclusions(found: Inside) -> list[str]:
    width, used = found.coded.z.shape[1], found.used
    told = [f"{used} of the {width} numbers of the code vary over the rows; the others say next to nothing."]
    sought = ["The model has no encoder: a search, which is a heuristic, found the codes of the rows."]
    return told * (used < width) + sought * (not isinstance(found.coded.fitted.model, Latent))


# Pictures ------------------------------------------------------------------------------------------------------------


def strip(rows: Rows, real: Rows) -> Markup:
    """Rows in their order, from left to right."""
    match rows, real:
        case Images(), _:
            return figure.image(
                figure.grid(rows, across=len(rows), most=len(rows)), f"{len(rows)} pictures, left to right"
            )
        case Table(), Table():
            return _side_by_side(rows, real)
    return figure.picture_of(rows, real)


def _side_by_side(rows: Table, real: Table, heads: Sequence[tuple[str, int]] = ()) -> Markup:
    """A line for each column, a cell for each row, the darker the higher; heads stand over so many rows each."""
    (a, b), names = codes(real, rows), list(frame_of(real))[:SHOWN]
    lines = []
    for place, name in enumerate(names):
        shades = _shades(a[:, place], b[:, place]) if is_numeric(real, name) else [0.0] * len(rows)
        told = (_spelled(value) for value in rows.frame[name])
        cells = Markup("").join(
            Markup('<td class="cell" style="--far: {}">{}</td>').format(f"{shade:.2f}", value)
            for shade, value in zip(shades, told, strict=True)
        )
        lines.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(shortened(name, 22), cells))
    over = Markup("").join(Markup('<th scope="colgroup" colspan="{}">{}</th>').format(n, name) for name, n in heads)
    head = Markup("<thead><tr><td></td>{}</tr></thead>").format(over) if heads else ""
    table = Markup('<div class="wide"><table class="steps">{}<tbody>{}</tbody></table></div>')
    return table.format(head, Markup("").join(lines))


def _shades(real: Array, drawn: Array) -> list[float]:
    """Where numbers lie between the low and the high ones of the real rows."""
    low, high = np.nanquantile(real, [0.02, 0.98]) if np.isfinite(real).any() else (0.0, 1.0)
    shades = np.nan_to_num((drawn - low) / ((high - low) or 1.0)).clip(0, 1)
    return [float(shade) for shade in shades]


def _spelled(value: Any) -> str:
    if pd.isna(value):
        return "–"
    number = isinstance(value, float | np.floating)
    return signed(f"{float(f'{value:.3g}'):g}") if number and isfinite(value) else shortened(str(value), 12)


def _grid(found: Inside) -> Markup:
    """The rows of the grid as they lie in the plane."""
    rows, real, side = found.grid_rows, found.coded.rows, found.side
    match rows, real:
        case Images(), _:
            return figure.image(figure.grid(rows, across=side, most=len(rows)), f"{len(rows)} pictures over the plane")
        case Table(), Table():
            return _heats(rows, real, side)
    return figure.picture_of(rows, real)


def _heats(rows: Table, real: Table, side: int) -> Markup:
    """One small map for each column: shades for numbers, colours for categories."""
    (a, b), names = codes(real, rows), list(frame_of(real))[: figure.COLUMNS_SHOWN]
    down, wide = -(-len(rows) // side), side * CELL
    step = wide + 28, down * CELL + 40
    shapes = []
    for place, name in enumerate(names):
        inside = (
            _heat(_shades(a[:, place], b[:, place]), side)
            if is_numeric(real, name)
            else _patches(rows.frame[name].map(_spelled).to_numpy(), real.frame[name].map(_spelled).to_numpy(), side)
        )
        at = place % WIDE * step[0], place // WIDE * step[1]
        title = text(0, 10, shortened(name, 26), "title")
        shapes.append(f'<g transform="translate({at[0]:g} {at[1]:g})">{title}{"".join(inside)}</g>')
    columns, lines = min(len(names), WIDE), -(-len(names) // WIDE)
    return svg(columns * step[0] - 28, lines * step[1] - 12, shapes, label="each column over the plane of codes")


def _heat(shades: list[float], side: int) -> list[str]:
    return [
        f'<rect x="{at % side * CELL:g}" y="{16 + at // side * CELL:g}" width="{CELL:g}" height="{CELL:g}" '
        f'class="heat" fill-opacity="{0.04 + 0.96 * shade:.2f}"/>'
        for at, shade in enumerate(shades)
    ]


def _patches(drawn: Array, real: Array, side: int) -> list[str]:
    """A colour for each of the most frequent categories, with their names below."""
    levels, counts = np.unique(real, return_counts=True)
    frequent = [str(level) for level in levels[np.argsort(-counts, kind="stable")][: COLOURS - 1]]
    place = {level: at for at, level in enumerate(frequent)}
    shapes = [
        f'<rect x="{at % side * CELL:g}" y="{16 + at // side * CELL:g}" width="{CELL:g}" height="{CELL:g}" '
        f'class="k{place.get(str(level), COLOURS - 1)}"/>'
        for at, level in enumerate(drawn)
    ]
    foot, x = 16 + -(-len(drawn) // side) * CELL + 11, 0.0
    for level in [each for each in frequent if each in set(map(str, drawn))][:4]:
        said = shortened(level, 9)
        shapes.append(text(x, foot, said, f"tick k{place[level]}"))
        x += 6 * len(said) + 8
    return shapes


def scatter(places: Array, values: Array | None, attribute: Attribute | None) -> Markup:
    """The rows in the plane, coloured by an attribute: up grows the second axis, to the right the first."""
    low, high = np.quantile(places, [0.005, 0.995], axis=0)
    half = max(float((high - low).max()) / 2, 1e-9) * 1.05  # one scale for both axes: distances are true
    spots = (places - (low + high) / 2) / half * [1, -1] * (SIDE / 2 - EDGE) + SIDE / 2
    spots = spots.clip(EDGE / 2, SIDE - EDGE / 2)
    groups = np.zeros(len(places), int) if values is None or attribute is None else _groups(values, attribute)
    kind = "s" if attribute is not None and attribute.numeric else "k"
    radius = 1.6 if len(places) > 500 else 2.4
    shapes = [dots(map(tuple, spots[groups == each]), radius, f"spot {kind}{each}") for each in np.unique(groups)]
    return svg(SIDE, SIDE, shapes, label="the rows' codes in two dimensions")


def _groups(values: Array, attribute: Attribute) -> Array:
    """The colour of each row: one for each of the frequent levels, or one for each fifth of the numbers."""
    if attribute.numeric:
        return np.searchsorted(_edges(values), np.nan_to_num(values, nan=-np.inf), side="right")
    place = {level: at for at, level in enumerate(_frequent(values))}
    return np.array([place.get(int(value), COLOURS - 1) for value in values])


def _frequent(values: Array) -> list[int]:
    present, counts = np.unique(values[values >= 0].astype(int), return_counts=True)
    others = len(present) > COLOURS or bool((values < 0).any())
    kept = present[np.argsort(-counts, kind="stable")][: COLOURS - others]
    return sorted(int(level) for level in kept)


def _edges(values: Array) -> Array:
    return np.nanquantile(values, np.arange(1, SHADES) / SHADES)


def legend(attribute: Attribute | None, values: Array | None) -> list[tuple[str, str]]:
    """(class, words) of every colour."""
    if attribute is None or values is None:
        return []
    if attribute.numeric:
        told = [f"{float(f'{edge:.3g}'):g}" for edge in _edges(values)]
        words = [f"below {told[0]}", *(f"{a} to {b}" for a, b in pairwise(told)), f"from {told[-1]}"]
        return [(f"s{at}", signed(each)) for at, each in enumerate(words)]
    known = [(f"k{at}", str(attribute.levels[level])) for at, level in enumerate(_frequent(values))]
    others = len(np.unique(values)) > len(known)
    return known + ([(f"k{COLOURS - 1}", "others, or nothing said")] if others else [])


# Parts of the page ---------------------------------------------------------------------------------------------------


def _walk(each: Traversal, found: Inside) -> dict[str, Any]:
    low, high = each.values[0], each.values[-1]
    return {
        "name": f"z{each.place + 1}", "use": f"{each.use:.2g}", "span": signed(f"{low:.2g} to {high:.2g}"),
        "picture": strip(each.rows, found.coded.rows),
    }  # fmt: skip


def _between(each: Interpolation, found: Inside) -> dict[str, Any]:
    real = found.coded.rows
    return {
        "ends": each.ends, "angle": f"{each.angle:.0f}°",
        "ways": [("straight", strip(each.straight, real)), ("spherical", strip(each.spherical, real))],
    }  # fmt: skip


def _neighbours(found: Neighbours, whole: Inside) -> list[list[Markup]]:
    """A sample, and what is nearest to it either way; of tables, all in one."""
    real, told, k = whole.coded.rows, [], found.in_codes.places.shape[1]
    for at in range(len(found.samples)):
        beside = range(at * k, (at + 1) * k)
        rows = [found.samples.take([at]), found.by_code.take(beside), found.by_data.take(beside)]
        told.append([_together(rows, real)] if isinstance(real, Table) else [strip(each, real) for each in rows])
    return told


def _together(rows: list[Rows], real: Table) -> Markup:
    """Three tables as one."""
    frames = [frame_of(Table(each.frame, real.schema)) for each in rows if isinstance(each, Table)]
    heads = [(name, len(frame)) for name, frame in zip(NEAR, frames, strict=True)]
    return _side_by_side(Table(pd.concat(frames, ignore_index=True), real.schema), real, heads)


# For a program -------------------------------------------------------------------------------------------------------


def plain(found: Inside) -> dict[str, Any]:
    """All of it as plain values: pictures as PNG in base64, tables as records, codes as numbers."""
    plane, model = found.plane, found.coded.fitted
    return {
        "source": found.source, "family": to_json(model.card.family), "rows": len(found.coded),
        "width": found.coded.z.shape[1], "used": found.used, "given": found.given,
        "plane": {
            "centre": plane.centre.tolist(), "axes": plane.axes.tolist(), "spread": plane.spread.tolist(),
            "share": plane.share,
        },
        "map": {
            "places": found.places.round(5).tolist(), "by": found.attribute and found.attribute.name,
            "values": _values(found),
        },
        "grid": {"side": found.side, "places": found.grid.tolist(), "rows": shown_rows(found.grid_rows, found.side)},
        "traversals": [
            {"number": each.place + 1, "use": each.use, "values": each.values.tolist(), "rows": shown_rows(each.rows)}
            for each in found.traversals
        ],
        "interpolations": [_plain_between(each) for each in found.interpolations],
        "neighbours": _plain_neighbours(found.neighbours),
    }  # fmt: skip


def _values(found: Inside) -> list[Any] | None:
    if found.values is None or found.attribute is None:
        return None
    told = [found.attribute.told(value) for value in found.values]
    return [value.item() if isinstance(value, np.generic) else value for value in told]


def _plain_between(each: Interpolation) -> dict[str, Any]:
    ways = zip(("straight", "spherical"), (each.straight, each.spherical), each.z, strict=True)
    told = {name: {"rows": shown_rows(rows), "codes": z.tolist()} for name, rows, z in ways}
    return {"ends": list(each.ends), "angle": each.angle} | told


def _plain_neighbours(found: Neighbours) -> dict[str, Any]:
    def told(nearest: Nearest, rows: Rows) -> dict[str, Any]:
        return {"far": nearest.far.tolist(), "rows": shown_rows(rows, nearest.places.shape[1])}

    return {
        "samples": shown_rows(found.samples), "in_codes": told(found.in_codes, found.by_code),
        "in_data": told(found.in_data, found.by_data),
    }  # fmt: skip


def shown_rows(rows: Rows, across: int | None = None) -> Any:
    """Rows for a program that shows them: records of a table, one picture of pictures, else their numbers."""
    match rows:
        case Table():
            frame = rows.frame
            return frame.astype(object).where(frame.notna(), None).to_dict("records")
        case Images():
            many = across or len(rows)
            _, height, width, _ = rows.pixels.shape
            png = base64.b64encode(figure.grid(rows, across=many, most=len(rows))).decode("ascii")
            return {"png": png, "across": many, "count": len(rows), "height": height, "width": width}
    return rows.array().tolist()
