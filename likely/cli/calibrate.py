"""likely calibrate RUN DATA [--target COLUMN] [-o calibration.html]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, print_table


def calibrate(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows that it has not seen; of a simulator, new pairs.")],
    target: Annotated[
        list[str] | None,
        typer.Option(help="Columns that are told from the rest; none: all that a model given others has."),
    ] = None,
    draws: Annotated[int, typer.Option(help="Of each row.", min=1)] = 99,
    rows: Annotated[int, typer.Option(help="Rows that are looked at, at most.", min=20)] = 1000,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A page with the curves.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Rank what is true among what the model draws for its row: uniform where it is as sure as it is right."""
    from likely.apps.calibrated import calibrated, conclusions, header_of, rows_of
    from likely.cli.compare import check_page
    from likely.fitted import load
    from likely.metrics.ranks import LEVELS
    from likely.report import write_calibration

    if out is not None:
        check_page(out)
    found = calibrated(load(run), data, target or (), draws=draws, rows=rows, seed=seed)
    if out is not None:
        write_calibration(found, out)
    if as_json:
        columns = {
            name: {"distance": each.distance, "band": each.band, "p": each.p, "verdict": each.verdict,
                   "coverage": {f"{level:g}": each.coverage(level).value for level in LEVELS}}
            for name, each in found.columns.items()
        }  # fmt: skip
        emit_json({"passed": found.passed, "rows": found.rows, "draws": draws, "given": list(found.given),
                   "way": found.way, "columns": columns, "conclusions": conclusions(found), "report": out})  # fmt: skip
        return
    print_table("", header_of(found), rows_of(found), note="\n" + "\n".join(conclusions(found)))
    if out is not None:
        typer.echo(f"report: {out}")


def command() -> TyperCommand:
    """The verb."""
    return one_command(calibrate, "calibrate")
