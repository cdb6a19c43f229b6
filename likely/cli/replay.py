"""likely replay FILE [--model RUN] [-o out]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import one_command


def replay(
    file: Annotated[Path, typer.Argument(help="A file that `likely sample` wrote.")],
    model: Annotated[Path | None, typer.Option(help="Where the model is now, if it moved.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write; else beside, as NAME.again.")] = None,
) -> None:
    """Make a sample file again from the recipe it carries."""
    from likely import store
    from likely.data import read_recipe, write
    from likely.errors import DataError, MissingFile
    from likely.fitted import load

    recipe = read_recipe(file)
    if recipe is None or recipe.get("verb") != "sample":
        raise DataError(f"{file} carries no recipe", expected="a file that `likely sample -o` wrote")
    run = model or Path(recipe["model"]["folder"])
    if not (run / store.DOCUMENT).is_file():
        raise MissingFile(f"the model of {file} is not at {run}", remedy="likely replay FILE --model FOLDER")
    if store.sha256(run / store.DOCUMENT) != recipe["model"]["sha256"]:
        raise DataError(
            f"{run} is not the model that made {file}",
            expected=f"model.json with sha256 {recipe['model']['sha256'][:12]}…",
        )
    target = out or file.with_stem(f"{file.stem}.again")
    write(load(run).sample_rows(recipe["n"], recipe["given"] or None, seed=recipe["seed"]), target, recipe=recipe)
    typer.echo(f"{recipe['n']} rows in {target}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(replay, "replay")
