r"""AdamW for one player: one fused call over all its tensors.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2                                                              (1)
    p <- p - rate (decay p + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps))                                         (2)

Decoupled Weight Decay Regularization (Loshchilov & Hutter, 2019), arXiv:1711.05101. `torch.optim` computes the same,
but imports the compiler on its first use (1.6 s) and costs three times the overhead: its kernel is called directly.
"""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from likely.contracts import Player

EPS = 1e-8
FUSED = {"cpu", "cuda", "mps", "xpu"}


@final
class AdamW:
    """The moments of a player's weights, and their step. t counts steps of the player, not of each weight."""

    def __init__(self, player: Player, weights: Sequence[Tensor]) -> None:
        self.player, self.weights = player, list(weights)
        self.means = [torch.zeros_like(w) for w in self.weights]
        self.squares = [torch.zeros_like(w) for w in self.weights]
        place = self.weights[0].device if self.weights else torch.device("cpu")
        self.taken = torch.zeros((), dtype=torch.float32, device=place)
        self.fused = all(w.device.type in FUSED and w.is_floating_point() for w in self.weights)

    def step(self, gradients: Sequence[Tensor | None], rate: float) -> None:
        """Move every weight that has a gradient."""
        columns = [list(gradients), self.weights, self.means, self.squares]
        if any(g is None for g in gradients):
            moving = [each for each in zip(*columns, strict=True) if each[0] is not None]
            columns = [list(column) for column in zip(*moving, strict=True)]
        if columns:
            with torch.no_grad():
                self.taken.add_(1)
                (self._fused if self.fused else self._plain)(*columns, rate=rate)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that has to be kept for the next step, by name."""
        kinds = {"mean": self.means, "square": self.squares}
        moments = {f"{i}/{kind}": tensor for kind, each in kinds.items() for i, tensor in enumerate(each)}
        return {**moments, "taken": self.taken}

    def _fused(self, g: list[Tensor], p: list[Tensor], m: list[Tensor], v: list[Tensor], *, rate: float) -> None:
        g = [_laid_like(each, weight) for each, weight in zip(g, p, strict=True)]
        beta1, beta2 = self.player.betas
        torch._fused_adamw_(
            p, g, m, v, [], [self.taken] * len(p), lr=rate, beta1=beta1, beta2=beta2, weight_decay=self.player.decay,
            eps=EPS, amsgrad=False, maximize=False,
        )  # fmt: skip

    def _plain(self, g: list[Tensor], p: list[Tensor], m: list[Tensor], v: list[Tensor], *, rate: float) -> None:
        (beta1, beta2), t = self.player.betas, float(self.taken)
        torch._foreach_mul_(p, 1 - rate * self.player.decay)
        torch._foreach_lerp_(m, g, 1 - beta1)  # (1)
        torch._foreach_mul_(v, beta2)
        torch._foreach_addcmul_(v, g, g, value=1 - beta2)  # (1)
        for weight, mean, square in zip(p, m, v, strict=True):
            spread = (square / (1 - beta2**t)).sqrt_().add_(EPS)
            weight.addcdiv_(mean, spread, value=-rate / (1 - beta1**t))  # (2)


def _laid_like(gradient: Tensor, weight: Tensor) -> Tensor:
    """The kernel walks memory, so a gradient must lie as its weight does."""
    if gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight).copy_(gradient)
