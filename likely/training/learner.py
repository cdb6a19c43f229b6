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
    """A player with its optimizer.

    A gradient longer than `clip` times its usual length is shortened to that: the limit follows the loss's own scale,
    which for a likelihood is anything between 1 and 10^5.
    """

    def __init__(self, player: Player, recipe: Recipe) -> None:
        self.player, self.recipe = player, recipe
        self.weights = [w for w in player.module.parameters() if w.requires_grad]
        self.optimizer = AdamW(player, self.weights)
        place = self.weights[0].device if self.weights else torch.device("cpu")
        self.near = place.type == "cpu"  # reading a number costs nothing
        self.usual = torch.full((), math.inf, dtype=torch.float64, device=place)  # inf: no gradient seen yet

    def move(self, gradients: list[Tensor | None], rate: float) -> Tensor | float:
        """Shorten what is far too long, then step; returns the gradient's length."""
        there = [g for g in gradients if g is not None]
        if not there:
            return 0.0
        length = self._shorten_here(there) if self.near else self._shorten_there(there)
        self.optimizer.step(gradients, rate)
        return length

    def rate(self, step: int) -> float:
        """Warm-up, then half a cosine down to zero at the budget's end, or at the share of it that is the player's."""
        steps, warmup = self.recipe.steps * self.player.until, self.recipe.warmup
        if not self.player.anneal:
            return self.player.rate
        if step >= max(steps, warmup + 1):
            return 0.0
        if step < warmup:
            return self.player.rate * (step + 1) / (warmup + 1)
        return self.player.rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))

    def tensors(self) -> dict[str, Tensor]:
        """What the next step depends on, besides the weights."""
        return {**self.optimizer.tensors(), "usual": self.usual}

    def _shorten_here(self, gradients: list[Tensor]) -> float:
        length = math.hypot(*(each.item() for each in torch._foreach_norm(gradients)))
        usual = self.usual.item()
        limit = usual * self.recipe.clip
        if length > limit:
            torch._foreach_mul_(gradients, limit / length)
        seen = min(length, limit)
        self.usual.fill_(seen if math.isinf(usual) else usual + MEMORY * (seen - usual))
        return length

    def _shorten_there(self, gradients: list[Tensor]) -> Tensor:
        """The same without waiting for the device."""
        length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).double()
        limit = self.usual * self.recipe.clip
        torch._foreach_mul_(gradients, (limit / length).clamp_(max=1))
        seen = torch.minimum(length, limit)
        self.usual.copy_(torch.where(torch.isinf(self.usual), seen, torch.lerp(self.usual, seen, MEMORY)))
        return length
