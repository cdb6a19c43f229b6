"""Stacked digits: pictures whose colour channels are pictures of one colour, drawn at random.

Of ten digits, three channels make a thousand kinds of picture, equally frequent: it can be counted how many of them a
model makes. The set is made when it is asked for, and is nowhere kept. Unrolled GANs (Metz et al., 2017)
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from likely.data.rows import Images, Table
from likely.data.schema import Schema
from likely.errors import WrongRows

Array = np.ndarray[Any, Any]
CHANNELS = 3


def stacked(pictures: Images, n: int, seed: int = 0, *, label: str = "label") -> Images:
    """n pictures (H, W, 3), each channel one of `pictures`; what `label` says of the three stands beside them.

    Deterministic in (pictures, n, seed); the first rows do not depend on n.
    """
    if pictures.pixels.shape[-1] != 1:
        raise WrongRows(f"pictures of {pictures.pixels.shape[-1]} channels", expected="one: they become channels")
    places = np.random.default_rng(seed).integers(len(pictures), size=(n, CHANNELS))
    pixels = np.empty((n, *pictures.pixels.shape[1:3], CHANNELS), np.uint8)
    for channel in range(CHANNELS):
        pixels[..., channel] = pictures.pixels[places[:, channel], ..., 0]
    return Images(pixels, pictures.levels, None if pictures.about is None else _said(pictures.about, label, places))


def _said(about: Table, label: str, places: Array) -> Table:
    """Three columns: what was said of each channel's picture."""
    words, known = about.frame[label].to_numpy(), about.schema[label]
    frame = pd.DataFrame({f"{label}_{channel + 1}": words[places[:, channel]] for channel in range(CHANNELS)})
    kinds = tuple(replace(known, name=name, why="of one channel") for name in frame)
    return Table(frame, Schema(kinds))
