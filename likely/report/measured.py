"""The page of a measurement: somebody's synthetic rows beside the references, question by question."""

from pathlib import Path
from typing import Any

from likely.apps.contender import Contender
from likely.apps.exhibits import exhibits
from likely.apps.measure import FLOOR, Measurement, told_copies
from likely.apps.told_measures import conclusions
from likely.data import Images, Pieces, Table
from likely.metrics.measure import GROUPS
from likely.report import figure, measures
from likely.report.cards import card, room
from likely.report.lines import made
from likely.report.page import caption
from likely.report.sheet import sheet
from likely.report.shown import ranks_of, ties_of
from likely.report.spectra import edges, spectra
from likely.report.template import named, written

MOST = 6  # copies that are shown


def write_measurement(measurement: Measurement, path: str | Path) -> Path:
    """Somebody's synthetic rows beside the references, as one HTML file."""
    rows, real = [(m.name, m.measures) for m in measurement.measured], measurement.real
    tables, beside = isinstance(real, Table), {m.name for m in measurement.measured[1:]}
    found = exhibits(real, [(m.name, m.samples) for m in measurement.measured])
    shown = [m for m in measurement.measured if tables or m.name != FLOOR]
    known = [m.samples for m in measurement.measured if m.name == FLOOR]
    most = room(len(shown) + 1)
    groups = measures.groups(rows, GROUPS)
    return written(
        path, "measured.html", title=f"{named(measurement.source)}: how good are these synthetic rows?",
        kicker="likely measure", facts=facts_of(measurement),
        conclusions=[*conclusions(measurement), *measurement.warnings],
        contents=[("verdict", "Verdict"), ("samples", "Samples"), *_contents(groups), ("table", "All measures")],
        real=figure.picture_of(real, real, name="real rows", room=most) if isinstance(real, Pieces) else "",
        word=real.word if isinstance(real, Pieces) else "rows",
        cards=[
            card(Contender(m.name, samples=m.samples), real, known, reference=m.name in beside, most=most, plain=True)
            for m in shown
        ],
        tables=tables, caption=caption(real), groups=groups, sides=[name for name, _ in rows],
        ranks=ranks_of(found), ties=ties_of(found, real), table=measures.table(rows, beside),
        copied=_copied(measurement), waves=spectra(measurement), edged=_edged(measurement),
    )  # fmt: skip


def facts_of(measurement: Measurement) -> list[str]:
    """How many rows, by which version, when and where."""
    real, drawn = measurement.rows
    return [measurement.source, f"{real:,} real rows", f"{drawn:,} synthetic rows", *made()]


def _copied(measurement: Measurement) -> dict[str, Any] | None:
    """Which rows repeat a learned one, and the first of them."""
    found = measurement.copies
    if not found:
        return None
    rows = measurement.measured[0].samples.take([each.synthetic for each in found[:MOST]])
    shown = sheet(rows) if isinstance(rows, Table) else figure.picture_of(rows, measurement.real, name="copied rows")
    return {"said": told_copies(found), "picture": shown}


def _edged(measurement: Measurement) -> list[tuple[str, Any]]:
    """The edges of some pictures of each side, and of real ones."""
    sides = [
        ("real pictures", measurement.real),
        *((m.name, m.samples) for m in measurement.measured if m.name != FLOOR),
    ]
    real = measurement.real
    found = [(name, edges(rows, real)) for name, rows in sides if isinstance(rows, Images) and isinstance(real, Images)]
    return [(name, picture) for name, picture in found if picture is not None]


def _contents(groups: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(f"group-{at}", str(group["name"]).capitalize()) for at, group in enumerate(groups, 1)]
