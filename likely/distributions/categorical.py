r"""Choices: every cell one of k codes.

log p(x | l) = l_x - log sum_j e^{l_j}                                                                           (1)
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness, Space
from likely.distributions.law import Law, Observation, precise
from likely.distributions.layout import stacked, unstacked
from likely.distributions.sharpened import PLAIN, sharpened
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Category, Image, Series, Tokens, Vector, Wave, present


@final
@dataclass(frozen=True)
class Categorical(Observation):
    """Pixels, tokens or categories, each with a log-probability per code."""

    def law(self, space: Space) -> Law:
        return CategoricalLaw(space, _codes(space))


@final
class CategoricalLaw(Law):
    """Independent choices among the same number of codes; the parameters are unnormalised log-probabilities."""

    def __init__(self, space: Space, codes: int) -> None:
        self.space, self.codes = space, codes
        self.outputs = stacked(space, codes)
        self._whole = isinstance(space, Tokens)  # codes are integers

    def _logits(self, parameters: Tensor) -> Tensor:
        return unstacked(precise(parameters), self.codes, self.space)  # (B, codes, *shape)

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        there = present(x)
        code = torch.where(there, x, 0).long()
        return torch.where(there, chosen(self._logits(parameters).log_softmax(1), code, 1), 0.0)

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        logits = self._logits(parameters)
        return self._cells(rng.categorical(sharpened(logits.movedim(1, -1), sharpness)), logits)

    def mean(self, parameters: Tensor) -> Tensor:
        logits = self._logits(parameters)
        return self._cells(logits.argmax(1), logits)

    def _cells(self, codes: Tensor, like: Tensor) -> Tensor:
        return codes if self._whole else codes.to(like.dtype)


def chosen(log_p: Tensor, code: Tensor, dim: int) -> Tensor:
    """log p of each cell's code along `dim` (1); a code that does not exist has probability 0."""
    options = log_p.shape[dim]
    picked = log_p.gather(dim, code.clamp(0, options - 1).unsqueeze(dim)).squeeze(dim)
    return picked.masked_fill((code < 0) | (code >= options), -torch.inf)


def _codes(space: Space) -> int:
    match space:
        case Image(levels=int(levels)) | Series(levels=int(levels), missing=False) | Wave(levels=int(levels)):
            return levels
        case Tokens():
            return space.vocabulary
        case Vector() if len(kinds := set(space.columns)) == 1 and isinstance(kind := kinds.pop(), Category):
            if not kind.missing:
                return kind.k
    raise FieldError(
        f"the Categorical law is over cells of one number of codes, not {space!r:.80}",
        expected="an Image, Series or Wave with levels and no gaps, Tokens, or a Vector of categories of one size, "
        "never missing",
        remedy="leave the law out: each space has one of its own",
    )
