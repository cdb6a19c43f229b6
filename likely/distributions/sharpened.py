"""Choices that lean to the likeliest: temperature, the k likeliest, and the fewest that hold a given mass.

What is drawn by inversion of one uniform leans to its median: the level's log-odds are multiplied by the temperature.
"""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness
from likely.rng import Rng

PLAIN = Sharpness()


def sharpened(logits: Tensor, sharpness: Sharpness) -> Tensor:
    """Logits (..., K) of the law that is drawn from: -inf where a choice is left out; the likeliest always stays."""
    logits = logits / sharpness.temperature
    if sharpness.top_k is not None and sharpness.top_k < logits.shape[-1]:
        least = logits.topk(sharpness.top_k, -1).values[..., -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    return logits if sharpness.top_p == 1.0 else _nucleus(logits, sharpness.top_p)


def _nucleus(logits: Tensor, mass: float) -> Tensor:
    """The fewest likeliest choices that hold this mass together."""
    falling, order = torch.sort(logits.softmax(-1), stable=True, dim=-1, descending=True)
    before = falling.cumsum(-1) - falling  # the mass of all likelier choices
    left_out = torch.zeros_like(before, dtype=torch.bool).scatter(-1, order, before >= mass)
    return logits.masked_fill(left_out, -torch.inf)


@final
class Tempered(Rng):
    """Another source's uniforms, drawn to one half by a temperature below 1 and away from it by one above."""

    def __init__(self, rng: Rng, temperature: float) -> None:
        self.rng, self.temperature = rng, temperature

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        level = self.rng.uniform(shape, like=like)
        return level if self.temperature == 1 else torch.sigmoid(self.temperature * torch.logit(level)).to(like.dtype)

    def fork(self, tag: int) -> "Tempered":
        return Tempered(self.rng.fork(tag), self.temperature)
