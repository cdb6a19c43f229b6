"""Anything a person may hold, as rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from likely.data.array import from_array, from_idx, from_npy, from_npz
from likely.data.declaration import Declaration, declaration
from likely.data.embedded import EMBEDDED
from likely.data.file import DAMAGED, PICTURE_SUFFIXES, READABLE, archived, existing, magic, members, suffix
from likely.data.infer import infer
from likely.data.layout import layout_for
from likely.data.parquet import from_arrow, read_parquet
from likely.data.picture import Folder, from_folder, from_picture, from_zip, resized
from likely.data.prose import SUFFIXES as PROSE
from likely.data.prose import from_prose, is_prose
from likely.data.rows import Images, Pieces, Rows, Table
from likely.data.schema import Schema
from likely.data.series import Panel, windowed
from likely.data.series_file import from_json, from_moments, from_ts
from likely.data.sound import Sounds, cut
from likely.data.sound_file import from_sound_folder, from_sound_zip, from_wav, holds_sounds
from likely.data.text_table import read_text_table
from likely.data.texts import Texts, texts_of
from likely.data.tidy import markers_of, tidied
from likely.data.windows import Window, Windows
from likely.errors import DataError, FieldError, MissingFile, Unreadable
from likely.suggestion import meant

Size = tuple[int, int]
SHEET = "a spreadsheet", "save the sheet as CSV"
RECORDS = "nested records", "pandas.read_json(FILE) and the like make a table of them: write it as CSV or Parquet"
OTHER = {  # files that could be taken for text, or for a zip of tables: what they are, and what to do
    ".xlsx": SHEET, ".xls": SHEET, ".ods": SHEET, ".json": RECORDS, ".jsonl": RECORDS, ".ndjson": RECORDS,
    ".xml": RECORDS, ".yaml": RECORDS, ".yml": RECORDS,
    **dict.fromkeys((".html", ".htm", ".docx", ".doc", ".odt", ".rtf"), ("a document", "save its table as CSV")),
}  # fmt: skip


def read(
    source: Any,  # a path, an embedded name, a DataFrame, an array, a tensor, or rows
    *,
    schema: "Path | str | Schema | Mapping[str, Any] | None" = None,
    size: Size | None = None,
    window: Window | None = None,
) -> Rows:
    """The rows of a file, a folder, an embedded set, a frame, an array or a tensor.

    A schema (a `Schema`, its JSON file, or its JSON as a dict) overrides what is inferred, column by column. `size`
    (height, width) brings pictures to one size. `window` cuts a table of moments, or long sounds, into rows of so many
    moments or samples, one after another; `Windows` says how they overlap, and what they are told as.
    """
    said = declaration(schema)
    rows = _rows(source, said, size)
    rows = rows.declared(said) if isinstance(rows, Pieces) else rows
    rows = _cut(rows, window or said.window) if window is not None or said.window is not None else rows
    return resized(rows, size) if size is not None and isinstance(rows, Images) else rows


def _cut(rows: Rows, window: Window | None) -> Rows:
    """In windows."""
    asked = Windows.of(window or 0)
    match rows:
        case Table():
            return windowed(rows, asked)
        case Sounds() if asked.plain:
            return cut(rows, asked.length)
        case Panel(windows=True) if (rows.values.shape[1], rows.relative, rows.memory) == (
            asked.length, asked.relative, asked.volatility,
        ):  # fmt: skip
            return rows
    what = f"{rows.word} are not cut into " + ("windows" if asked.plain else "windows that overlap or tell changes")
    raise FieldError(what, expected="a table of moments" + ", or sounds" * asked.plain)


def _rows(source: Any, said: Declaration, size: Size | None) -> Rows:
    """Find out what the source is."""
    if isinstance(source, str) and source in EMBEDDED:
        source = EMBEDDED[source]()
    if isinstance(source, Rows):
        return source.declared(said)
    if isinstance(source, str | Path):
        return _from_path(_path(source), said, size)
    if isinstance(source, pd.DataFrame):
        return Table(*infer(source, said))
    return _from_memory(source, said)


def _from_memory(source: Any, said: Declaration) -> Rows:
    """Arrays, lists of texts, and objects of other libraries."""
    if isinstance(source, np.ndarray):
        return from_array(source, said)
    if isinstance(source, list | tuple) and source and isinstance(source[0], str):
        return texts_of(source)
    return _from_library(source, said)


def _from_library(source: Any, said: Declaration) -> Rows:
    """By the name of their module, so that none is imported for it."""
    library = type(source).__module__.partition(".")[0]
    if library == "torch":
        tensor = source.detach().cpu()
        plain = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor  # numpy has no bfloat16
        return from_array(plain.numpy(), said, channels_first=True)
    if library == "polars":
        frame = source.collect() if type(source).__name__ == "LazyFrame" else source
        return Table(*infer(from_arrow(frame.to_arrow()), said))
    if library == "pyarrow":
        return Table(*infer(from_arrow(source), said))
    if isinstance(source, Mapping):
        return Table(*infer(pd.DataFrame(source), said))
    raise DataError(
        f"a {type(source).__name__} is not data that can be read",
        expected="a path, the name of an embedded set, a DataFrame (pandas, polars), a numpy array or a torch tensor",
        remedy={"Series": "its frame: series.to_frame()", "list": "pandas.DataFrame(rows)"}.get(
            type(source).__name__, ""
        ),
    )


def _path(source: str | Path) -> Path:
    """The path; a word that is neither a file nor an embedded set gets both kinds of suggestions."""
    path = Path(source).expanduser()
    if path.exists() or path.suffix or len(path.parts) > 1:
        return existing(path)
    known = [*EMBEDDED, *(each.name for each in Path().iterdir())]
    remedy = meant(str(source), known, f"the embedded sets are {', '.join(EMBEDDED)}")
    raise MissingFile(f"there is no file and no embedded set called '{source}'", remedy=remedy)


def _from_path(path: Path, said: Declaration, size: Size | None) -> Rows:
    if path.is_dir():
        names = Folder(path).files()
        pictured = any(suffix(Path(name)) in PICTURE_SUFFIXES for name in names)
        return from_folder(path, said, size) if pictured or not holds_sounds(names) else from_sound_folder(path, said)
    found = magic(path)
    promised = suffix(path)
    if promised == ".json" and said.texts is None and (music := from_json(path)) is not None:
        return music
    if promised in OTHER and said.texts in (None, "table"):
        raise Unreadable(f"{path} is {OTHER[promised][0]}, not a table", expected=READABLE, remedy=OTHER[promised][1])
    if found == "zip":
        return _from_zip(path, said, size)
    if promised in PICTURE_SUFFIXES and found not in ("picture", "bitmap"):
        return from_picture(path, size)
    if found in ("picture", "bitmap") and promised in PICTURE_SUFFIXES:
        return from_picture(path, size)
    return _from_file(path, found, said)


def _from_zip(path: Path, said: Declaration, size: Size | None) -> Rows:
    """npz is a zip as well; a zip without pictures may hold one table."""
    if suffix(path) == ".npz":
        return from_npz(path, said)
    try:
        with archived(path) as archive:
            names = members(archive)
    except DAMAGED as error:
        raise Unreadable(f"{path} is a damaged zip: {error}", remedy="copy or download it again") from error
    if names and all(name.endswith(".npy") for name in names):
        return from_npz(path, said)
    if any(suffix(Path(name)) in PICTURE_SUFFIXES for name in names):
        return from_zip(path, said, size)
    if holds_sounds(names):
        return from_sound_zip(path, said)
    return _from_text(path, said)


def _from_file(path: Path, found: str, said: Declaration) -> Rows:
    """By what the first bytes say, whatever the name says."""
    match found or suffix(path):
        case "parquet" | ".parquet" | ".pq":
            return Table(*infer(read_parquet(path), said))
        case "npy" | ".npy":
            return from_npy(path, said)
        case ".npz":
            return from_npz(path, said)
        case "sound" | ".wav" | ".wave":
            return from_wav(path)
        case ".ts":
            return from_ts(path)
        case "idx":
            return from_idx(path, said)
        case "" | "gzip" | "bitmap" | ".csv" | ".tsv" | ".txt" | ".data" | ".dat" | ".tab":
            return from_idx(path, said) if _packed_idx(path, found) else _from_text(path, said)
        case other if other.startswith("."):
            return from_idx(path, said) if "idx" in path.name else _from_text(path, said)
        case other:
            raise Unreadable(f"{path} holds a {other} file, not a table", expected=READABLE)


def _packed_idx(path: Path, found: str) -> bool:
    """Whether a gzipped file is IDX inside."""
    if found != "gzip":
        return False
    import gzip

    try:
        with gzip.open(path) as inside:
            head = inside.read(4)
    except (OSError, *DAMAGED) as error:
        raise Unreadable(f"{path} is packed, but damaged: {error}", remedy="copy or download it again") from error
    return head[:2] == b"\0\0" and len(head) == 4 and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4


def _from_text(path: Path, said: Declaration) -> Table | Texts | Panel:
    """A table where lines are cut into columns, or series with a line a moment; else texts."""
    if reads_as_texts(path, said):
        return from_prose(path, said)
    found = layout_for(path, said)
    stated = said.columns
    markers = {name: markers_of(stated.get(name, {})) for name in found.names}
    text = frozenset(name for name in found.names if stated.get(name, {}).get("dtype") == "str")
    frame, found = read_text_table(path, found, markers=markers, text=text)
    frame, missing_as = tidied(frame, found, stated)
    if said == Declaration() and (series := from_moments(frame)) is not None:
        return series
    return Table(*infer(frame, said, missing_as=missing_as, file=found.file, notes=found.notes))


def reads_as_texts(path: Path, said: Declaration) -> bool:
    """Whether a text file holds texts, and not a table: as declared, or as its name and first lines show."""
    if said.texts not in (None, "table") or suffix(path) in PROSE:
        return True
    if said.texts is not None or suffix(path) == ".csv":
        return False
    found = layout_for(path, said)
    whole = found.file.delimiter == "" and not found.file.header and said.like is None and not said.columns
    return whole and is_prose(path, found)
