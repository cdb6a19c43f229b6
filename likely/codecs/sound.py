r"""Sounds <-> cells (N, T): mu-law codes 0 .. L - 1, finer where it is quiet; silence up to the longest length.

    y = sign(s) log(1 + mu |s|) / log(1 + mu),   mu = L - 1                                                         (1)
    code = floor(L (y + 1) / 2)                                                                                     (2)

A sound is drawn back at the middle of its code's interval, and ends where nothing but silence follows: the mass is one
of codes, of sounds up to the silence at their end. Recommendation G.711 (ITU-T, 1988)
"""

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.parts import Part
from likely.data.sound import Sounds
from likely.errors import EmptyData, WrongRows
from likely.spaces import Wave

LONGEST = 2**28  # samples in one sound: a hostile file cannot ask for more
FASTEST = 2**20  # samples a second
Array = np.ndarray[Any, Any]


@final
class SoundCodec(Codec[Sounds]):
    """Sounds of one rate and at most one length."""

    reads = Sounds
    space: Wave

    def __init__(self, space: Wave, levels: int) -> None:
        self.space, self.levels = space, levels
        self.measure = f"mass of {space.length} samples at {space.rate} Hz in {levels} mu-law levels"

    @classmethod
    def fit(cls, rows: Sounds, *, levels: int = 256) -> "SoundCodec":
        """The codec of these sounds' rate and of the longest."""
        if not len(rows):
            raise EmptyData("there are no sounds to learn from", remedy="a folder with at least one .wav file")
        return cls(Wave(rows.rate, max(int(rows.lengths.max()), 1), levels), levels)

    @property
    def silence(self) -> int:
        """The code of 0."""
        return self.levels // 2

    def encode(self, rows: Sounds) -> Cells:
        if rows.rate != self.space.rate:
            raise WrongRows(f"the sounds are at {rows.rate} Hz", expected=f"{self.space.rate} Hz, as those fitted",
                            remedy="bring them to that rate")  # fmt: skip
        lengths = rows.lengths
        if len(rows) and int(lengths.max()) > self.space.length:
            place = int(lengths.argmax())
            raise WrongRows(f"sound {place + 1} has {lengths[place]} samples", expected=f"at most {self.space.length}",
                            remedy="cut it into windows, or shorten it")  # fmt: skip
        x = torch.full((len(rows), self.space.length), float(self.silence))
        for row, sound in zip(x, rows.samples, strict=True):
            row[: len(sound)] = torch.from_numpy(self.codes(sound))
        return Cells(x, torch.zeros(len(x), dtype=torch.float64))

    def beginning(self, rows: Sounds) -> Tensor:
        """Cells (N, k) of sounds of one length, that are begun and not whole."""
        if rows.rate != self.space.rate:
            raise WrongRows(f"the beginnings are at {rows.rate} Hz", expected=f"{self.space.rate} Hz, as those fitted")
        return torch.from_numpy(np.stack([self.codes(sound) for sound in rows.samples]))

    def codes(self, sound: Array) -> Array:
        """Samples in [-1, 1] as codes, float32."""
        s, mu = sound.astype(np.float64).clip(-1, 1), self.levels - 1
        y = np.sign(s) * np.log1p(mu * np.abs(s)) / np.log1p(mu)  # (1)
        return np.floor(self.levels * (y + 1) / 2).clip(0, mu).astype(np.float32)  # (2)

    def samples(self, codes: Array) -> Array:
        """The middle of each code's interval, float32."""
        y, mu = 2 * (codes.astype(np.float64) + 0.5) / self.levels - 1, self.levels - 1
        return (np.sign(y) * np.expm1(np.abs(y) * np.log1p(mu)) / mu).astype(np.float32)

    def decode(self, x: Tensor) -> Sounds:
        codes = x.detach().nan_to_num(self.silence).round().clamp(0, self.levels - 1).cpu().numpy()
        heard = codes != self.silence
        ends = np.where(heard.any(1), codes.shape[1] - heard[:, ::-1].argmax(1), 0)
        return Sounds(tuple(self.samples(row[:end]) for row, end in zip(codes, ends, strict=True)), self.space.rate)

    def parts(self) -> dict[str, Any]:
        return {"is": "SoundCodec", "rate": self.space.rate, "length": self.space.length, "levels": self.levels}

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "SoundCodec":
        part = Part(parts).only("is", "rate", "length", "levels")
        levels, rate = part.integer("levels", 2, 256), part.integer("rate", 1, FASTEST)
        return cls(Wave(rate, part.integer("length", 1, LONGEST), levels), levels)
