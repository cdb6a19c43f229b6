"""likely sample RUN -n 100 [--given sex=Female] [-o out.csv]"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, given_of, one_command


def sample(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    n: Annotated[int, typer.Option("-n", help="How many rows.")] = 10,
    given: Annotated[list[str] | None, typer.Option(help="COLUMN=VALUE: draw given this (may be repeated).")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .parquet, .npz or .png file, or a folder.")
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw new rows; row i depends on the seed and i alone."""
    from likely.data import Images, write
    from likely.fitted import load

    rows = load(run).sample_rows(n, given_of(given or ()) or None, seed=seed)
    recipe = recipe_of(run, n, given_of(given or ()), seed)
    target = out or (Path("samples.png") if isinstance(rows, Images) else None)
    if target is not None:
        write(rows, target, recipe=recipe)
        typer.echo(f"{n} rows in {target}", err=True)
    elif as_json:
        emit_json({"rows": rows.frame.to_dict("records"), "recipe": recipe})
    else:
        typer.echo(rows.frame.to_csv(index=False), nl=False)


def recipe_of(run: Path, n: int, given: dict[str, str], seed: int) -> dict[str, Any]:
    """All that `likely replay` needs to make these rows again."""
    from likely import __version__, store

    model = {"folder": str(run), "sha256": store.sha256(run / store.DOCUMENT)}
    return {"likely": __version__, "verb": "sample", "model": model, "n": n, "given": given, "seed": seed}


def command() -> TyperCommand:
    """The verb."""
    return one_command(sample, "sample")
