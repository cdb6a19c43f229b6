"""likely anomalies RUN DATA [--calibration good.csv] [-o out.csv]"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table, records

SHOWN = 10  # of the strangest rows


def anomalies(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows to look through, with the columns the model was fitted on.")],
    calibration: Annotated[
        str | None, typer.Option(help="Rows as they should be, which the model has not seen; none: its held-out rows.")
    ] = None,
    alarms: Annotated[
        float, typer.Option(help="The share of false alarms that is accepted among the rows raised.", min=0, max=1)
    ] = 0.05,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: score, p and q of every row.")] = None,
    as_json: Json = False,
) -> None:
    """Say which rows are strange, with p-values against rows that the model has not learned from."""
    from likely.apps.anomalies import anomalies as judged
    from likely.apps.anomalies import kind_of
    from likely.data import Schema, Table, write
    from likely.fitted import load

    fitted = load(run)
    found = judged(fitted, data, calibration)
    if out is not None:
        write(Table(found, Schema(())), out)
    raised = int((found["q_value"].to_numpy() <= alarms).sum())
    if as_json:
        rows = None if out is not None else records(found)
        emit_json({"score": kind_of(fitted), "alarms": alarms, "raised": raised, "file": out, "rows": rows})
        return
    print_table("", ("row", "score", "p", "q"), _strangest(found), note=_note(found, raised, alarms, kind_of(fitted)))


def _strangest(found: Any) -> list[tuple[str, ...]]:
    """The strangest rows, counted from 1."""
    top = found.reset_index(drop=True).nlargest(SHOWN, "score")
    return [(str(at + 1), *(f"{value:.4g}" for value in row)) for at, row in zip(top.index, top.to_numpy())]


def _note(found: Any, raised: int, alarms: float, kind: str) -> str:
    count = len(found)
    return (
        f"{raised} of {count} row{'s' * (count != 1)} raised, at most {100 * alarms:g} % of them false alarms on "
        f"average; score: {kind}"
    )


def command() -> TyperCommand:
    """The verb."""
    return one_command(anomalies, "anomalies")
