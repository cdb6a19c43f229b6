"""The page of one fitted model: what it is, what it draws, how it learned, and what was checked."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from markupsafe import Markup

from likely.apps.calibrated import conclusions as calibration_conclusions
from likely.apps.contender import Contender
from likely.apps.exhibits import Exhibits
from likely.apps.measure import FLOOR
from likely.apps.portrait import Judged, Portrait
from likely.apps.told_measures import worse
from likely.certificates.told import summary
from likely.data import Pieces, Rows, Table
from likely.report import calibrated, checked, curves, figure, lines, measures
from likely.report.cards import card, drawn_graphs, readings
from likely.report.drawing import dots, line, path, signed, svg, text
from likely.report.page import caption
from likely.report.shown import maps_of, ranks_of, ties_of
from likely.report.template import named, written

LEFT, RIGHT, TOP, BOTTOM, WIDTH = 44.0, 340.0, 8.0, 180.0, 352.0  # of the curve's inside, and of the drawing
KINDS = {"=": "exactly", "≥": "at least", "≈": "about", "≥ ≈": "at least about"}
NEXT = (
    ("sample", "likely sample {} -n 1000 -o new{}", "new rows"),
    ("score", "likely score {} {}", "how likely each row is"),
    ("health", "likely show {} --health", "everything a doctor looks at"),
    ("inside", "likely inside {}", "codes: map, manifold, traversals"),
)


def write_portrait(found: Portrait, said: Sequence[tuple[str, str]], path: str | Path) -> Path:
    """One model as one HTML file; `said` is its card, line by line."""
    fitted, real = found.fitted, found.real
    contender = Contender(fitted.name, fitted.card.family, samples=found.samples, fitted=fitted)
    exhibits = found.exhibits or Exhibits((), {}, ())
    certified = checked.certified([contender])
    filled = {
        "conclusions": conclusions(found), "left": found.left_out,
        "tables": isinstance(found.samples, Table), "word": real.word if isinstance(real, Pieces) else "rows",
        "caption": caption(found.samples) if found.samples is not None and real is not None else "",
        "unseen": found.unseen, "real": _picture(real), "cards": _cards(contender, real), "said": said,
        "curve": curve(found.judged, fitted.card.measures.get("kept") or {}), "unit": _unit(found),
        "table": measures.table([*found.measures.items()], [FLOOR]) if found.measures else None,
        "ranks": ranks_of(exhibits), "ties": ties_of(exhibits, real) if real is not None else {},
        "codes": [] if found.map is None else maps_of(Exhibits((), {}, (found.map,))),
        "reliability": "" if found.reliability is None else curves.confidence(found.reliability, None),
        "calibration": _calibration(found), "graphs": drawn_graphs(fitted),
        "checks": [] if not certified else certified[0][1].checks, "maps": checked.maps(certified),
        "findings": list(fitted.card.findings), "readings": readings(fitted.card), "next": _next(found),
    }  # fmt: skip
    contents = [(place, name) for place, name, needs in CONTENTS if not needs or any(filled[each] for each in needs)]
    return written(
        path, "portrait.html", title=f"{named(found.source)}: a {fitted.name}", kicker="likely show",
        facts=[repr(fitted.card.family), *lines.made()], contents=contents, **filled,
    )  # fmt: skip


CONTENTS = (
    ("verdict", "Verdict", ()), ("samples", "Samples", ("cards",)), ("likeness", "Likeness", ("table",)),
    ("curve", "Learning", ("curve",)), ("calibration", "Calibration", ("ranks", "reliability", "calibration")),
    ("dependence", "Dependence", ("ties",)), ("codes", "Codes", ("codes",)), ("checks", "Checks", ("checks",)),
    ("health", "Health", ("findings", "readings")), ("card", "Card", ()), ("next", "Next", ()),
)  # fmt: skip


def conclusions(found: Portrait) -> list[str]:
    """What is known of the model, in plain sentences."""
    fitted = found.fitted
    said, rows = fitted.card.measures.get("validation") or {}, fitted.card.data.get("rows")
    told = [f"A {fitted.name} learned from {rows:,} rows." if rows else f"A {fitted.name}."]
    if said.get("mean") is not None:
        error, kind = said.get("stderr"), KINDS.get(said["kind"], said["kind"])
        within = f" ± {float(f'{error:.2g}'):g}" if error else ""
        told.append(signed(f"Rows it did not learn from get {kind} {said['mean']:.4g}{within} nats each."))
    else:
        told.append("It gives rows no likelihood: judge by its samples.")
    told += _by_samples(found)
    if found.calibration is not None:
        told += calibration_conclusions(found.calibration)[:1]
    if fitted.card.certificates is not None:
        told.append(f"Checks: {summary(fitted.card.certificates)}.")
    count = len(fitted.card.findings)
    return [*told, f"{count} finding{'s' * (count != 1)} about its health stand below."] if count else told


def _by_samples(found: Portrait) -> list[str]:
    """What its samples get beside what other real rows get."""
    mine, floor = found.measures.get(found.fitted.name, {}), found.measures.get(FLOOR, {})
    if not mine:
        return []
    bad = [
        f"{name} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
        for name, one in mine.items()
        if worse(one, floor.get(name))
    ]
    if not bad:
        return ["By no measure here are its samples shown to be worse than other real rows."]
    return [f"Its samples are worse than real rows by {'; '.join(bad)}."]


def _picture(real: Rows | None) -> Markup:
    return figure.picture_of(real, real, name="real rows") if isinstance(real, Pieces) else Markup()


def _cards(contender: Contender, real: Rows | None) -> list[dict[str, Any]]:
    if contender.samples is None:
        return []
    told = card(contender, real if real is not None else contender.samples, plain=True)
    beside = [] if not isinstance(real, Table) else [card(Contender(FLOOR, samples=real), real, reference=True)]
    return [*beside, told | {"graphs": [], "findings": []}]


def _unit(found: Portrait) -> str:
    return found.judged[0].unit if found.judged else ""


def _calibration(found: Portrait) -> list[tuple[str, Markup]]:
    """A figure for each column that the model is given others for."""
    columns = {} if found.calibration is None else found.calibration.columns
    return [(name, calibrated.curve(each)) for name, each in columns.items()]


def _next(found: Portrait) -> list[tuple[str, str]]:
    """What else there is to look at, as commands."""
    suffix = "" if found.samples is None else found.samples.suffix
    coded = found.map is not None
    return [
        (what, form.format(found.folder, suffix if verb == "sample" else found.source))
        for verb, form, what in NEXT
        if verb != "inside" or coded
    ]


def curve(judged: Sequence[Judged], kept: dict[str, Any]) -> Markup:
    """Judgements of validation rows against steps: the weights as they were, their average, and what was kept."""
    if len(judged) < 2:
        return Markup()
    values = sorted(each.value for each in judged)
    low, high = min(values[0], *(each.average for each in judged)), values[int(0.95 * (len(values) - 1))]
    high = max(high, low + 1e-9 * max(abs(low), 1.0))
    most = judged[-1].step

    def at(step: float, value: float) -> tuple[float, float]:
        share = (min(max(value, low), high) - low) / (high - low)
        return LEFT + (RIGHT - LEFT) * step / most, BOTTOM - (BOTTOM - TOP) * (0.06 + 0.9 * share)

    shapes = [line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")]
    for k in range(5):
        value = low + (high - low) * k / 4
        y = at(0, value)[1]
        shapes += [line(LEFT, y, RIGHT, y, "grid"), text(LEFT - 5, y + 3, signed(f"{value:.4g}"), "tick", end="end")]
    for step in (0, most // 2, most):
        shapes.append(text(at(step, low)[0], BOTTOM + 13, f"{step:,}", "tick", end="middle"))
    shapes += [path([at(each.step, each.value) for each in judged], "curve c1"),
               path([at(each.step, each.average) for each in judged], "curve c0")]  # fmt: skip
    if kept.get("value") is not None and isfinite(kept["value"]):
        shapes.append(dots([at(kept["step"], kept["value"])], 4, "dots c2"))
    shapes.append(text((LEFT + RIGHT) / 2, BOTTOM + 26, "steps", "tick", end="middle"))
    return svg(WIDTH, BOTTOM + 30, shapes, label="judgements of validation rows against steps, less is better")
