"""Series as lines, or as a map where they have many channels; sounds as waves above their spectrograms."""

import base64
import io
import wave
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from PIL import Image as Picture

from likely.data import Panel, Sounds, spectrogram
from likely.report.drawing import line, path, shortened, svg, text

SHOWN = 12
WIDE, HIGH = 230.0, 86.0
MANY = 8  # channels from which they are rows of a map
POINTS = 400  # of a line
QUIET = 60.0  # decibels below the loudest that are still drawn
BELOW = 14.0  # height of the words under a drawing


def series(rows: Panel, real: Panel, name: str = "samples") -> Markup:
    """The first few, on the scale of the real ones."""
    low, high = np.nanquantile(real.values, [0.001, 0.999])
    spread = (high - low) or 1.0
    shapes = []
    for place, values in enumerate(rows.each()[:SHOWN]):
        drawn = _map(values, low, spread) if len(rows.channels) > MANY else _lines(values, low, spread, len(values))
        shapes.append(_placed("".join(drawn), _told(rows, place, f"{len(values)} moments"), name))
    return _sheet(shapes)


def sounds(rows: Sounds, name: str = "samples", room: int = 0) -> Markup:
    """The first few: what the membrane does, and which pitches are loud when; to be heard as far as there is room."""
    shapes = []
    for place, samples in enumerate(rows.samples[:SHOWN]):
        line_of = path(_envelope(samples, 26, 24), "drawn") if len(samples) else ""
        seen = _picture(_loudness(samples), 54, HIGH - 54 - BELOW) if len(samples) else ""
        told = _told(rows, place, f"{len(samples) / rows.rate:.2f} s")
        player = heard(samples, rows.rate, f"{name}, {told}") if len(samples) else Markup()
        room -= len(player)
        drawn = _placed(line_of + seen, told, name)
        shapes.append(drawn if room < 0 else Markup("<div>{}{}</div>").format(drawn, player))
    return _sheet(shapes)


def heard(samples: np.ndarray, rate: int, said: str) -> Markup:
    """A player of the sound, which is inside the page: 16 bits, one channel."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    code = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Markup('<audio controls preload="metadata" aria-label="{}" src="data:audio/wav;base64,{}"></audio>').format(
        said, code
    )


def _sheet(drawn: Sequence[Markup]) -> Markup:
    return Markup('<div class="plots wider">{}</div>').format(Markup("").join(drawn))


def _placed(drawn: str, told: str, name: str) -> Markup:
    foot = line(0, HIGH - BELOW, WIDE, HIGH - BELOW, "axis") + text(0, HIGH - 2, shortened(told, 40), "tick")
    return svg(WIDE, HIGH, [drawn, foot], label=f"{name}: {told}")


def _told(rows: Panel | Sounds, place: int, size: str) -> str:
    """What is said about a piece, and its size."""
    said = [] if rows.about is None else [str(rows.about.frame.iloc[place, 0])]
    return ", ".join([*said, size])


def _lines(values: np.ndarray, low: float, spread: float, length: int) -> list[str]:
    """One line a channel, broken at gaps."""
    x, shapes = np.linspace(0, WIDE, max(length, 2))[:length], []
    every = max(1, length // POINTS)
    for channel in values.T:
        y = (HIGH - BELOW - 4) * (1 - np.clip((channel - low) / spread, -0.05, 1.05)) + 2
        there = ~np.isnan(y)
        for part in np.split(np.arange(length), np.flatnonzero(np.diff(there.astype(int))) + 1):
            if there[part].all() and len(part) > 1:
                shapes.append(path(zip(x[part][::every], y[part][::every], strict=True), "drawn"))
    return shapes


def _map(values: np.ndarray, low: float, spread: float) -> list[str]:
    """Moments from left to right, channels from below up."""
    return [_picture(np.nan_to_num((values.T[::-1] - low) / spread), 0, HIGH - BELOW)]


def _envelope(samples: np.ndarray, middle: float, reach: float) -> list[tuple[float, float]]:
    """The lowest and the highest sample of each stretch."""
    parts = np.array_split(samples, min(len(samples), POINTS))
    x = np.linspace(0, WIDE, len(parts))
    return [
        (at, middle - reach * float(end)) for at, part in zip(x, parts, strict=True) for end in (part.min(), part.max())
    ]


def _loudness(samples: np.ndarray) -> np.ndarray:
    """0 to 1, low pitches below."""
    power = spectrogram(samples.astype(np.float64)).T[::-1]
    return np.clip((power - power.max() + QUIET) / QUIET, 0, 1)


def _picture(levels: np.ndarray, top: float, high: float) -> str:
    """Levels 0 to 1 as how much of the ink is seen."""
    ink = np.zeros((*levels.shape, 4), np.uint8)
    ink[..., :3], ink[..., 3] = (45, 95, 200), np.rint(255 * levels.clip(0, 1)).astype(np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(ink).save(buffer, "PNG", optimize=True)
    code = base64.b64encode(buffer.getvalue()).decode("ascii")
    size = f'y="{top:g}" width="{WIDE:g}" height="{high:g}" preserveAspectRatio="none"'
    return f'<image {size} href="data:image/png;base64,{code}"/>'
