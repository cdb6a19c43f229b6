"""likely encode RUN DATA [-o codes.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, records


def encode(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows to encode, with the columns the model was fitted on.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.")] = None,
    as_json: Json = False,
) -> None:
    """Say the code of each row, and what it is given; likely decode takes them back."""
    from likely.apps.codes import table_of
    from likely.data import write
    from likely.fitted import load

    table = table_of(load(run), data)
    if out is not None:
        write(table, out)
    if as_json:
        emit_json({"rows": len(table), "file": out, "codes": None if out is not None else records(table.frame)})
    elif out is None:
        typer.echo(table.frame.to_csv(index=False), nl=False)
    else:
        typer.echo(f"{len(table)} rows in {out}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(encode, "encode")
