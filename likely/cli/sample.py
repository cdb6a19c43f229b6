"""likely sample RUN -n 100 [--given sex=Female] [-o out.csv]"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, given_of, one_command, records


def sample(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    n: Annotated[int, typer.Option("-n", help="How many rows.", min=1)] = 10,
    given: Annotated[list[str] | None, typer.Option(help="COLUMN=VALUE: draw given this (may be repeated).")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .parquet, .npz, .png, .ts or .wav file, or a folder.")
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw new rows; row i depends on the seed and i alone."""
    from likely.data import Table, Texts, write
    from likely.fitted import load

    said = given_of(given or ())
    rows = load(run).sample_rows(n, said or None, seed=seed)
    target = out or (None if isinstance(rows, Table | Texts) else Path(f"samples{rows.suffix}"))
    recipe = recipe_of(run, n, said, seed, target)
    if target is not None:
        write(rows, target, recipe=recipe)
        tell_written(n, target, recipe, as_json=as_json)
        return
    if isinstance(rows, Texts):
        emit_json({"texts": list(rows), "recipe": recipe}) if as_json else typer.echo("\n".join(rows))
        return
    assert isinstance(rows, Table)
    if as_json:
        emit_json({"rows": records(rows.frame), "recipe": recipe})
    else:
        typer.echo(rows.frame.to_csv(index=False), nl=False)


def recipe_of(run: Path, n: int, given: dict[str, str], seed: int, target: Path | None) -> dict[str, Any]:
    """All that `likely replay` needs to make these rows again; the model's place is told from the file's."""
    from likely import __version__, store

    folder = str(run) if target is None else os.path.relpath(run, target.expanduser().parent)
    model = {"folder": folder, "sha256": store.sha256(run / store.DOCUMENT)}
    return {"likely": __version__, "verb": "sample", "model": model, "n": n, "given": given, "seed": seed}


def tell_written(n: int, target: Path, recipe: dict[str, Any], *, as_json: bool) -> None:
    """Where the rows are."""
    if as_json:
        emit_json({"file": target, "n": n, "recipe": recipe})
    else:
        typer.echo(f"{n} rows in {target}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(sample, "sample")
