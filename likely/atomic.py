"""A file that appears whole or not at all: written beside its place, flushed to the disk, renamed into it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from likely.errors import CannotSave

REMEDY = "make room, or choose another place"


@contextmanager
def appearing(path: Path, *, failures: tuple[type[Exception], ...] = (), remedy: str = REMEDY) -> Iterator[Path]:
    """A place to fill (a file or a folder), which then takes the path's own; where that fails nothing has changed.

    `failures` are what a writer raises instead of an OSError.
    """
    part = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _flush(part)
        os.replace(part, path)
        _flush(path.parent)
    except (OSError, *failures) as error:
        raise _cannot_save(path, error, remedy) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)


def claim(path: Path, *, remedy: str = REMEDY) -> None:
    """An error now if the file could not be written later."""
    part = _beside(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        part.unlink()
    except OSError as error:
        raise _cannot_save(path, error, remedy) from error


def swept(path: Path) -> None:
    """Take away what kills left half-written beside the path."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        part.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_save(path: Path, error: Exception, remedy: str) -> CannotSave:
    told = error.strerror or error if isinstance(error, OSError) else error
    expected = "a place one may write to, with space left; what was there before is untouched"
    return CannotSave(f"{path} cannot be written: {told}", expected=expected, remedy=remedy)
