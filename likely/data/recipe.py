"""The recipe that a file of samples carries: what made it, so that it can be made again."""

import json
from pathlib import Path
from typing import Any

from likely.data.file import existing, magic
from likely.data.parquet import parquet_metadata
from likely.errors import DataError, Unreadable

KEY = "likely"  # of the PNG text chunk and of Parquet's metadata
IN_FOLDER = "recipe.json"


def sidecar(path: Path) -> Path:
    """The file beside a table that holds its recipe."""
    return path.with_name(path.name + ".recipe.json")


def packed_recipe(recipe: dict[str, Any]) -> str:
    """The recipe as one line of JSON."""
    try:
        return json.dumps(recipe, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"the recipe is not plain JSON: {error}", expected="numbers, texts, lists and dicts") from error


def read_recipe(path: Path | str) -> dict[str, Any]:
    """The recipe of a PNG, a Parquet file, a table with a sidecar, or a folder of pictures."""
    place = existing(Path(path))
    told = _told(place)
    if told is None:
        remedy = f"likely sample RUN -o {place.name}; of a table {sidecar(place).name} holds it"
        wanted = "a file that likely wrote, with its sidecar beside it"
        raise DataError(f"{place} carries no recipe", expected=wanted, remedy=remedy)
    try:
        recipe = json.loads(told)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"the recipe of {place} is not whole: {error}") from error
    if not isinstance(recipe, dict):
        raise Unreadable(f"the recipe of {place} is not a JSON object")
    return recipe


def _told(path: Path) -> str | bytes | None:
    if path.is_dir():
        return _text(path / IN_FOLDER)
    kind = magic(path)
    if kind == "parquet":
        return parquet_metadata(path).get(KEY.encode())
    if kind == "picture":
        return _chunk(path)
    return _text(sidecar(path))


def _text(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _chunk(path: Path) -> str | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.load()
            told = picture.info.get(KEY)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unreadable(f"{path} is a corrupt picture: {error}") from error
    return told if isinstance(told, str) else None
