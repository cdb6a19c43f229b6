"""likely forecast RUN history.csv --steps 24 [--draws 100] [--quantiles] [-o out.csv]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records

if TYPE_CHECKING:
    import pandas as pd

SURE = 200  # draws that quantiles are of, where nobody says how many


def forecast(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    history: Annotated[str, typer.Argument(help="A table of moments, or series that have begun.")],
    steps: Annotated[int, typer.Option(help="How many moments ahead.", min=1)],
    draws: Annotated[
        int | None, typer.Option(help=f"Futures of each series: 1, or {SURE} for quantiles.", min=1)
    ] = None,
    quantiles: Annotated[
        bool, typer.Option("--quantiles", help="Of the draws at each moment: 5, 25, 50, 75 and 95 %.")
    ] = False,
    temperature: Annotated[float, typer.Option(help="Below 1: nearer to the likeliest; above: wilder.")] = 1.0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what may follow, given what is known so far; draw k depends on the seed and k alone."""
    from likely.apps.forecast import foreseen
    from likely.contracts import Sharpness
    from likely.fitted import load

    many = draws or (SURE if quantiles else 1)
    told = foreseen(load(run), history, steps, draws=many, sharpness=Sharpness(temperature), seed=seed)
    frame = told.quantiles() if quantiles else told.rows()
    kept(frame, out, as_json=as_json)
    count = len(told.values)
    known = f"{count} series" if count > 1 else f"{told.after[0]} moments"
    typer.echo(f"{many} draw{'s' * (many > 1)} of {steps} steps after {known}", err=True)


def kept(frame: "pd.DataFrame", out: Path | None, *, as_json: bool) -> None:
    """Lines to a file, or printed."""
    from likely.data import Schema, Table, write

    if out is not None:
        write(Table(frame, Schema(())), out)
    if as_json:
        emit_json({"file": out, "rows": None if out is not None else records(frame)})
    elif out is None:
        typer.echo(frame.to_csv(index=False), nl=False)


def command() -> TyperCommand:
    """The verb."""
    return one_command(forecast, "forecast")
