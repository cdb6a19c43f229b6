"""A space as moments, one after another, each a row of channels: how a model of time sees any kind of data."""

from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.errors import FieldError
from likely.spaces import Category, Real, Series, Tokens, Vector, Wave


@final
class Moments:
    """`length` moments of `channels`; a table's row is one moment."""

    def __init__(self, space: Space) -> None:
        self.space, self.length = space, 1 if isinstance(space, Vector) else space.shape[-1]
        self.channels = _channels(space)

    def cells(self, x: Tensor) -> Tensor:
        """(B, *shape) as (B, T, channels), floats, NaN where missing."""
        match self.space:
            case Vector():
                return x[:, None]
            case Series():
                return x.transpose(1, 2)
            case Tokens():
                return x.float().masked_fill(x < 0, torch.nan)[..., None]
        return x[..., None]

    def whole(self, cells: Tensor) -> Tensor:
        """(B, T, channels) as (B, *shape)."""
        match self.space:
            case Vector():
                return cells[:, 0]
            case Series():
                return cells.transpose(1, 2).contiguous()
            case Tokens():
                return cells[..., 0].nan_to_num(-1.0).long()
        return cells[..., 0]

    def over(self, cells: Tensor) -> Tensor | None:
        """Where a text has ended before (B, T, channels); None where moments have no end."""
        if not isinstance(self.space, Tokens):
            return None
        gone = torch.isnan(cells).long()
        return gone.cumsum(1) > gone


def _channels(space: Space) -> Vector:
    match space:
        case Vector():
            return space
        case Series(levels=None):
            return Vector((Real((), space.missing),) * space.channels)
        case Series(levels=int(levels)):
            return Vector((Category(levels, space.missing),) * space.channels)
        case Wave(levels=levels):
            return Vector((Real() if levels is None else Category(levels),))
        case Tokens(vocabulary=vocabulary):
            return Vector((Category(vocabulary, missing=True),))
    raise FieldError(
        f"{type(space).__name__} has no moments that follow one another",
        expected="series, sounds, texts or a table",
        remedy="for pictures a PixelCNN, a PixelRNN or a Transformer",
    )
