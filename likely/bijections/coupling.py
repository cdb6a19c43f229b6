r"""Couplings: some cells pass unchanged and say how the others move.

    z_kept = x_kept,   z_moved = g(x_moved; h(x_kept, context))         (1)
    log|dz/dx| = sum over the moved cells of log g'                     (2)

g is any monotone map (`Affine()`, `Spline(bins=8)`), h any network. Density Estimation using Real NVP (Dinh et al.,
2017), arXiv:1605.08803
"""

from typing import final

from torch import Tensor

from likely.bijections.chain import Prepared
from likely.bijections.conditioner import Conditioner
from likely.bijections.elementwise import Elementwise, Settling
from likely.bijections.split import Split


@final
class Coupling(Prepared):
    """One coupling: a form of map, a split of the cells, and the conditioner between them."""

    def __init__(self, form: Elementwise, split: Split, conditioner: Conditioner) -> None:
        super().__init__()
        self.form, self.split, self.conditioner = form, split, conditioner

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        moved = self.split.moved(x)
        parameters = self.conditioner(self.split.kept(x), context).to(x.dtype)
        z, ladj = self.form.forward(self.conditioner.arrange(moved), parameters)  # (1)
        return self._joined(x, moved, z, ladj)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        moved = self.split.moved(z)
        parameters = self.conditioner(self.split.kept(z), context).to(z.dtype)
        x, ladj = self.form.inverse(self.conditioner.arrange(moved), parameters)
        return self._joined(z, moved, x, ladj)

    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if isinstance(self.form, Settling):
            self.conditioner.settle(self.form.settled(self.split.moved(x).transpose(0, 1).flatten(1)))
        return self(x, context)

    def _joined(self, before: Tensor, moved: Tensor, after: Tensor, ladj: Tensor) -> tuple[Tensor, Tensor]:
        restored = self.conditioner.restore(after, moved.shape)
        slopes = self.split.counted(self.conditioner.restore(ladj, moved.shape))
        return self.split.join(before, restored), slopes.flatten(1).sum(1)  # (2)
