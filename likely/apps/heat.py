r"""Where a picture is odd: its score, told pixel by pixel.

    log p(x) = sum_i u_i(x) + rest(x)                                                                                (1)
    u_i = log p(x_i | x_{<i}),   usual: E[log p(y | x_{<i})]       models that draw a picture pixel by pixel         (2)
    u_P = mean over orders of v(before, P) - v(before),   usual: its mean over pictures drawn         other models   (3)
    e_i = usual - u_i: nats by which a place is less likely than usual                                               (4)

P is a patch, whose nats are shared out evenly over its pixels; v(S) = mean over drawn pictures r of log p(x_S, r_{not
S}), as columns of tables are told (`likely.apps.contributions`). In (2) a pixel is held against what the model expects
there, given those before it: what an edge costs anyway is not odd.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely import frames
from likely.apps.contributions import Replaced, along, orders_of
from likely.apps.strange import scores_of, terms_of
from likely.data import Images
from likely.errors import CannotAnswer
from likely.fitted import Fitted
from likely.raster import Raster

Array = np.ndarray[Any, Any]
SIDE = 4  # patches along either side
ORDERS, USUAL = 2, 16  # orders of the patches (one and its reverse); pictures drawn, for what is usual


@final
@dataclass(frozen=True)
class Heat:
    """What each place of each picture adds to its log p, in nats."""

    nats: Array  # (B, H, W): u
    usual: Array  # the same, or (1, H, W)
    rest: Array  # (B,): what no place says
    way: str  # how they were found, in words

    @property
    def excess(self) -> Array:
        """(4)"""
        return self.usual - self.nats

    @property
    def total(self) -> Array:
        """(1): each picture's log p (minus its misfit, where there is no density)."""
        return self.nats.sum((1, 2)) + self.rest


def heat(fitted: Fitted[Any], data: Any, *, seed: int = 0) -> Heat:
    """Pixel by pixel where the model draws that way, else patch by patch; for a few pictures."""
    images = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
    if not isinstance(images, Images):
        raise CannotAnswer(f"{images.word} have no pixels", expected="a model of pictures",
                           remedy="likely.apps.contributions for the columns of a table")  # fmt: skip
    score = -scores_of(fitted, images)
    if isinstance(fitted.model, Raster):
        nats, usual = _by_pixel(fitted, images)
        return Heat(nats, usual, score - nats.sum((1, 2)), "chain rule, pixel by pixel")
    nats = _by_patch(fitted, images, seed)
    usual = _by_patch(fitted, fitted.sample_rows(USUAL, seed=seed + 1), seed).mean(0, keepdims=True)
    way = f"{SIDE} x {SIDE} patches, the others replaced by those of drawn pictures, {ORDERS} orders"
    return Heat(nats, usual, score - nats.sum((1, 2)), way)


def _by_pixel(fitted: Fitted[Any], images: Images) -> tuple[Array, Array]:
    """(2), channels together."""
    parts = list(terms_of(fitted, images))
    sides = ((part.told for part in parts), (part.expected for part in parts))
    nats, usual = (torch.cat(list(side)).double().sum(1).cpu().numpy() for side in sides)
    return nats, usual


def _by_patch(fitted: Fitted[Any], images: Any, seed: int) -> Array:
    """(3)"""
    x, _, c = fitted.cells(images)
    group = patches(*x.shape[2:])
    orders = orders_of(int(group.max()) + 1, ORDERS, seed)
    game = Replaced(fitted, seed)
    told = torch.stack([along(game, x, c, order, group.expand(x.shape[1:])) for order in orders]).mean(0)
    return (told / group.flatten().bincount())[:, group].numpy()


def patches(height: int, width: int) -> Tensor:
    """Which patch each pixel is of, (H, W)."""
    down, across = (torch.arange(size) * min(SIDE, size) // size for size in (height, width))
    return down[:, None] * min(SIDE, width) + across
