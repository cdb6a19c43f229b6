"""Drawings of 32 x 32 pixels in colour, each with a caption: colour, shape, size, place, count.

The shapes are signed distances, so that their edges are smooth without a drawing library, and the same pixels come from
every version of everything.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from likely.data.rows import Images, Table
from likely.data.schema import ColumnSchema, Schema

Array = np.ndarray[Any, Any]
SIDE = 32
COLOURS = {
    "red": (214, 48, 49),
    "orange": (240, 147, 43),
    "yellow": (241, 210, 50),
    "green": (39, 174, 96),
    "blue": (41, 98, 220),
    "purple": (142, 68, 173),
}
SIZES = {"small": 2.8, "large": 4.4}  # half the width, in pixels
PLACES = {
    "top left": (10.0, 10.0),
    "top right": (22.0, 10.0),
    "bottom left": (10.0, 22.0),
    "bottom right": (22.0, 22.0),
    "centre": (16.0, 16.0),
}
COUNTS = ("one", "two", "three")
LAYOUTS = np.array(
    [  # where the copies stand, in widths of a shape; those past the count stand far away
        [[0.0, 0.0], [99.0, 99.0], [99.0, 99.0]],
        [[-0.55, 0.0], [0.55, 0.0], [99.0, 99.0]],
        [[-0.55, 0.5], [0.55, 0.5], [0.0, -0.55]],
    ]
)
BLOCK = 1000  # pictures drawn at once


def circle(x: Array, y: Array, half: Array) -> Array:
    """How far pixels lie outside, negative inside; likewise below."""
    return np.hypot(x, y) - half


def square(x: Array, y: Array, half: Array) -> Array:
    """A square, a little smaller than the circle's box."""
    return np.maximum(np.abs(x), np.abs(y)) - 0.9 * half


def triangle(x: Array, y: Array, half: Array) -> Array:
    """A triangle on its base; its sides have slope 2."""
    return np.maximum(0.894 * np.abs(x) - 0.447 * (y + half), y - 0.9 * half)


def cross(x: Array, y: Array, half: Array) -> Array:
    """Two bars."""
    wide, high, arm = np.abs(x), np.abs(y), 0.32 * half
    return np.minimum(np.maximum(wide - half, high - arm), np.maximum(wide - arm, high - half))


def ring(x: Array, y: Array, half: Array) -> Array:
    """A circle with a hole."""
    return np.abs(np.hypot(x, y) - 0.72 * half) - 0.28 * half


SHAPES = {"circle": circle, "square": square, "triangle": triangle, "cross": cross, "ring": ring}


def shapes(n: int = 5_000, seed: int = 0) -> Images:
    """Drawings (32 x 32, colour) of one to three shapes, each with a caption and its five facts."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(len(names), size=n) for names in (COLOURS, SHAPES, SIZES, PLACES, COUNTS)]
    wobble = rng.uniform(-1, 1, size=(n, 9))
    blocks = [np.arange(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    pixels = [_drawn([code[block] for code in codes], wobble[block]) for block in blocks]
    return Images(np.concatenate(pixels), 256, _facts(codes))


def _drawn(codes: Sequence[Array], wobble: Array) -> Array:
    """A block of pictures; wobble moves the group, its size, its colour and the paper a little."""
    colour, shape, size, place, count = codes
    half = np.array(list(SIZES.values()))[size] * (1 + 0.08 * wobble[:, 0])
    middle = np.array(list(PLACES.values()))[place] + 0.8 * wobble[:, 1:3]
    centres = middle[:, None] + LAYOUTS[count] * 2 * half[:, None, None]  # (B, 3, 2)
    at = np.arange(SIDE) + 0.5
    x = at[None, None, None, :] - centres[:, :, 0, None, None]
    y = at[None, None, :, None] - centres[:, :, 1, None, None]
    nearest = np.empty((len(shape), SIDE, SIDE))  # the distance to the nearest copy
    for code, outside in enumerate(SHAPES.values()):
        mine = shape == code
        nearest[mine] = outside(x[mine], y[mine], half[mine, None, None, None]).min(1)
    cover = np.clip(0.5 - nearest, 0, 1)[..., None]
    ink = np.array(list(COLOURS.values()))[colour] + 12 * wobble[:, 3:6]
    paper = 244 + 6 * wobble[:, 6:9]
    mixed = cover * ink[:, None, None] + (1 - cover) * paper[:, None, None]
    return np.round(mixed).clip(0, 255).astype(np.uint8)


def _facts(codes: Sequence[Array]) -> Table:
    """The caption and the five facts of each picture."""
    names = (tuple(COLOURS), tuple(SHAPES), tuple(SIZES), tuple(PLACES), COUNTS)
    columns = ("colour", "shape", "size", "place", "count")
    words = {name: np.array(known)[code] for name, known, code in zip(columns, names, codes, strict=True)}
    facts = pd.DataFrame({"caption": [_caption(*row) for row in zip(*words.values(), strict=True)]} | words)
    caption = ColumnSchema("caption", "text", "str", why="the facts in words")
    kinds = [
        ColumnSchema(name, "category", "str", levels=tuple(sorted(known)), why="a fact of the drawing")
        for name, known in zip(columns, names, strict=True)
    ]
    return Table(facts, Schema((caption, *kinds)))


def _caption(colour: str, shape: str, size: str, place: str, count: str) -> str:
    """two small red circles at the top left"""
    plural = "" if count == "one" else "es" if shape == "cross" else "s"
    return f"{count} {size} {colour} {shape}{plural} {'in the centre' if place == 'centre' else f'at the {place}'}"
