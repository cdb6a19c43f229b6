"""Blur and noise as a picture: how strong waves of each length are in synthetic pictures and in real ones.

And the pictures' edges themselves, some of each sample, dark where neighbouring pixels differ.
"""

from typing import Any

import numpy as np
from markupsafe import Markup

from likely.apps.measure import Measurement
from likely.data import Images
from likely.metrics import Spectrum
from likely.metrics.edges import laplacian
from likely.report.drawing import line, path, shortened, svg, text
from likely.report.figure import grid, image

Array = np.ndarray[Any, Any]
LEFT, RIGHT, TOP, BOTTOM = 46.0, 500.0, 14.0, 260.0  # of the inside
WIDTH, HEIGHT, COLOURS, SHOWN = 640.0, 302.0, 4, 10


def spectra(found: Measurement) -> Markup | None:
    """Power by frequency, with intervals; none where the rows are no pictures."""
    sides = {"real pictures": found.spectrum} | {each.name: each.spectrum for each in found.measured}
    known = {name: each for name, each in sides.items() if each is not None and len(each.frequency) > 1}
    if not known:
        return None
    powers = np.concatenate([np.log10(np.concatenate([each.low, each.high])) for each in known.values()])
    ends = float(powers.min()), float(powers.max()) + 1e-9
    most = max(float(each.frequency[-1]) for each in known.values())
    shapes = [*_axes(ends, most)]
    for place, (name, each) in enumerate(known.items()):
        shapes += _curve(each, ends, most, f"c{place % COLOURS}")
        shapes.append(text(RIGHT + 8, TOP + 18 * (place + 1), shortened(name, 20), f"name c{place % COLOURS}"))
    label = "power of waves by how many cross a picture, of real and synthetic pictures: a blur falls off sooner"
    return svg(WIDTH, HEIGHT, shapes, label=label)


def edges(pictures: Images, real: Images) -> Markup | None:
    """The edges of the first pictures, as dark as real ones of that strength; none where they have no inside."""
    some = pictures.take(range(min(SHOWN, len(pictures))))
    if min(some.pixels.shape[1:3]) < 3:
        return None
    strong = np.abs(laplacian(some)).max(3, keepdims=True)
    full = float(np.quantile(np.abs(laplacian(real.take(range(min(SHOWN, len(real)))))), 0.98)) or 1.0
    scaled = np.rint(255 * np.minimum(strong / full, 1.0)).astype(np.uint8)
    return image(grid(Images(255 - scaled)), "edges of pictures")


def _curve(told: Spectrum, ends: tuple[float, float], most: float, colour: str) -> list[str]:
    low, middle, high = ([(_x(f, most), _y(np.log10(p), ends)) for f, p in zip(told.frequency, side, strict=True)]
                         for side in (told.low, told.power, told.high))  # fmt: skip
    return [path([*high, *reversed(low)], f"band {colour}"), path(middle, f"curve {colour}")]


def _axes(ends: tuple[float, float], most: float) -> list[str]:
    shapes = [line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis"), line(LEFT, TOP, LEFT, BOTTOM, "axis")]
    shapes.append(text((LEFT + RIGHT) / 2, HEIGHT - 4, "waves across the picture", end="middle"))
    for waves in [each for each in (1, 2, 4, 8, 16, 32, 64, 128, 256) if each <= most]:
        shapes.append(text(_x(waves, most), BOTTOM + 16, f"{waves}", "tick", end="middle"))
    for power in range(int(np.ceil(ends[0])), int(np.floor(ends[1])) + 1):
        shapes.append(text(LEFT - 6, _y(power, ends) + 4, f"10^{power}", "tick", end="end"))
    return shapes


def _x(waves: float, most: float) -> float:
    return LEFT + (RIGHT - LEFT) * float(np.log(waves) / np.log(max(most, 2.0)))


def _y(power: float, ends: tuple[float, float]) -> float:
    return float(BOTTOM - (BOTTOM - TOP) * (power - ends[0]) / (ends[1] - ends[0]))
