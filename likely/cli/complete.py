"""likely complete RUN partial.csv [-o out.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Seed, one_command


def complete(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows with some cells or columns missing.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .csv or .parquet file.")] = None,
    seed: Seed = 0,
) -> None:
    """Draw what is missing given what is known; known cells come back as they were."""
    from likely.fitted import load

    completion = load(run).complete(data, seed=seed)
    if out is None:
        typer.echo(completion.rows.to_csv(index=False), nl=False)
    elif out.suffix == ".parquet":
        completion.rows.to_parquet(out)
    else:
        completion.rows.to_csv(out, index=False)
    typer.echo(f"{len(completion.rows)} rows completed, {completion.way}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(complete, "complete")
