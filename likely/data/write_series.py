"""Series and sounds as files, each with the recipe that made it."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from likely.atomic import appearing
from likely.data.file import suffix
from likely.data.folder import folder_of, written_in
from likely.data.recipe import sidecar
from likely.errors import FieldError

if TYPE_CHECKING:
    from likely.data.series import Panel
    from likely.data.sound import Sounds

Array = np.ndarray[Any, Any]
TOP = 32767  # 16-bit samples are -32768 .. 32767
PAUSE = 0.25  # seconds of silence between sounds in one file


def write_series(panel: "Panel", path: Path, told: str | None) -> list[Path]:
    """.ts with the class last, .csv with a line a moment, .npz with what is said about each."""
    kind = suffix(path)
    if kind not in (".ts", ".csv", ".npz"):
        raise FieldError(f"series cannot be written to {path.name}", expected=".ts, .csv (a line a moment) or .npz")
    with appearing(path) as part:
        if kind == ".ts":
            part.write_text(as_ts(panel, path.stem), encoding="utf-8", newline="\n")
        elif kind == ".csv":
            _moments(panel).to_csv(part, index=False)
        else:
            _to_npz(panel, part)
    return [path, *_beside(path, told)]


def write_sounds(sounds: "Sounds", path: Path, told: str | None) -> list[Path]:
    """All in one file with pauses between them, or a folder with one file each."""
    match suffix(path):
        case ".wav":
            pause = np.zeros(round(PAUSE * sounds.rate), np.float32)
            joined = [part for sound in sounds.samples for part in (sound, pause)][:-1]
            with appearing(path) as part:
                part.write_bytes(as_wav(np.concatenate(joined), sounds.rate))
            return [path, *_beside(path, told)]
        case "":
            return _to_folder(sounds, path, told)
    raise FieldError(f"sounds cannot be written to {path.name}", expected="a folder, or .wav (all in one)")


def as_wav(samples: Array, rate: int) -> bytes:
    """One sound in [-1, 1] as a 16-bit file."""
    whole = np.clip(np.rint(samples * (TOP + 1)), -TOP - 1, TOP).astype("<i2").tobytes()
    heading = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(whole), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2,
                          16, b"data", len(whole))  # fmt: skip
    return heading + whole


def as_ts(panel: "Panel", name: str) -> str:
    """The text of a .ts file; of what is said about each, the first column is its class."""
    said = (
        None
        if panel.about is None
        else panel.about.frame.iloc[:, 0].astype(str).str.replace(r"[\s,:]", "_", regex=True)
    )
    lengths = panel.lengths
    even = bool((lengths == panel.values.shape[1]).all())
    labels = "false" if said is None else f"true {' '.join(sorted(set(said)))}"
    heading = [
        f"@problemName {name}",
        "@timeStamps false",
        f"@missing {str(any(bool(np.isnan(each).any()) for each in panel.each())).lower()}",
        f"@univariate {str(len(panel.channels) == 1).lower()}",
        f"@dimensions {len(panel.channels)}",
        f"@equalLength {str(even).lower()}",
        *([f"@seriesLength {panel.values.shape[1]}"] if even else []),
        f"@classLabel {labels}",
        "@data",
    ]
    lines = [":".join(",".join(map(_number, channel)) for channel in series.T) for series in panel.each()]
    told = lines if said is None else [f"{line}:{label}" for line, label in zip(lines, said, strict=True)]
    return "\n".join([*heading, *told]) + "\n"


def _number(value: float) -> str:
    """As short as it can be read back."""
    if np.isnan(value):
        return "?"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))


def _moments(panel: "Panel") -> "pd.DataFrame":
    """A line a moment: which series, what is said about it, when, its channels; `from_moments` reads it back."""
    lengths = panel.lengths
    which = np.repeat(np.arange(len(panel)), lengths)
    when = np.concatenate([np.arange(length) for length in lengths]) if len(panel) else which
    values = pd.DataFrame(panel.values[which, when], columns=pd.Index(panel.channels))
    whole = values.astype(int) if panel.levels and not values.isna().any(axis=None) else values
    said = pd.DataFrame(index=whole.index)
    if panel.about is not None:
        said = panel.about.frame.iloc[which].reset_index(drop=True).drop(columns=["series", "moment"], errors="ignore")
    return pd.concat([pd.Series(which + 1, name="series"), said, pd.Series(when, name="moment"), whole], axis=1)


def _to_npz(panel: "Panel", part: Path) -> None:
    held: dict[str, Any] = {"series": panel.values, "channels": np.array(panel.channels, dtype=str)}
    if panel.levels is not None:
        held["levels"] = np.array(panel.levels)
    if panel.about is not None:
        held |= {f"said_{name}": column.to_numpy(dtype=None if column.dtype.kind in "if" else str)
                 for name, column in panel.about.frame.items()}  # fmt: skip
    with part.open("wb") as file:
        np.savez_compressed(file, **held)


def _to_folder(sounds: "Sounds", path: Path, told: str | None) -> list[Path]:
    """A .wav for each sound."""
    names = [f"{place:05d}.wav" for place in range(len(sounds))]
    with folder_of(names, sounds.about, path, told) as part:
        for name, samples in zip(names, sounds.samples, strict=True):
            (part / name).write_bytes(as_wav(samples, sounds.rate))
    return written_in(path, names)


def _beside(path: Path, told: str | None) -> list[Path]:
    """The recipe in its own file; an old one must not stay beside new rows."""
    place = sidecar(path)
    if told is None:
        place.unlink(missing_ok=True)
        return []
    with appearing(place) as part:
        part.write_text(told + "\n", encoding="utf-8")
    return [place]
