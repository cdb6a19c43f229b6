"""likely encode RUN DATA [-o codes.csv] [--search]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records


def encode(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows to encode, with the columns the model was fitted on.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.")] = None,
    search: Annotated[
        bool, typer.Option("--search", help="Search for codes; a model without an encoder does so anyway.")
    ] = False,
    tried: Annotated[int, typer.Option(help="Of a search: codes that are drawn first.", min=1)] = 256,
    starts: Annotated[int, typer.Option(help="Of a search: how many of them, the best, are followed down.", min=1)] = 4,
    steps: Annotated[int, typer.Option(help="Of a search: steps of each descent, at most.", min=0)] = 60,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Say the code of each row, and what it is given; likely decode takes them back."""
    from likely.apps.codes import sought_of, table_of
    from likely.contracts import Latent
    from likely.data import write
    from likely.fitted import load
    from likely.searching import Search

    fitted, found = load(run), None
    if search or not isinstance(fitted.model, Latent):
        table, found = sought_of(fitted, data, Search(tried=tried, starts=starts, steps=steps), seed=seed)
    else:
        table = table_of(fitted, data)
    if out is not None:
        write(table, out)
    if as_json:
        told = {} if found is None else {"search": str(found), "misfit": float(found.misfit.mean())}
        codes = None if out is not None else records(table.frame)
        emit_json({"rows": len(table), "file": out, "codes": codes} | told)
        return
    if found is not None:
        typer.echo(str(found), err=True)
    if out is None:
        typer.echo(table.frame.to_csv(index=False), nl=False)
    else:
        typer.echo(f"{len(table)} rows in {out}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(encode, "encode")
