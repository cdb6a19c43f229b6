"""The page: a comparison or a measurement, filled into one template and written whole."""

import os
import platform
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, select_autoescape

from likely import __version__
from likely.apps.compare import Comparison
from likely.apps.contender import Contender
from likely.apps.measure import Measurement
from likely.apps.told import conclusions, duration
from likely.errors import CannotSave
from likely.metrics import Measure
from likely.report import figure

MEASURED = (
    "two-sample AUC",
    "marginals",
    "pairs",
    "precision",
    "recall",
    "density",
    "coverage",
    "nearer to training",
    "copies",
)


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """The families side by side, as one HTML file."""
    everyone = (*comparison.contenders, *comparison.references)
    scored = [(c.name, c.scores) for c in everyone if c.scores is not None]
    spans = [(n, s.mean, s.mean - 1.96 * s.mean_stderr, s.mean + 1.96 * s.mean_stderr) for n, s in scored]
    return _written(
        path,
        title=f"{comparison.source}: which family suits it?",
        facts=_facts(comparison),
        conclusions=conclusions(comparison),
        cards=[_card(c, comparison) for c in everyone],
        chart=figure.inline(figure.intervals(spans)) if spans else "",
        table=_table([(c.name, c.measures) for c in everyone]),
        scores=[_score_row(c) for c in everyone],
        verdicts=[_verdict(pair, v) for pair, v in comparison.verdicts.items()],
        real=figure.inline(figure.picture_of(comparison.real, comparison.real)),
    )


def write_measurement(measurement: Measurement, path: str | Path) -> Path:
    """Somebody's synthetic rows beside the references, as one HTML file."""
    real, drawn = measurement.rows
    return _written(
        path,
        title=f"{measurement.source}: how good are these synthetic rows?",
        facts=[f"{real} real rows", f"{drawn} synthetic rows", *_made()],
        conclusions=[],
        cards=[], chart="", scores=[], verdicts=[], real="",
        table=_table([(m.name, m.measures) for m in measurement.measured]),
    )  # fmt: skip


def claim(path: str | Path) -> None:
    """Make sure that the page can be written there, before the work it will show is done."""
    target = Path(path)
    beside = target.with_name(f"{target.name}.new-{os.getpid()}")
    if target.is_dir():
        raise CannotSave(f"{target} is a folder", expected="the name of a file", remedy=f"-o {target}/report.html")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> CannotSave:
    return CannotSave(f"{target} cannot be written: {error.strerror}", remedy="choose another place with -o")


def _facts(comparison: Comparison) -> list[str]:
    rows = comparison.rows
    told = [f"{rows['train']} training, {rows['validation']} validation and {rows['test']} test rows"]
    if comparison.condition:
        told.append(f"every model is given {', '.join(comparison.condition)}")
    return [*told, f"seed {comparison.seed}", *_made()]


def _made() -> list[str]:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return [f"likely {__version__}", f"{now}, {platform.machine()}, {os.cpu_count()} cores"]


def _card(contender: Contender, comparison: Comparison) -> dict[str, Any]:
    drawn = contender.samples
    return {
        "name": contender.name,
        "family": repr(contender.family) if contender.family is not None else "",
        "picture": figure.inline(figure.picture_of(drawn, comparison.real)) if drawn is not None else "",
        "kind": contender.scores.kind if contender.scores else "none",
        "score": f"{contender.scores.mean:.2f} ± {contender.scores.mean_stderr:.2f}" if contender.scores else "",
        "why": contender.failed or contender.why_no_score,
        "fit": duration(contender.fit_seconds) if contender.fit_seconds else "",
        "each": duration(contender.sample_seconds) if contender.sample_seconds else "",
        "findings": list(contender.fitted.card.findings) if contender.fitted else [],
        "measure": contender.scores.measure if contender.scores else "",
    }


def _score_row(contender: Contender) -> dict[str, str]:
    card = {"name": contender.name, "kind": "none", "value": "", "bits": "", "fit": "–", "each": "–"}
    if contender.scores is not None:
        card |= {
            "kind": contender.scores.kind,
            "value": f"{contender.scores.mean:.2f} ± {contender.scores.mean_stderr:.2f}",
        }
    if contender.fit_seconds:
        card |= {"fit": duration(contender.fit_seconds), "each": duration(contender.sample_seconds or 0)}
    return card


def _table(rows: list[tuple[str, dict[str, Measure]]]) -> dict[str, Any]:
    """Every measure with its interval, and how far it is from ideal as a shade."""
    names = [name for name in MEASURED if any(name in found for _, found in rows)]
    notes = {name: next(found[name].note for _, found in rows if name in found) for name in names}
    cells = [(title, [_cell(found.get(name)) for name in names]) for title, found in rows]
    warnings = sorted({m.warning for _, found in rows for m in found.values() if m.warning})
    return {"names": names, "notes": notes, "rows": cells, "warnings": warnings}


def _cell(measure: Measure | None) -> dict[str, str]:
    if measure is None:
        return {"value": "–", "interval": "", "shade": "0"}
    far = (
        min(abs(measure.value - measure.ideal) / max(abs(measure.ideal), 0.5), 1.0)
        if measure.value == measure.value
        else 0.0
    )
    return {
        "value": f"{measure.value:.3f}",
        "interval": f"{measure.low:.3f} – {measure.high:.3f}",
        "shade": f"{far:.2f}",
    }


def _verdict(pair: tuple[str, str], verdict: Any) -> dict[str, str]:
    first, second = pair
    told = {"first": f"{first} beats {second}", "second": f"{second} beats {first}"}.get(
        verdict.outcome, f"{first} or {second}: undecided"
    )
    span = f"{verdict.difference:+.2f} [{verdict.low:+.2f}, {verdict.high:+.2f}]"
    return {"told": told, "outcome": verdict.outcome, "span": span, "why": verdict.why}


def _written(path: str | Path, **filled: Any) -> Path:
    environment = Environment(
        autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("likely.report").joinpath("page.html").read_text(encoding="utf-8")
    target = Path(path)
    beside = target.with_name(f"{target.name}.new-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(environment.from_string(source).render(**filled), encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CannotSave(
            f"{target} cannot be written: {error.strerror}", remedy="choose another place with -o"
        ) from error
    return target
