"""Opening a person's file: is it there, is it compressed, what does it hold."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from likely.errors import MissingFile, Unreadable
from likely.suggestion import near, shown

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".data", ".dat", ".tab")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
SOUND_SUFFIXES = (".wav", ".wave")
READABLE = "CSV, TSV, Parquet, npz, npy, IDX, .ts, .wav, a folder of images or sounds, or a zip of one"
PIECE = 1 << 20  # bytes unpacked at a time
DAMAGED = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError)  # or encrypted
MAGIC = (
    (b"PAR1", "parquet"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM", "bitmap"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "PDF"),
    (b"\x7fELF", "program"),
    (b"SQLite format", "SQLite"),
    (b"\xd0\xcf\x11\xe0", "old Office"),
    (b"7z\xbc\xaf", "7z"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x80\x04\x95", "pickle"),
)


def existing(path: Path) -> Path:
    """The path, if there is something at it; otherwise an error that offers near names."""
    if path.exists():
        return path
    around = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    if not path.parent.is_dir():
        raise MissingFile(f"there is no file {path}: the folder {path.parent} does not exist")
    alike = [str(path.parent / name) for name in near(path.name, around)]
    raise MissingFile(f"there is no file {path}", remedy=f"did you mean {shown(alike)}?" if alike else "")


def magic(path: Path) -> str:
    """What the first bytes say the file is; empty where they say nothing."""
    return _magic_of(_head(path))


def suffix(path: Path) -> str:
    """The last suffix that is not .gz, lower case."""
    kept = [each.lower() for each in path.suffixes if each.lower() != ".gz"]
    return kept[-1] if kept else ""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where it is gzipped or is the only table in a zip."""
    found = magic(path)
    try:
        if found == "gzip":
            with gzip.open(path, "rb") as unpacked:
                yield io.BufferedReader(unpacked)  # pyright: ignore[reportArgumentType]
        elif found == "zip":
            with archived(path) as archive, archive.open(only_table(archive, path)) as member:
                yield io.BufferedReader(member)  # pyright: ignore[reportArgumentType]
        else:
            with path.open("rb") as plain:
                yield plain
    except DAMAGED as error:
        raise Unreadable(f"{path} is packed, but damaged: {error}", remedy="copy or download it again") from error
    except PermissionError as error:
        raise Unreadable(f"{path} may not be read: permission denied") from error


def reaches(path: Path, size: int) -> bool:
    """Whether the file, unpacked, is at least this many bytes; a packed one is unpacked so far, and thrown away."""
    if magic(path) not in ("gzip", "zip"):
        return path.stat().st_size >= size
    with opened(path) as source:
        while size > 0 and (piece := source.read(min(size, PIECE))):
            size -= len(piece)
    return size <= 0


def zipped_table(path: Path) -> bool:
    """Whether this is a zip of one table and nothing else that can be read."""
    if magic(path) != "zip" or suffix(path) == ".npz":
        return False
    try:
        with archived(path) as archive:
            kinds = [suffix(Path(name)) for name in members(archive)]
    except DAMAGED:
        return False
    return sum(kind in TABLE_SUFFIXES for kind in kinds) == 1 and not any(kind in PICTURE_SUFFIXES for kind in kinds)


def archived(path: Path) -> zipfile.ZipFile:
    """The zip at this path; where a file's name in it is no text, it is damaged."""
    try:
        return zipfile.ZipFile(path)
    except UnicodeDecodeError as error:
        raise zipfile.BadZipFile(str(error)) from error


def members(archive: zipfile.ZipFile) -> list[str]:
    """The files in an archive, without folders and what macOS adds."""
    names = (entry.filename for entry in archive.infolist() if not entry.is_dir())
    return [name for name in names if not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")]


def only_table(archive: zipfile.ZipFile, path: Path) -> str:
    """The one table in a zip."""
    tables = [name for name in members(archive) if suffix(Path(name)) in TABLE_SUFFIXES]
    if len(tables) == 1:
        return tables[0]
    held = f"it holds {shown(tables)}" if tables else "it holds no pictures and no table"
    raise Unreadable(f"{path}: {held}", expected="one folder of pictures, or one table, in a zip")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as plain:
            return plain.read(16)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error


def _magic_of(head: bytes) -> str:
    for start, name in MAGIC:
        if head.startswith(start):
            return name
    if head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"WAVE":
        return "sound"
    if len(head) >= 8 and head[:2] == b"\0\0" and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4:
        return "idx"
    return ""
