"""likely replay FILE [--model RUN] [-o out]"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, one_command
from likely.cli.sample import Asked, digest_at, recipe_of, tell_written


def replay(
    file: Annotated[Path, typer.Argument(help="A file that `likely sample` wrote.")],
    model: Annotated[Path | None, typer.Option(help="Where the model is now, if it moved.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write; else beside, as NAME.again.")] = None,
    as_json: Json = False,
) -> None:
    """Make a sample file again from the recipe it carries."""
    from likely.data import read_recipe, write
    from likely.fitted import load

    said, asked = _checked(_guided(read_recipe(file), file), file)
    run = model or file.parent / said["folder"]
    _check_model(run, said["sha256"], file)
    target = out or _beside(file)
    recipe = recipe_of(run, asked, target)
    write(asked.rows(load(run)), target, recipe=recipe)
    tell_written(asked.n, target, recipe, as_json=as_json)


def _guided(recipe: Any, file: Path) -> Any:
    """The recipe with the guide's place as it is from here, where samples had one: it is there, and the same."""
    match recipe:
        case {"guide": {"folder": str(folder), "sha256": str(digest)}}:
            place = file.parent / folder
            _check_model(place, digest, file)
            return recipe | {"guide": str(place)}
    return recipe


def _checked(recipe: Any, file: Path) -> tuple[dict[str, str], Asked]:
    """Of the recipe of a `likely sample`, the model and what was asked of it."""
    from likely.errors import DataError

    match recipe:
        case {
            "verb": "sample",
            "model": {"folder": str(), "sha256": str()},
            "n": int(),
            "given": dict(),
            "seed": int(),
        }:
            with suppress(TypeError):
                return recipe["model"], Asked.of(recipe)
    raise DataError(f"{file} carries no recipe of samples", expected="a file that `likely sample -o` wrote")


def _check_model(run: Path, digest: str, file: Path) -> None:
    """The model is there, and is the one that made the file."""
    from likely import hub, store
    from likely.errors import DataError, MissingFile

    if not (run / store.DOCUMENT).is_file() and not hub.theirs(run):
        raise MissingFile(f"the model of {file} is not at {run}", remedy=f"likely replay {file} --model FOLDER")
    if digest_at(run) != digest:
        expected = f"{hub.CONFIG if hub.theirs(run) else store.DOCUMENT} with sha256 {digest[:12]}…"
        raise DataError(f"{run} is not the model that made {file}", expected=expected)


def _beside(file: Path) -> Path:
    """people.csv.gz -> people.again.csv.gz; a folder has no suffix and gets none."""
    if not file.suffix:
        return file.with_name(f"{file.name}-again")
    ending = ".gz" if file.suffix == ".gz" else ""
    bare = file.with_name(file.name.removesuffix(ending))
    return bare.with_name(f"{bare.stem}.again{bare.suffix}{ending}")


def command() -> TyperCommand:
    """The verb."""
    return one_command(replay, "replay")
