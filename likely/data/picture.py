"""Folders of pictures, zips of such folders, and single pictures, as uint8 (N, H, W, C) of one size and one mode.

What is said about each picture is the folders it lies in (label, and sublabel where they are nested), or a
metadata.csv / captions.csv with a column of file names.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import io
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np
import pandas as pd

from likely.data.array import levels_of
from likely.data.declaration import Declaration
from likely.data.file import DAMAGED, PICTURE_SUFFIXES, SOUND_SUFFIXES, archived, members, suffix
from likely.data.infer import infer
from likely.data.layout import layout_for
from likely.data.missing import is_text
from likely.data.rows import Images, Table
from likely.data.text_table import read_text_table
from likely.data.tidy import tidied
from likely.errors import EmptyData, Unreadable, WrongRows
from likely.suggestion import shown

METADATA = ("metadata.csv", "captions.csv", "labels.csv", "metadata.tsv", "captions.tsv")
FILE_COLUMNS = ("file", "filename", "file_name", "path", "image", "img", "image_path", "filepath", "name", "wav",
                "sound", "audio")  # fmt: skip
CAPTIONS = ("caption", "text", "prompt", "description")
Array = np.ndarray[Any, Any]
Size = tuple[int, int]  # height, width


class Place(ABC):
    """Where picture files lie: a folder or an archive."""

    path: Path

    @abstractmethod
    def files(self) -> list[str]:
        """Every file's path inside, with / between folders, in order."""

    @abstractmethod
    def content(self, name: str) -> bytes:
        """One file's bytes."""


@final
class Folder(Place):
    """A folder on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> list[str]:
        found = (each for each in sorted(self.path.rglob("*")) if each.is_file())
        return [name for each in found if not _hidden(name := each.relative_to(self.path).as_posix())]

    def content(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


@final
class Archive(Place):
    """A zip, read where it is: nothing is unpacked to the disk."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self.archive = path, archive

    def files(self) -> list[str]:
        return sorted(name for name in members(self.archive) if not _hidden(name))

    def content(self, name: str) -> bytes:
        return self.archive.read(name)


def from_folder(path: Path, said: Declaration, size: Size | None = None) -> Images:
    """The pictures in a folder and below it."""
    return _from_place(Folder(path), said, size)


def from_zip(path: Path, said: Declaration, size: Size | None = None) -> Images:
    """The pictures of a zipped folder."""
    try:
        with archived(path) as archive:
            return _from_place(Archive(path, archive), said, size)
    except (OSError, *DAMAGED) as error:
        raise Unreadable(f"{path} cannot be unpacked: {error}", remedy="copy or download it again") from error


def from_picture(path: Path, size: Size | None = None) -> Images:
    """A single picture."""
    pixels, levels = _pixels([(path.name, path.read_bytes())], size)
    return Images(pixels, levels, None, (path.name,))


def resized(images: Images, size: Size) -> Images:
    """The pictures at this (height, width)."""
    if images.pixels.shape[1:3] == tuple(size):
        return images
    scale = 255 // (images.levels - 1) if images.levels <= 256 else 1
    modes = {1: "L", 3: "RGB"}
    from PIL import Image

    fitted = [
        _fit(Image.fromarray(_squeezed(each * np.uint8(scale)), modes[each.shape[-1]]), size) for each in images.pixels
    ]
    return Images(_stacked(fitted), 256, images.about, images.names)


def _from_place(place: Place, said: Declaration, size: Size | None) -> Images:
    files = place.files()
    names = [name for name in files if suffix(Path(name)) in PICTURE_SUFFIXES]
    if not names:
        held = f"it holds {shown(files, most=3)}" if files else "it is empty"
        tables = any(name.endswith((".csv", ".parquet")) for name in files)
        what, expected = f"there are no pictures in {place.path}: {held}", ", ".join(PICTURE_SUFFIXES[:4])
        remedy = "give the table's own path" if tables else "name the folder that holds them"
        raise EmptyData(what, expected=expected, remedy=remedy)
    told = [name for name in files if PurePosixPath(name).name in METADATA]
    names, frame = listed(place, told[0], names, said) if told else (names, folders_of(names))
    pixels, levels = _pixels([(name, place.content(name)) for name in names], size)
    about = None if frame is None else Table(*infer(frame, with_captions(frame, said)))
    return Images(pixels, levels, about, tuple(names))


def folders_of(names: list[str]) -> "pd.DataFrame | None":
    """The folders that files lie in, below those that all share."""
    paths = [PurePosixPath(name).parts[:-1] for name in names]
    while all(paths) and len({parts[0] for parts in paths}) == 1:
        paths = [parts[1:] for parts in paths]
    if not all(paths):
        return None
    columns = {"label": [parts[0] for parts in paths]}
    if any(len(parts) > 1 for parts in paths):
        columns["sublabel"] = ["/".join(parts) for parts in paths]
    return pd.DataFrame(columns)


def listed(place: Place, told: str, names: list[str], said: Declaration) -> "tuple[list[str], pd.DataFrame]":
    """The files that a metadata file lists, in its order, and the rest of its columns."""
    frame = _metadata(place, told, said)
    files = _file_column(frame, told, place)
    beside = PurePosixPath(told).parent
    by_path = {
        str(PurePosixPath(name).relative_to(beside)): name
        for name in names
        if PurePosixPath(name).is_relative_to(beside)
    }
    by_name = {PurePosixPath(name).name: name for name in names}
    listed = [str(each).strip().removeprefix("./").replace("\\", "/") for each in frame[files]]
    found = [by_path.get(each) or by_name.get(PurePosixPath(each).name) for each in listed]
    lost = [each for each, name in zip(listed, found, strict=True) if name is None]
    if lost:
        what = f"{place.path}: {told} lists {len(lost)} files that are not there: {shown(lost, most=3)}"
        raise Unreadable(what, expected=f"a file for each of its {len(listed)} lines")
    return [name for name in found if name], frame.drop(columns=files)


def _metadata(place: Place, told: str, said: Declaration) -> "pd.DataFrame":
    if isinstance(place, Folder):
        return _tidy_table(place.path / told, said)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / PurePosixPath(told).name
        copy.write_bytes(place.content(told))
        return _tidy_table(copy, said)


def _tidy_table(path: Path, said: Declaration) -> "pd.DataFrame":
    found = layout_for(path, said)
    frame, found = read_text_table(path, found, markers={})
    return tidied(frame, found, said.columns)[0]


def _file_column(frame: "pd.DataFrame", told: str, place: Place) -> str:
    for name in FILE_COLUMNS:
        for column in frame.columns:
            if column.lower() == name and is_text(frame[column]):
                return column
    for column in frame.columns:
        if is_text(frame[column]) and suffix(Path(str(frame[column].iloc[0]))) in (*PICTURE_SUFFIXES, *SOUND_SUFFIXES):
            return column
    what = f"{place.path}: {told} has no column of file names among {shown(frame.columns)}"
    raise Unreadable(what, expected="a column called file, with the path of each file")


def with_captions(frame: "pd.DataFrame", said: Declaration) -> Declaration:
    """A column called caption is a text, however often one comes again."""
    captions = [name for name in frame.columns if name.lower() in CAPTIONS and is_text(frame[name])]
    stated = {name: {"kind": "text", "why": "called a caption"} | said.columns.get(name, {}) for name in captions}
    columns = {name: column for name, column in said.columns.items() if name in frame.columns}
    return replace(said, columns=columns | stated)


# Pixels --------------------------------------------------------------------------------------------------------------


def _pixels(files: "Sequence[tuple[str, bytes]]", size: Size | None) -> tuple[Array, int]:
    """The pictures in one array, and their number of levels."""
    opened = [_opened(name, content) for name, content in files]
    if size is not None:
        opened = [_fit(each, size) for each in opened]
    _same_size([name for name, _ in files], opened)
    pixels = _stacked(opened)
    told = {each.info.get("levels") for each in opened} if size is None else set()
    if len(told) == 1 and (levels := str(told.pop())).isdigit() and 2 <= int(levels) <= 255:  # our own PNG
        return np.round(pixels * ((int(levels) - 1) / 255)).astype(np.uint8), int(levels)
    if pixels.shape[-1] == 1 and not (pixels % 255).any():
        return pixels // 255, 2
    return pixels, levels_of(pixels)


def _opened(name: str, content: bytes) -> Any:
    """A picture in grey (L) or colour (RGB)."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content))
            picture.load()
            return _plain_mode(ImageOps.exif_transpose(picture))  # as a camera's owner sees it
    except Exception as error:  # damaged bytes fail in the decoders in any way
        reason = str(error) if "BytesIO" not in str(error) else "its bytes are not a picture"
        remedy = "remove the file or replace it by a whole copy"
        raise Unreadable(f"{name} is a corrupt picture: {reason}", remedy=remedy) from error


def _plain_mode(picture: Any) -> Any:
    """Transparency composed on white, palettes resolved, 16 bits as 8."""
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert("L" if picture.mode == "LA" else "RGB")
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture)
    return picture.convert("L") if picture.mode in ("1", "L") else picture.convert("RGB")


def _eight_bits(picture: Any) -> Any:
    from PIL import Image

    values = np.asarray(picture, dtype=np.float64)
    top = 255 if values.max() <= 255 else 65535
    return Image.fromarray(np.round(values.clip(0, top) * (255 / top)).astype(np.uint8), "L")


def _fit(picture: Any, size: Size) -> Any:
    """The middle of the picture at the size's proportions, scaled to it."""
    from PIL import Image, ImageOps

    return ImageOps.fit(picture, (size[1], size[0]), Image.Resampling.LANCZOS)


def _same_size(names: list[str], opened: list[Any]) -> None:
    odd = next((place for place, each in enumerate(opened) if each.size != opened[0].size), None)
    if odd is None:
        return
    (first_width, first_height), (width, height) = opened[0].size, opened[odd].size
    size = min(first_height, height), min(first_width, width)
    sizes = f"{names[0]} is {first_height} x {first_width}, {names[odd]} is {height} x {width}"
    raise WrongRows(
        f"the pictures have different sizes: {sizes}",
        expected="pictures of one size (height x width)",
        remedy=f"scale them to one size; in Python, likely.data.read(FOLDER, size=({size[0]}, {size[1]})) does",
    )


def _stacked(opened: list[Any]) -> Array:
    """All in colour if one of them is."""
    colour = any(each.mode == "RGB" for each in opened)
    return np.stack([_array(each.convert("RGB") if colour else each) for each in opened])


def _array(picture: Any) -> Array:
    array = np.asarray(picture, dtype=np.uint8)
    return array[..., None] if array.ndim == 2 else array


def _squeezed(array: Array) -> Array:
    return array[..., 0] if array.shape[-1] == 1 else array


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
