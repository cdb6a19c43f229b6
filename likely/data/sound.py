"""Sounds as rows: samples in [-1, 1] at one rate, of equal or unequal lengths."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np

from likely.data.describe import SoundsSummary, Summary
from likely.data.hashing import piece_hashes, share_of_copies
from likely.data.rows import Array, Pieces, Places, Table
from likely.data.series import said_of
from likely.data.write_series import TOP, write_sounds
from likely.errors import EmptyData, WrongRows

BANDS, STRETCHES = 24, 4  # a sound as a point: how loud each band of pitch is in each stretch of it
FRAME = 256  # samples that a spectrum is taken of


@final
@dataclass(frozen=True)
class Sounds(Pieces):
    """Sounds, one a row: float32 samples in [-1, 1], one channel, and what is said about each."""

    samples: tuple[Array, ...]
    rate: int  # samples a second
    windows: bool = False  # cut one after another from one recording
    about: Table | None = None
    names: tuple[str, ...] = field(default=())
    word: ClassVar[str] = "sounds"
    suffix: ClassVar[str] = ".wav"

    @property
    def consecutive(self) -> bool:
        return self.windows

    @property
    def dimensions(self) -> int:
        return max(1, round(float(self.lengths.mean()))) if len(self) else 1

    @property
    def lengths(self) -> Array:
        """(N,) samples."""
        return np.array([len(sound) for sound in self.samples], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, rows: Places) -> "Sounds":
        kept = [int(i) for i in np.asarray(rows)]
        about = None if self.about is None else self.about.take(kept)
        names = tuple(self.names[i] for i in kept) if self.names else ()
        return replace(self, samples=tuple(self.samples[i] for i in kept), about=about, names=names)

    def hashes(self) -> Array:
        return piece_hashes(np.rint(sound * (TOP + 1)).astype("<i4").tobytes() for sound in self.samples)

    def heading(self) -> bytes:
        return repr(self.rate).encode()

    def with_about(self, about: Table | None) -> "Sounds":
        return replace(self, about=about)

    def _alike(self, other: "Sounds") -> "Sounds":
        if self.rate != other.rate:
            raise WrongRows(f"sounds at {other.rate} Hz beside {self.rate} Hz", expected="one rate")
        return other

    def mixed(self, rng: np.random.Generator) -> "Sounds":
        """Every sample drawn from all of them; the lengths stay."""
        cuts = np.cumsum(self.lengths)[:-1]
        return Sounds(tuple(np.split(rng.permutation(np.concatenate(self.samples)), cuts)), self.rate)

    def points(self) -> Array:
        return np.stack([_profile(sound) for sound in self.samples]) if len(self) else np.zeros((0, BANDS * STRETCHES))

    def array(self) -> Array:
        """(N, T), silent past the end of shorter ones."""
        longest = int(self.lengths.max(initial=0))
        return np.stack([np.pad(sound, (0, longest - len(sound))) for sound in self.samples])

    def described(self) -> Summary:
        seconds = self.lengths / self.rate
        about = None if self.about is None else self.about.described()
        spread = (float(seconds.min()), float(seconds.mean()), float(seconds.max()))
        copies = 0.0 if self.windows else share_of_copies(self.hashes())
        return SoundsSummary(len(self), self.rate, spread, copies, about, (self.names or ("",))[0])

    def written(self, path: Path, told: str | None) -> list[Path]:
        return write_sounds(self, path, told)


def sounds_of(samples: Any, rate: int, *, labels: Sequence[Any] | None = None) -> Sounds:
    """Sounds that a person holds: an array (N, T) or a list of (T,), reals in [-1, 1] or whole numbers of their bits.

    Channels of (T, C) are mixed down to one. `labels` is one class a sound, and may be a frame with several columns.
    """
    parts = tuple(mono(np.asarray(each), f"sound {place + 1}") for place, each in enumerate(samples))
    if not parts or not any(map(len, parts)):
        raise EmptyData("there are no sounds", expected="at least one with samples")
    return Sounds(parts, rate, about=None if labels is None else said_of(labels, len(parts)))


def mono(samples: Array, name: str) -> Array:
    """float32 (T,) in [-1, 1]: whole numbers divided by what their bits hold, channels mixed down."""
    match samples.dtype.kind, samples.dtype.itemsize:
        case "f", _:
            values = samples.astype(np.float64)
        case "u", 1:
            values = (samples.astype(np.float64) - 128) / 128
        case "i", bits if bits in (2, 4):
            values = samples / 2.0 ** (8 * bits - 1)
        case _:
            raise WrongRows(f"{name} is of {samples.dtype}", expected="reals in [-1, 1], uint8, int16 or int32")
    values = values.mean(1) if values.ndim == 2 else values
    if values.ndim != 1 or not np.isfinite(values).all():
        raise WrongRows(
            f"{name} is not a sound: its shape is {samples.shape}", expected="finite samples (T,) or (T, C)"
        )
    if np.abs(values).max(initial=0.0) > 1.5:
        raise WrongRows(f"{name} reaches {np.abs(values).max():.3g}", expected="samples in [-1, 1]")
    return values.clip(-1, 1).astype(np.float32)


def cut(sounds: Sounds, window: int) -> Sounds:
    """Sounds cut into windows of one length, one after another; what fills no window is left out."""
    if window < 1:
        raise WrongRows(f"a window of {window} samples", expected="at least 1")
    counts = sounds.lengths // window
    if not counts.any():
        raise EmptyData(f"no sound has {window} samples", remedy="a shorter window")
    which = np.repeat(np.arange(len(sounds)), counts)
    parts = tuple(sounds.samples[i][at * window : (at + 1) * window] for i, n in enumerate(counts) for at in range(n))
    about = None if sounds.about is None else sounds.about.take(which)
    names = tuple(sounds.names[i] for i in which) if sounds.names else ()
    return Sounds(parts, sounds.rate, len(sounds) == 1, about, names)


def spectrogram(sound: Array, frame: int = FRAME, step: int | None = None) -> Array:
    """Power in decibels, (frames, frame / 2 + 1), of frames under a cosine window."""
    step = step or frame // 2
    filled = np.pad(sound, (0, max(0, frame - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(filled, frame)[::step] * np.hanning(frame)
    return 10 * np.log10(np.abs(np.fft.rfft(frames, axis=1)) ** 2 + 1e-6)


def _profile(sound: Array) -> Array:
    """Decibels in bands that widen with pitch, averaged over stretches of the sound; halved tens, so of order one."""
    power = spectrogram(np.asarray(sound, dtype=np.float64))
    edges = np.unique(np.geomspace(1, power.shape[1], BANDS + 1).round().astype(int))
    edges = np.concatenate([edges, np.full(BANDS + 1 - len(edges), edges[-1])])
    bands = np.stack([power[:, min(a, power.shape[1] - 1) : max(b, a + 1)].mean(1) for a, b in pairwise(edges)], 1)
    at = np.linspace(0, len(bands), STRETCHES + 1)
    parts = [bands[int(low) : max(int(np.ceil(high)), int(low) + 1)].mean(0) for low, high in pairwise(at)]
    return np.concatenate(parts) / 20
