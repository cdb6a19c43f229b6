"""likely anomalies RECORD.csv [--window 48] [--calibration usual.csv]; likely anomalies RUN RECORD.csv --moments"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from likely.cli.output import emit_json, print_table, records

if TYPE_CHECKING:
    import pandas as pd

    from likely.apps.moments import Record
    from likely.fitted import Fitted

SHOWN = 10  # of the strangest moments, each a window from the others


@final
@dataclass(frozen=True)
class Told:
    """How what was found is told."""

    alarms: float
    out: Path | None
    plot: Path | None
    as_json: bool


def asked(data: Path, said: bool | None, window: int | None) -> bool:
    """Whether this file is to be looked through as one record: as is said, or as it looks."""
    from likely.apps.moments import is_record
    from likely.data import Table, read
    from likely.errors import FieldError
    from likely.store import DOCUMENT

    if said is False and window is not None:
        raise FieldError("--window is of moments, and --rows was asked for", expected="one of them")
    if said is not None or window is not None or (data / DOCUMENT).is_file():
        return bool(said or window) and not (data / DOCUMENT).is_file()
    rows = read(str(data))
    return isinstance(rows, Table) and is_record(rows)


def check_plot(plot: Path | None, *, moments: bool) -> None:
    """A drawing is of moments, and an SVG file."""
    from likely.errors import FieldError

    if plot is not None and not moments:
        raise FieldError("--plot draws moments, and these are rows", expected="one record", remedy="--moments")
    if plot is not None and plot.suffix.lower() != ".svg":
        raise FieldError(f"{plot} is no drawing that can be made", expected="a name that ends in .svg")


def alone(data: str, calibration: str | None, window: int | None, told: Told, seed: int) -> None:
    """A record that no model was fitted to (`likely.apps.series_detector`)."""
    from likely.apps.moments import Record
    from likely.apps.series_detector import SeriesDetector

    check_plot(told.plot, moments=True)
    record = Record.read(data)
    watched = SeriesDetector(length=window).fit(record if calibration is None else calibration, seed=seed)
    found = watched.anomalies(None if calibration is None else record)
    length = watched.look.length
    learned = "the rest of the record, later moments too" if calibration is None else f"{calibration}"
    kind = f"kernel densities of windows of {length} moments, learned from {learned}"
    _shown(record, found, length, kind, told)


def by_model(fitted: "Fitted[Any]", data: str, calibration: str | None, told: Told) -> None:
    """Moments of a record by a model of its windows (`likely.apps.moments`)."""
    from likely.apps.moments import Record, odd_moments, window_of
    from likely.apps.strange import kind_of

    record, length = Record.read(data), window_of(fitted)
    found = odd_moments(fitted, record, calibration)
    least = "" if calibration else "; p-values need --calibration, a record as it should be"
    _shown(record, found, length, f"{kind_of(fitted)} of windows of {length} moments{least}", told)


def _shown(record: "Record", found: "pd.DataFrame", length: int, kind: str, told: Told) -> None:
    from likely.apps.moments import strangest
    from likely.atomic import appearing
    from likely.data import Schema, Table, write
    from likely.report.moments import picture

    score = found["score"].to_numpy()
    top = strangest(score, SHOWN, length)
    if told.out is not None:
        write(Table(found, Schema(())), told.out)
    if told.plot is not None:
        with appearing(told.plot) as part:
            part.write_text(picture(record, score, top), encoding="utf-8")
    raised = int((found["q_value"].to_numpy() <= told.alarms).sum()) if "q_value" in found else None
    if told.as_json:
        rows = None if told.out is not None else records(found)
        strange = [{"moment": place + 1, **found.iloc[place].to_dict()} for place in top]
        emit_json({"score": kind, "window": length, "alarms": told.alarms, "raised": raised, "file": told.out,
                   "plot": told.plot, "rows": rows, "strangest": strange})  # fmt: skip
        return
    header = ("moment", *(name.removesuffix("_value") for name in found.columns))
    print_table("", header, [_line(found, place) for place in top], note=_note(found, raised, told.alarms, kind))


def _line(found: "pd.DataFrame", place: int) -> tuple[str, ...]:
    """A moment, counted from 1."""
    cells = (found[name].iloc[place] for name in found.columns)
    return (str(place + 1), *(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells))


def _note(found: "pd.DataFrame", raised: int | None, alarms: float, kind: str) -> str:
    import numpy as np

    gone, said = int(np.isnan(found["score"].to_numpy()).sum()), f"{len(found)} moments"
    if raised is not None:
        said = f"{raised} of {said} raised, at most {100 * alarms:g} % of their stretches false alarms on average"
    lines = [f"{said}; those shown are a window apart", f"score: {kind}"]
    if raised == 0:
        lines.append(f"p is at least {found['p_value'].min():.2g}, by the stretches there are to compare with")
    if gone:
        lines.append(f"{gone} moments are in gaps or too near to long ones, and were not judged")
    return "\n".join(lines)
