"""One player at work: its weights, their moments, the length its gradients usually have, and its rate."""

import math
from typing import final

import torch
from torch import Tensor

from likely.contracts import Player
from likely.training.adamw import AdamW
from likely.training.recipe import Recipe

MEMORY = 0.02  # how fast the usual gradient length follows


@final
class Learner:
    """A player with its optimizer."""

    def __init__(self, player: Player, recipe: Recipe) -> None:
        self.player, self.recipe = player, recipe
        self.weights = [w for w in player.module.parameters() if w.requires_grad]
        self.optimizer = AdamW(player, self.weights)
        place = self.weights[0].device if self.weights else torch.device("cpu")
        self.usual = torch.full((), math.inf, device=place)  # inf: no gradient seen yet

    def move(self, gradients: list[Tensor | None], rate: float) -> Tensor:
        """Shorten what is far too long, then step; returns the gradient's length."""
        there = [g for g in gradients if g is not None]
        if not there:
            return torch.zeros(())
        length = self._shorten(there)
        self.optimizer.step(gradients, rate)
        return length

    def rate(self, step: int) -> float:
        """Warm-up, then half a cosine down to zero at the budget's end."""
        steps, warmup = self.recipe.steps, self.recipe.warmup
        if not self.player.anneal:
            return self.player.rate
        if step < warmup:
            return self.player.rate * (step + 1) / (warmup + 1)
        return self.player.rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))

    def tensors(self) -> dict[str, Tensor]:
        """What the next step depends on, besides the weights."""
        return {**self.optimizer.tensors(), "usual": self.usual}

    def _shorten(self, gradients: list[Tensor]) -> Tensor:
        length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).to(self.usual.dtype)
        limit = self.usual * self.recipe.clip
        if length.is_cuda or bool(length > limit):
            torch._foreach_mul_(gradients, (limit / length).clamp_(max=1))
        seen = torch.minimum(length, limit)
        self.usual.copy_(torch.where(torch.isinf(self.usual), seen, torch.lerp(self.usual, seen, MEMORY)))
        return length
