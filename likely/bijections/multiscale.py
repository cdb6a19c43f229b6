"""A pyramid: after each stage half of the channels or columns leave as finished, the next stage works on the rest."""

import math
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.bijection import Bijection
from likely.bijections.chain import Prepared, prepared


@final
class MultiScale(Prepared):
    """Stages on images or rows of these shapes; z is one vector (B, D): what left at each, the last one's output last.

    `shapes[i]` is the (C, H, W) or (D,) that stage i puts out; all but the last give away their last channels or
    columns: `leaving[i]` of them, or half.
    """

    def __init__(
        self,
        stages: Sequence[Bijection],
        shapes: Sequence[tuple[int, ...]],
        leaving: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.shapes = list(shapes)
        halves = [shape[0] // 2 for shape in self.shapes[:-1]]
        self.leaving = [*(halves if leaving is None else leaving), self.shapes[-1][0]]

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self._pass(x, context, settle=False)

    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self._pass(x, context, settle=True)

    def _pass(self, x: Tensor, context: Tensor | None, *, settle: bool) -> tuple[Tensor, Tensor]:
        left, total = [], x.new_zeros(len(x))
        for stage, leaving in zip(self.stages, self.leaving):
            x, ladj = prepared(stage, x, context) if settle else stage(x, context)  # type: ignore[arg-type]
            total = total + ladj
            left.append(x[:, x.shape[1] - leaving :].flatten(1))
            x = x[:, : x.shape[1] - leaving]
        return torch.cat(left, 1), total

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        pieces = z.split([leaving * math.prod(shape[1:]) for leaving, shape in zip(self.leaving, self.shapes)], 1)
        x, total = None, z.new_zeros(len(z))
        for i in reversed(range(len(pieces))):
            piece = pieces[i].unflatten(1, (self.leaving[i], *self.shapes[i][1:]))
            whole = piece if x is None else torch.cat((x, piece), 1)
            x, ladj = self.stages[i].inverse(whole, context)  # type: ignore[operator]
            total = total + ladj
        return x, total  # type: ignore[return-value]
