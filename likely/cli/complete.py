"""likely complete RUN partial.csv [-o out.csv]"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records


def complete(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows with some cells or columns missing.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.")] = None,
    particles: Annotated[int, typer.Option(help="Of each row, where completion is asymptotic.")] = 128,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what is missing given what is known; known cells come back as they were."""
    from likely.codecs import TableCodec
    from likely.data import Schema, Table, write
    from likely.fitted import load

    fitted = load(run)
    framed = replace(fitted, card=replace(fitted.card, returns="frame"))  # whatever form Python fitted it from
    completion = framed.complete(data, particles=particles, seed=seed)
    if out is not None:
        schema = fitted.codec.schema if isinstance(fitted.codec, TableCodec) else Schema(())
        write(Table(completion.rows, schema), out)
    if as_json:
        rows = None if out is not None else records(completion.rows)
        emit_json(
            {
                "way": completion.way,
                "share": completion.share,
                "disagreement": completion.disagreement,
                "file": out,
                "rows": rows,
            }
        )
        return
    if out is None:
        typer.echo(completion.rows.to_csv(index=False), nl=False)
    apart, share = completion.disagreement, completion.share
    orders = "" if apart is None else f" (orders disagree by {apart:.2g} nats a row)"
    founded = "" if share is None else f" (particles: an effective {share:.0%} of {particles})"
    typer.echo(f"{len(completion.rows)} rows completed, {completion.way}{orders}{founded}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(complete, "complete")
