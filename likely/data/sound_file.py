"""WAV files: single ones, folders and zips of them, with what folders or a metadata file say about each."""

import io
import warnings
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from likely.data.declaration import Declaration
from likely.data.file import DAMAGED, SOUND_SUFFIXES, archived, suffix
from likely.data.infer import infer
from likely.data.picture import METADATA, Archive, Folder, Place, folders_of, listed, with_captions
from likely.data.rows import Array, Table
from likely.data.sound import Sounds, mono
from likely.errors import EmptyData, Unreadable, WrongRows


def from_wav(path: Path) -> Sounds:
    """A single file."""
    rate, samples = _opened(path.name, path.read_bytes())
    return Sounds((samples,), rate, names=(path.name,))


def sounds_in(place: Place, said: Declaration) -> Sounds:
    """The sounds of a folder or an archive."""
    files = place.files()
    names = [name for name in files if is_sound(name)]
    told = [name for name in files if PurePosixPath(name).name in METADATA]
    names, frame = listed(place, told[0], names, said) if told else (names, folders_of(names))
    if not names:
        raise EmptyData(f"there are no sounds in {place.path}", expected=".wav files")
    held = [_opened(name, place.content(name)) for name in names]
    rates = {rate: name for (rate, _), name in zip(held, names, strict=True)}
    if len(rates) > 1:
        (one, first), (other, second) = list(rates.items())[:2]
        raise WrongRows(f"{place.path}: {first} is at {one} Hz, {second} at {other} Hz", expected="one rate",
                        remedy="bring them all to one rate first")  # fmt: skip
    about = None if frame is None else Table(*infer(frame, with_captions(frame, said)))
    return Sounds(tuple(samples for _, samples in held), held[0][0], about=about, names=tuple(names))


def from_sound_folder(path: Path, said: Declaration) -> Sounds:
    """The sounds in a folder and below it."""
    return sounds_in(Folder(path), said)


def from_sound_zip(path: Path, said: Declaration) -> Sounds:
    """The sounds of a zipped folder."""
    try:
        with archived(path) as archive:
            return sounds_in(Archive(path, archive), said)
    except (OSError, *DAMAGED) as error:
        raise Unreadable(f"{path} cannot be unpacked: {error}", remedy="copy or download it again") from error


def holds_sounds(names: Iterable[str]) -> bool:
    """Whether there are sounds among these files."""
    return any(is_sound(name) for name in names)


def is_sound(name: str) -> bool:
    """By its suffix."""
    return suffix(Path(name)) in SOUND_SUFFIXES


def _opened(name: str, content: bytes) -> tuple[int, Array]:
    """Rate and samples of 8, 16, 24 or 32 bits, or reals."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chunks that are no sound
            rate, samples = wavfile.read(io.BytesIO(content))
    except Exception as error:  # damaged bytes fail in the reader in any way
        remedy = "remove the file or replace it by a whole copy"
        raise Unreadable(f"{name} is no whole WAV file: {error}", remedy=remedy) from error
    return int(rate), mono(samples, name)
