"""A folder of pieces: its files, metadata.csv with what is said about each, recipe.json."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from likely.atomic import appearing
from likely.data.recipe import IN_FOLDER
from likely.errors import CannotSave

if TYPE_CHECKING:
    from likely.data.rows import Table

METADATA = "metadata.csv"


@contextmanager
def folder_of(names: list[str], about: "Table | None", path: Path, told: str | None) -> Iterator[Path]:
    """The folder to put the files of these names into; it appears whole, or an earlier one of ours stays."""
    if path.exists() and not (path / IN_FOLDER).is_file() and any(path.iterdir()):
        raise CannotSave(f"the folder {path} is there and holds other files", remedy="name a new folder")
    with appearing(path) as part:
        part.mkdir()
        yield part
        _described(names, about).to_csv(part / METADATA, index=False)
        (part / IN_FOLDER).write_text((told or "{}") + "\n", encoding="utf-8")
        shutil.rmtree(path, ignore_errors=True)  # ours, or empty


def written_in(path: Path, names: list[str]) -> list[Path]:
    """The files of such a folder."""
    return [path / name for name in (*names, METADATA, IN_FOLDER)]


def _described(names: list[str], about: "Table | None") -> pd.DataFrame:
    frame = pd.DataFrame({"file": names})
    if about is None:
        return frame
    said = about.frame.reset_index(drop=True).rename(columns={"file": "file_before"})
    return pd.concat([frame, said], axis=1)
