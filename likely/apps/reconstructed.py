"""Pictures of which an operator's view was seen (blurred, small, grey, a JPEG), drawn by a model that denoises.

A picture's levels lie in [-1, 1] for the model, level k at 2 (k + 1/2) / levels - 1; so does what is seen, in levels as
well. An operator that keeps an even picture as it is sees the same in either. What is seen has the noise of rounding.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from likely import frames
from likely.card import Completion
from likely.codecs import ImageCodec
from likely.contracts import Filled
from likely.diffusion import Descends, Observed, Operator, Reconstruction, Twisted
from likely.errors import CannotAnswer, WrongRows
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import first_weight
from likely.spaces import absent

ROUNDED = math.sqrt(1 / 12)  # the deviation of a number that was rounded to a whole one


def reconstructed(
    fitted: Fitted[Any], seen: Any, operator: Operator, *, noise: float = 0.0, by: Reconstruction = Twisted(),
    seed: int = 0,
) -> Completion:  # fmt: skip
    """A picture for each that was seen: (N, H, W, C), in levels, with noise of this deviation beside rounding's."""
    model, codec = promised(fitted.model, fitted.name, Descends), fitted.codec
    if not isinstance(codec, ImageCodec):
        raise CannotAnswer(f"{codec.reads.word} are not seen through an operator", expected="a model of pictures")
    step, y = 2 / codec.levels, _planes(seen)
    like, told = first_weight(model), (y + 0.5) * step - 1
    measured = Observed(operator, told.to(like), math.hypot(noise, ROUNDED) * step)
    _check(operator, measured.y, fitted.lift.space.shape)
    with torch.no_grad():
        shape, c = fitted.lift.space.shape, _unsaid(fitted, len(y), like)
        drawn = by.draw(model.denoise, measured, model.way, shape, len(y), c, like=like, rng=Keyed(seed))
    pictures = codec.decode(fitted.lift.down(drawn.x))
    return Completion(frames.returned(pictures, fitted.card.returns), by.word, _share(drawn))


def _share(drawn: Filled) -> float | None:
    """The particles' mean share, where there are any."""
    return None if drawn.share.isnan().any() else float(drawn.share.mean())


def _planes(seen: Any) -> Tensor:
    """(N, C, H, W); one picture may come alone, a grey one without its channel."""
    array = np.asarray(seen, dtype=np.float64)
    array = array[None] if array.ndim == 2 else array
    array = array[..., None] if array.ndim == 3 else array
    if array.ndim != 4:
        raise WrongRows(f"what was seen has shape {array.shape}", expected="pictures (N, height, width, channels)")
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


def _check(operator: Operator, y: Tensor, shape: tuple[int, ...]) -> None:
    """What an operator would show of the model's pictures has the form of what was seen."""
    expected = operator.forward(y.new_zeros(1, *shape)).shape[1:]
    if y.shape[1:] != expected:
        raise WrongRows(f"what was seen is {_size(y.shape[1:])}", expected=f"{_size(expected)}, as {operator} shows it")


def _size(shape: torch.Size) -> str:
    channels, height, width = shape
    return f"{height} x {width} with {channels} channel{'s' * (channels != 1)}"


def _unsaid(fitted: Fitted[Any], n: int, like: Tensor) -> Tensor | None:
    """The null condition, where there is one."""
    if fitted.conditions is None:
        return None
    return absent(fitted.conditions.cells[:1].expand(n, *fitted.conditions.cells.shape[1:])).to(like.device)
