"""A pyramid: after each stage half of the channels leave as finished, and the next stage works on the rest."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.bijection import Bijection
from likely.bijections.chain import Prepared, prepared


@final
class MultiScale(Prepared):
    """Stages on images of these shapes; z is one vector (B, D): what left at each stage, the last stage's output last.

    `shapes[i]` is the (C, H, W) that stage i puts out; all but the last give away their last channels, `leaving[i]`.
    """

    def __init__(self, stages: Sequence[Bijection], shapes: Sequence[tuple[int, int, int]]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.shapes = list(shapes)
        self.leaving = [channels // 2 for channels, _, _ in self.shapes[:-1]] + [self.shapes[-1][0]]

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
        pieces = z.split([leaving * h * w for leaving, (_, h, w) in zip(self.leaving, self.shapes)], 1)
        x, total = None, z.new_zeros(len(z))
        for i in reversed(range(len(pieces))):
            piece = pieces[i].unflatten(1, (self.leaving[i], *self.shapes[i][1:]))
            whole = piece if x is None else torch.cat((x, piece), 1)
            x, ladj = self.stages[i].inverse(whole, context)  # type: ignore[operator]
            total = total + ladj
        return x, total  # type: ignore[return-value]
