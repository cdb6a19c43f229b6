"""How the parameters of cells lie in a decoder's output: parameter-major, along the first dimension.

`per` parameters a cell: (per * D,) for a Vector, (per * C, H, W) for an Image, (per * C, T) for a Series, (per, T) for
Tokens and Wave. A cell's parameters are then slices, never gathered.
"""

from torch import Tensor

from likely.contracts import Space
from likely.spaces import Image, Series, Vector


def stacked(space: Space, per: int) -> tuple[int, ...]:
    """The shape a decoder must produce for `per` parameters a cell."""
    match space:
        case Vector() | Image() | Series():
            return (per * space.shape[0], *space.shape[1:])
        case _:
            return (per, *space.shape)


def unstacked(parameters: Tensor, per: int, space: Space) -> Tensor:
    """(B, per, *space.shape): a view."""
    return parameters.reshape(len(parameters), per, *space.shape)
