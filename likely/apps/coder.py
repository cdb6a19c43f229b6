r"""How many nats a lossless coder spends on a picture: a measure of how simple it is that knows no data.

    m = clip(a + b - c) to [min(a, b), max(a, b)],   a left, b above, c above left                                   (1)
    context: the size of |a - c| + |c - b| + |b - d|,   d above right; 0 where the four are equal                    (2)
    P(x) = (1 - w) theta^|x - m| / Z + w / levels,   2 theta / (1 - theta^2) = mean |x - m|                          (3)
    w = the share of jumps in the context so far, each pixel counted as (3) says how likely it was one               (4)

Nothing is learned but within a picture, from what came before: the sum over pixels is the length of a code that one
could write (up to two bits). Channels are coded after one another, each by itself.

The LOCO-I Lossless Image Compression Algorithm (Weinberger, Seroussi & Sapiro, 2000), IEEE TIP 9(8)
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
EDGES = (1, 3, 7, 15, 31, 63, 127)  # of (2), in levels of 256: sizes that share a context
START = 0.5, 1.0  # the sum and the number of |x - m| before anything was met, in levels of 256


def nats_of(pixels: Array, levels: int) -> Array:
    """The code's length of each picture (N, H, W, C), float64."""
    count, height, width, channels = pixels.shape
    planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).reshape(count * channels, height, width)
    return _planes(planes.astype(np.int64), levels).reshape(count, channels).sum(1)


def _planes(x: Array, levels: int) -> Array:
    """All planes side by side, pixel after pixel."""
    rows, edges = np.arange(len(x)), np.array(EDGES) * (levels - 1) / 255
    apart = np.full((len(x), len(EDGES) + 1), START[0] * (levels - 1) / 255)
    number, jumps = np.full_like(apart, START[1]), np.full_like(apart, 0.5)
    spent = np.zeros(len(x))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            left, above, corner, right = _neighbours(x, i, j)
            guess = np.clip(left + above - corner, np.minimum(left, above), np.maximum(left, above))  # (1)
            busy = np.abs(left - corner) + np.abs(corner - above) + np.abs(above - right)
            here = rows, np.searchsorted(edges, busy, side="right")  # (2)
            share = jumps[here] / (number[here] + jumps[here])  # (4), number counts what is no jump
            near = (1 - share) * np.exp(-_cost(x[:, i, j], guess, apart[here] / number[here], levels))
            whole = near + share / levels  # (3)
            spent -= np.log(whole)
            jumps[here] += 1 - near / whole
            number[here] += near / whole
            apart[here] += np.abs(x[:, i, j] - guess) * near / whole
    return spent


def _neighbours(x: Array, i: int, j: int) -> tuple[Array, Array, Array, Array]:
    """a, b, c and d of (1) and (2); beyond the edge is what lies next to it, and 0 before the first pixel."""
    none = np.zeros(len(x), dtype=np.int64)
    above = x[:, i - 1, j] if i else (x[:, i, j - 1] if j else none)
    left = x[:, i, j - 1] if j else above
    corner = x[:, i - 1, j - 1] if i and j else above
    right = x[:, i - 1, j + 1] if i and j + 1 < x.shape[2] else above
    return left, above, corner, right


def _cost(x: Array, guess: Array, mean: Array, levels: int) -> Array:
    """-log of the first law of (3), theta^|x - m| / Z, of this mean."""
    theta = mean / (1 + np.sqrt(1 + mean**2))  # the root of 2 theta = mean (1 - theta^2)
    tails = 2 - theta ** (guess + 1) - theta ** (levels - guess)
    return np.log(tails / (1 - theta) - 1) - np.abs(x - guess) * np.log(theta)  # Z counts 0 once
