"""The page: a comparison or a measurement, filled into one template and written whole."""

import os
import platform
from datetime import UTC, datetime
from math import inf, isfinite, log
from pathlib import Path
from typing import Any

from likely import __version__
from likely.apps.comparison import Comparison
from likely.apps.contender import Contender
from likely.apps.graph import graphs
from likely.apps.measure import FLOOR, Measurement
from likely.apps.told import conclusions, told_codes, told_each, told_fit, told_kept, told_mean
from likely.contracts import Scores
from likely.data import Pieces, Rows, Table
from likely.doctor import readings_of
from likely.metrics import Measure, Verdict
from likely.report import checked, figure
from likely.report.drawing import signed
from likely.report.graph import graph_of, left_out
from likely.report.template import named, written

MOST_GRAPHS = 4  # of a model that has one for each class
MEASURED = {  # each with how far from its floor is far, and on which side
    "two-sample AUC": 0.5, "marginals": 0.3, "pairs": 0.3, "precision": -1.0, "recall": -1.0, "density": -1.0,
    "coverage": -1.0, "nearer to training": 0.5, "copies": 1.0,
}  # fmt: skip


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """The families side by side, as one HTML file."""
    everyone = (*comparison.contenders, *comparison.references)
    found = checked.certified(everyone)
    return written(
        path,
        "page.html",
        title=f"{named(comparison.source)}: which family suits it?",
        facts=_facts(comparison),
        conclusions=conclusions(comparison),
        real=figure.picture_of(comparison.real, comparison.real) if isinstance(comparison.real, Pieces) else "",
        cards=[_card(contender, comparison.real) for contender in everyone if not _is_pictured(contender, comparison)],
        tables=isinstance(comparison.real, Table),
        caption=_caption(comparison.real),
        chart=_chart(everyone),
        scores=[_score_row(c, comparison.real) for c in _ranked(everyone)],
        verdicts=[_verdict(pair, verdict) for pair, verdict in comparison.verdicts.items()],
        checks=checked.names_of(found),
        checked=checked.lines(found),
        maps=checked.maps(found),
        table=_table([(c.name, c.measures) for c in everyone if c.measures]),
        measure=next((c.scores.measure for c in everyone if c.scores is not None), ""),
    )


def write_measurement(measurement: Measurement, path: str | Path) -> Path:
    """Somebody's synthetic rows beside the references, as one HTML file."""
    real, drawn = measurement.rows
    tables = isinstance(measurement.real, Table)
    shown = [m for m in measurement.measured if tables or m.name != FLOOR]
    return written(
        path,
        "page.html",
        title=f"{named(measurement.source)}: how good are these synthetic rows?",
        facts=[measurement.source, f"{real:,} real rows", f"{drawn:,} synthetic rows", *_made()],
        conclusions=[],
        real="" if tables else figure.picture_of(measurement.real, measurement.real),
        cards=[_card(Contender(m.name, samples=m.samples), measurement.real, plain=True) for m in shown],
        tables=tables,
        caption=_caption(measurement.real),
        chart="", scores=[], verdicts=[], checks=[], checked=[], maps=[], measure="",
        table=_table([(m.name, m.measures) for m in measurement.measured]),
    )  # fmt: skip


def _facts(comparison: Comparison) -> list[str]:
    rows = comparison.rows
    told = [f"{rows['train']:,} training, {rows['validation']:,} validation and {rows['test']:,} test rows"]
    if comparison.condition:
        told.append(f"every model is given {', '.join(comparison.condition)}")
    return [comparison.source, *told, f"budget {comparison.budget}", f"seed {comparison.seed}", *_made()]


def _made() -> list[str]:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return [f"likely {__version__}", f"{now}, {platform.machine()}, {os.cpu_count()} cores"]


def _is_pictured(contender: Contender, comparison: Comparison) -> bool:
    """Real pieces have a card of their own; a table's rows stand under every other."""
    return contender.name == FLOOR and not isinstance(comparison.real, Table)


def _caption(real: Rows) -> str:
    """How to read the pictures."""
    if not isinstance(real, Table):
        drawn = real.word.capitalize()
        return f"{drawn} are drawn at random, none was chosen; a row is one class where there are classes."
    more = figure.left_out(real)
    rest = f" {more} more columns are not drawn." if more else ""
    return f"Grey: unseen real rows. Orange: samples. A bar at the right is the share of missing cells.{rest}"


def _card(contender: Contender, real: Rows, *, plain: bool = False) -> dict[str, Any]:
    drawn, scores = contender.samples, contender.scores
    return {
        "name": contender.name,
        "plain": plain or contender.name == FLOOR,
        "family": repr(contender.family) if contender.family is not None else "",
        "picture": figure.picture_of(drawn, real) if drawn is not None else "",
        "kind": scores.kind if scores else "",
        "score": signed(told_mean(scores)) if scores else "",
        "failed": contender.failed,
        "why": "" if contender.failed else contender.why_no_score,
        "fit": told_fit(contender) if contender.fit_seconds else "",
        "each": told_each(contender),
        "graphs": _graphs(contender),
        "kept": told_kept(contender.fitted.card.measures) if contender.fitted else "",
        "rule": contender.fitted.card.measures.get("rule") or "" if contender.fitted else "",
        "codes": told_codes(contender.fitted.card.measures) if contender.fitted else "",
        "health": [f"{each.name}: {each} ({each.healthy})" for each in readings_of(contender.fitted.card)]
        if contender.fitted
        else [],
        "findings": list(contender.fitted.card.findings) if contender.fitted else [],
    }


def _graphs(contender: Contender) -> list[dict[str, Any]]:
    """The figures of a model that can be drawn, of some of its classes."""
    found = graphs(contender.fitted)[:MOST_GRAPHS] if contender.fitted else ()
    told = [{"title": each.title, "picture": graph_of(each), "left": left_out(each)} for each in found]
    return [each for each in told if each["picture"]]


def _ranked(everyone: tuple[Contender, ...]) -> list[Contender]:
    """Those with a score, the highest number first."""
    return sorted((c for c in everyone if c.scores is not None), key=lambda c: _finite(c.scores), reverse=True)


def _finite(scores: Scores | None) -> float:
    return scores.mean if scores is not None and isfinite(scores.mean) else -inf


def _chart(everyone: tuple[Contender, ...]) -> str:
    scored = [(c.name, c.scores) for c in _ranked(everyone) if c.scores is not None]
    rows = [(name, s.kind, s.mean, 1.96 * s.mean_stderr) for name, s in scored if isfinite(s.mean + s.mean_stderr)]
    return figure.intervals(rows) if rows else ""


def _score_row(contender: Contender, real: Rows) -> dict[str, str]:
    scores = contender.scores
    assert scores is not None
    return {
        "name": contender.name, "kind": scores.kind, "value": signed(told_mean(scores)),
        "bits": _bits(scores.mean, real), "fit": told_fit(contender), "each": told_each(contender),
    }  # fmt: skip


def _bits(mean: float, real: Rows) -> str:
    """Bits a number (a pixel), as pieces are often judged by."""
    if not isinstance(real, Pieces):
        return ""
    return f"{-mean / log(2) / real.dimensions:.3f}" if isfinite(mean) else "–"


def _table(rows: list[tuple[str, dict[str, Measure]]]) -> dict[str, Any]:
    """Every measure with its interval, and how much farther from ideal it is than real rows as a shade."""
    names = [name for name in MEASURED if any(name in found for _, found in rows)]
    notes = {name: next(found[name].note for _, found in rows if name in found) for name in names}
    floor = dict(rows).get(FLOOR, {})
    cells = [(title, [_cell(found.get(name), floor.get(name)) for name in names]) for title, found in rows]
    fewest = min((m for _, found in rows for m in found.values()), key=lambda measure: min(measure.rows))
    return {"names": names, "notes": notes, "rows": cells, "warning": fewest.warning}


def _cell(measure: Measure | None, floor: Measure | None) -> dict[str, str]:
    if measure is None:
        return {"value": "–", "interval": "", "shade": "0"}
    scale, best = MEASURED[measure.name], measure.ideal if floor is None else floor.value
    far = min(max((measure.value - best) / scale, 0.0), 1.0)
    return {
        "value": f"{measure.value:.3f}", "interval": f"{measure.low:.3f} – {measure.high:.3f}", "shade": f"{far:.2f}",
    }  # fmt: skip


def _verdict(pair: tuple[str, str], verdict: Verdict) -> dict[str, str]:
    first, second = pair
    decided = {"first": f"{first} beats {second}", "second": f"{second} beats {first}"}
    known = verdict.difference == verdict.difference  # NaN: the two cannot be subtracted
    return {
        "told": decided.get(verdict.outcome, f"{first} or {second}: undecided"),
        "outcome": verdict.outcome,
        "span": signed(f"{verdict.difference:+.2f} [{verdict.low:+.2f}, {verdict.high:+.2f}]") if known else "–",
        "why": verdict.why,
    }
