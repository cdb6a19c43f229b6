"""Choices that lean to the likeliest: temperature, the k likeliest, and the fewest that hold a given mass."""

import torch
from torch import Tensor

from likely.contracts import Sharpness


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
