"""likely forecast RUN history.csv --steps 24 [--draws 100] [--quantiles] [--known next.csv] [--what-if load=+10%]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records

if TYPE_CHECKING:
    import pandas as pd

    from likely.apps.forecast import Forecast
    from likely.apps.scenario import Scenario

SURE = 200  # draws that quantiles, points and plots are of, where nobody says how many


def forecast(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    history: Annotated[str, typer.Argument(help="A table of moments, or series that have begun.")],
    steps: Annotated[int, typer.Option(help="How many moments ahead.", min=1)],
    draws: Annotated[
        int | None, typer.Option(help=f"Futures of each series: 1, or {SURE} where they are summed up.", min=1)
    ] = None,
    quantiles: Annotated[
        bool, typer.Option("--quantiles", help="Of the draws at each moment: 5, 25, 50, 75 and 95 %.")
    ] = False,
    point: Annotated[str | None, typer.Option(help="One number for each moment: mean or median.")] = None,
    known: Annotated[
        str | None, typer.Option(help="A table of the moments to come, with the columns whose future is known.")
    ] = None,
    what_if: Annotated[
        list[str] | None, typer.Option(help="A column's change: load=+10%, load=-2.5, load=40 (may be repeated).")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="A drawing, .svg: what was given and what may follow.")] = None,
    temperature: Annotated[float, typer.Option(help="Below 1: nearer to the likeliest; above: wilder.")] = 1.0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what may follow, given what is known so far; draw k depends on the seed and k alone."""
    _check(quantiles, point, plot)
    from likely.apps.forecast import foreseen
    from likely.apps.scenario import Change
    from likely.apps.scenario import what_if as asked
    from likely.contracts import Sharpness
    from likely.fitted import load

    many = draws or (SURE if quantiles or point or plot else 1)
    changes, future = [Change.parsed(each) for each in what_if or ()], None if known is None else _future(known)
    model, sharpness, scenario = load(run), Sharpness(temperature), None
    if changes:
        drawn = max(many, SURE)  # what the column would be is a median
        scenario = asked(model, history, steps, changes, draws=drawn, known=future, sharpness=sharpness, seed=seed)
        told = scenario.told.first(many)
    else:
        told = foreseen(model, history, steps, draws=many, known=future, sharpness=sharpness, seed=seed)
    frame = told.quantiles() if quantiles else told.rows() if point is None else _point(told, point)
    if plot is not None:
        _drawn(plot, told, scenario)
    kept(frame, out, as_json=as_json)
    typer.echo(_note(told, scenario, plot), err=True)


def _check(quantiles: bool, point: str | None, plot: Path | None) -> None:
    from likely.errors import FieldError

    if point not in (None, "mean", "median"):
        raise FieldError(f"--point {point} is no point of a forecast", expected="mean, or median")
    if quantiles and point is not None:
        raise FieldError("quantiles and a point were both asked for", expected="one of them")
    if plot is not None and plot.suffix.lower() != ".svg":
        raise FieldError(f"{plot} is no drawing that can be made", expected="a name that ends in .svg")


def _future(known: str) -> "pd.DataFrame":
    """The moments to come, as a table."""
    from likely.data import Table, read
    from likely.errors import WrongRows

    rows = read(known)
    if not isinstance(rows, Table):
        raise WrongRows(f"the known future is {rows.word}", expected="a table of moments")
    return rows.frame


def _point(told: "Forecast", point: str) -> "pd.DataFrame":
    return told.mean() if point == "mean" else told.median()


def _drawn(place: Path, told: "Forecast", scenario: "Scenario | None") -> None:
    from likely.atomic import appearing
    from likely.report.forecast import picture

    with appearing(place) as part:
        part.write_text(picture(told, None if scenario is None else scenario.untouched), encoding="utf-8")


def _note(told: "Forecast", scenario: "Scenario | None", plot: Path | None) -> str:
    """What was drawn, how good it is, and what a scenario is not."""
    count, many, steps = told.values.shape[:3]
    known = f"{count} series" if count > 1 else f"{told.after[0]} moments"
    share = "" if told.share is None else f" (the particles' share {told.share:.0%})"
    lines = [f"{many} draw{'s' * (many > 1)} of {steps} steps after {known}, {told.way} as the model's own{share}"]
    if scenario is not None:
        names = ", ".join(change.column for change in scenario.changes)
        lines.append(f"given {names}: what goes with such a future in the record, not what would follow from making it")
    return "\n".join(lines + ([] if plot is None else [f"drawing: {plot}"]))


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
