"""likely anomalies RECORD.csv [--window 48] [--calibration usual.csv]; likely anomalies RUN RECORD.csv --moments"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from likely.cli.output import emit_json, print_table, records

if TYPE_CHECKING:
    import pandas as pd

    from likely.fitted import Fitted

SHOWN = 10  # of the strangest moments, each a window from the others


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


def alone(
    data: str, calibration: str | None, window: int | None, alarms: float, out: Path | None, seed: int, *, as_json: bool
) -> None:
    """A record that no model was fitted to (`likely.apps.series_detector`)."""
    from likely.apps.series_detector import SeriesDetector

    watched = SeriesDetector(length=window).fit(calibration or data, seed=seed)
    found = watched.anomalies(None if calibration is None else data)
    length = watched.look.length
    learned = "the rest of the record, later moments too" if calibration is None else f"{calibration}"
    kind = f"kernel densities of windows of {length} moments, learned from {learned}"
    _shown(found, length, alarms, out, kind, as_json=as_json)


def by_model(
    fitted: "Fitted[Any]", data: str, calibration: str | None, alarms: float, out: Path | None, *, as_json: bool
) -> None:
    """Moments of a record by a model of its windows (`likely.apps.moments`)."""
    from likely.apps.moments import odd_moments, window_of
    from likely.apps.strange import kind_of

    found = odd_moments(fitted, data, calibration)
    length = window_of(fitted)
    kind = f"{kind_of(fitted)} of windows of {length} moments" + (
        "" if calibration else "; p-values need --calibration, a record as it should be"
    )
    _shown(found, length, alarms, out, kind, as_json=as_json)


def _shown(found: "pd.DataFrame", length: int, alarms: float, out: Path | None, kind: str, *, as_json: bool) -> None:
    from likely.apps.moments import strangest
    from likely.data import Schema, Table, write

    if out is not None:
        write(Table(found, Schema(())), out)
    top = strangest(found["score"].to_numpy(), SHOWN, length)
    raised = int((found["q_value"].to_numpy() <= alarms).sum()) if "q_value" in found else None
    if as_json:
        told = [{"moment": place + 1, **found.iloc[place].to_dict()} for place in top]
        rows = None if out is not None else records(found)
        emit_json({"score": kind, "window": length, "alarms": alarms, "raised": raised, "file": out, "rows": rows,
                   "strangest": told})  # fmt: skip
        return
    header = ("moment", *(name.removesuffix("_value") for name in found.columns))
    print_table("", header, [_line(found, place) for place in top], note=_note(found, raised, alarms, kind))


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
        lines.append(f"{gone} moments with gaps were bridged by straight lines and not judged")
    return "\n".join(lines)
