"""likely regress RUN DATA [--target COLUMN] [-o told.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records


def regress(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows; what they say of the number itself is not looked at.")],
    target: Annotated[str | None, typer.Option(help="The number's column; of a model of one number, that.")] = None,
    draws: Annotated[int, typer.Option(help="Of each row: more leave less to chance.", min=2)] = 200,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: a line for each row.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Tell a number of each row from all the rest: mean, standard deviation, quantiles, and what they rest on."""
    from likely.data import Schema, Table, write
    from likely.fitted import load

    found = load(run).regress(data, target, draws=draws, seed=seed)
    frame = found.frame()
    error, share = float(found.error.mean()), float(found.share.mean())
    if out is not None:
        write(Table(frame, Schema(())), out)
    if as_json:
        rows = None if out is not None else records(frame)
        emit_json({"column": found.column, "way": found.way, "share": share, "error": error, "file": out, "rows": rows})
        return
    if out is None:
        typer.echo(frame.to_csv(index=False), nl=False)
    left = (
        f"the means are {found.way} but for ± {error:.2g} of chance (effective {share:.0%} of {found.draws.shape[1]})"
    )
    typer.echo(f"{len(frame)} rows, p({found.column} | the rest): {left}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(regress, "regress")
