"""Rows as files, as the person's own were written, each with the recipe that made it."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from likely.atomic import appearing
from likely.data.file import suffix
from likely.data.folder import folder_of, written_in
from likely.data.missing import as_text, is_text
from likely.data.recipe import KEY, packed_recipe, sidecar
from likely.data.schema import Schema, TextFile
from likely.errors import FieldError

if TYPE_CHECKING:
    from likely.data.rows import Images, Rows, Table
    from likely.data.texts import Texts

TEXT_SUFFIXES = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": None, ".data": None, ".dat": None}
Recipe = dict[str, Any]


def write(rows: "Rows", path: Path | str, *, recipe: Recipe | None = None) -> list[Path]:
    """Write the rows as the suffix says: .csv .tsv .txt (.gz), .parquet, .npz; for pictures a folder, .png, .npz;
    for texts .txt, .smi, .fasta, .csv.

    The recipe goes into PNG text, Parquet metadata, or a JSON file beside the others. Returns the files written.
    """
    place = Path(path).expanduser()
    told = None if recipe is None else packed_recipe(recipe)
    return rows.written(place, told)


def write_table(table: "Table", path: Path, told: str | None) -> list[Path]:
    """As the suffix says."""
    kind = suffix(path)
    if kind in (".parquet", ".pq"):
        with appearing(path) as part:
            _to_parquet(table.frame, part, told)
        return [path]
    if kind != ".npz" and kind not in TEXT_SUFFIXES:
        expected = ".csv, .tsv, .txt (also .gz), .parquet or .npz"
        raise FieldError(f"a table cannot be written to {path.name}", expected=expected)
    with appearing(path) as part:
        _to_npz(table.frame, part) if kind == ".npz" else _to_text(table, part, path)
    return [path, *_beside(path, told)]


def write_images(images: "Images", path: Path, told: str | None) -> list[Path]:
    """All in one picture, as an array, or one file each."""
    match suffix(path):
        case ".png":
            with appearing(path) as part:
                _to_png(grid(images), part, told, None)
            return [path]
        case ".npz":
            with appearing(path) as part:
                _images_to_npz(images, part)
            return [path, *_beside(path, told)]
        case "":
            return _to_folder(images, path, told)
    raise FieldError(f"pictures cannot be written to {path.name}", expected="a folder, .png (all in one) or .npz")


def write_texts(texts: "Texts", path: Path, told: str | None) -> list[Path]:
    """One a line, pages one after the other, FASTA, or a table with what is said about each."""
    kind = suffix(path)
    if kind not in (".txt", ".smi", ".fa", ".fasta", ".csv", ".tsv"):
        raise FieldError(f"texts cannot be written to {path.name}", expected=".txt, .smi, .fasta, .csv or .tsv")
    with appearing(path) as part:
        if kind in (".csv", ".tsv"):
            _with_about(texts).to_csv(part, sep=TEXT_SUFFIXES[kind] or ",", index=False)
        else:
            part.write_text(_as_file(texts, kind), encoding="utf-8", errors="surrogateescape", newline="")
    return [path, *_beside(path, told)]


def _beside(path: Path, told: str | None) -> list[Path]:
    """The recipe in its own file; an old one must not stay beside new rows."""
    place = sidecar(path)
    if told is None:
        place.unlink(missing_ok=True)
        return []
    with appearing(place) as part:
        part.write_text(told + "\n", encoding="utf-8")
    return [place]


# Tables --------------------------------------------------------------------------------------------------------------


def _to_text(table: "Table", part: Path, path: Path) -> None:
    file = table.schema.file or TextFile()
    delimiter = TEXT_SUFFIXES[suffix(path)] or file.delimiter or ","
    delimiter = file.delimiter if suffix(path) == ".csv" and file.delimiter in (";", "|") else delimiter
    written = table_as_written(table.frame, table.schema)
    written.to_csv(
        part,
        sep=delimiter,
        header=file.header,
        index=False,
        encoding=file.encoding if file.encoding.startswith("utf") else "utf-8",
        decimal=file.decimal if delimiter != "," else ".",
        quoting=csv.QUOTE_NONE if not file.quoted and _needs_no_quotes(written, delimiter) else csv.QUOTE_MINIMAL,
        compression="gzip" if path.name.endswith(".gz") else None,  # the part's own name says nothing
    )


def _needs_no_quotes(frame: "pd.DataFrame", delimiter: str) -> bool:
    """Whether no text holds the delimiter or a line break: lone quotation marks may then stand as they are."""
    texts = [frame[name].dropna() for name in frame.columns if is_text(frame[name])]
    return not any(text.str.contains(f"[{delimiter}\n\r]", regex=True).any() for text in texts)


def table_as_written(frame: "pd.DataFrame", schema: Schema) -> "pd.DataFrame":
    """The frame with missing cells as their column wrote them."""
    marked = {column.name: column.missing_as for column in schema.columns if column.missing_as}
    columns = {
        name: as_text(frame[name]).where(frame[name].notna(), marked[name])
        if name in marked and frame[name].isna().any()
        else frame[name]
        for name in frame.columns
    }
    return pd.DataFrame(columns)


def _to_parquet(frame: "pd.DataFrame", part: Path, told: str | None) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    added = {} if told is None else {KEY.encode(): told.encode()}
    pyarrow.parquet.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **added}), part)


def _to_npz(frame: "pd.DataFrame", part: Path) -> None:
    """X with the names of its columns; a last column y stays apart."""
    worded = [
        name for name in frame.columns if is_text(frame[name]) or not pd.api.types.is_numeric_dtype(frame[name].dtype)
    ]
    if worded:
        raise FieldError(f"column '{worded[0]}' is not numbers, which .npz needs", expected=".csv or .parquet")
    names = [name for name in frame.columns if name != "y"] or list(frame.columns)
    held = {"X": frame[names].to_numpy(dtype=float, na_value=np.nan), "columns": np.array(names, dtype=str)}
    if "y" in frame.columns and len(names) < len(frame.columns):
        held["y"] = frame["y"].to_numpy()
    _save_npz(part, held)


def _save_npz(part: Path, held: dict[str, Any]) -> None:
    with part.open("wb") as file:
        np.savez_compressed(file, **held)


# Texts ---------------------------------------------------------------------------------------------------------------


def _with_about(texts: "Texts") -> "pd.DataFrame":
    told = pd.DataFrame({"text": list(texts)})
    return told if texts.about is None else pd.concat([texts.about.frame.reset_index(drop=True), told], axis=1)


def _as_file(texts: "Texts", kind: str) -> str:
    if kind in (".fa", ".fasta"):
        names = texts.names or tuple(f"sample_{place + 1}" for place in range(len(texts)))
        return "".join(f">{name}\n{text}\n" for name, text in zip(names, texts, strict=True))
    if texts.consecutive:
        return "".join(texts)
    return "".join(f"{_one_line(text)}\n" for text in texts)


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")


# Pictures ------------------------------------------------------------------------------------------------------------


def _images_to_npz(images: "Images", part: Path) -> None:
    pixels = images.pixels[..., 0] if images.pixels.shape[-1] == 1 else images.pixels
    held: dict[str, Any] = {"images": pixels, "levels": np.array(images.levels)}
    if images.about is not None:
        frame = images.about.frame
        held |= {
            name: as_text(frame[name]).fillna("").to_numpy(dtype=str)
            if is_text(frame[name])
            else frame[name].to_numpy()
            for name in frame.columns
        }
    _save_npz(part, held)


def _to_folder(images: "Images", path: Path, told: str | None) -> list[Path]:
    """A PNG for each picture."""
    names = [f"{place:05d}.png" for place in range(len(images))]
    with folder_of(names, images.about, path, told) as part:
        for name, picture in zip(names, images.pixels, strict=True):
            _to_png(scaled(picture, images.levels), part / name, told, images.levels)
    return written_in(path, names)


def scaled(pixels: "np.ndarray[Any, Any]", levels: int) -> "np.ndarray[Any, Any]":
    """Levels 0 .. levels - 1 spread over 0 .. 255."""
    return pixels if levels == 256 else np.round(pixels * (255.0 / (levels - 1))).astype(np.uint8)


def grid(images: "Images") -> "np.ndarray[Any, Any]":
    """All pictures in one, on white, small ones enlarged."""
    count, height, width, channels = images.pixels.shape
    if count == 1:
        return scaled(images.pixels[0], images.levels)
    across = int(np.ceil(np.sqrt(count)))
    down, times = -(-count // across), max(1, 48 // max(height, width))
    cell = np.repeat(np.repeat(scaled(images.pixels, images.levels), times, axis=1), times, axis=2)
    sheet = np.full((down * (height * times + 2) + 2, across * (width * times + 2) + 2, channels), 255, np.uint8)
    for place, picture in enumerate(cell):
        top, left = 2 + (place // across) * (height * times + 2), 2 + (place % across) * (width * times + 2)
        sheet[top : top + height * times, left : left + width * times] = picture
    return sheet


def _to_png(picture: "np.ndarray[Any, Any]", part: Path, told: str | None, levels: int | None) -> None:
    from PIL import Image, PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    if told is not None:
        chunks.add_itxt(KEY, told)
    if levels not in (None, 256):
        chunks.add_text("levels", str(levels))
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(part, format="PNG", pnginfo=chunks)
