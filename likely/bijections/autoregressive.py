r"""Autoregressive maps: each column moves by a map that the columns before it say.

    z_d = g(x_d; h_d(x_{<d}, context))                                  (1)
    log|dz/dx| = sum_d log g'                                           (2)
    x_d = g^{-1}(z_d; h_d(x_{<d}, context)),   one d after the other    (3)

Forward is one pass of a masked network; the way back computes each hidden unit once, as soon as it can. Its gradient is
that of the implicit function: J = dz/dx is triangular in the order, so that u = J^{-T} v is the fixed point of

    u <- (v - (J^T - diag J) u) / diag J                                (4)

which D rounds reach exactly, and mostly far fewer. Masked Autoregressive Flow for Density Estimation (Papamakarios et
al., 2017), arXiv:1705.07057
"""

from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from likely.backbones import MaskedMLP
from likely.bijections.bijection import Bijection
from likely.bijections.conditioner import FAINT, FAR, summary
from likely.bijections.elementwise import Elementwise


@final
class Autoregressive(Bijection):
    """One autoregressive transform of vectors: a form of map, and the network that says its parameters.

    The network reads one number of each column and says the first parameter of every column, then the second, ...
    """

    def __init__(self, form: Elementwise, network: MaskedMLP) -> None:
        super().__init__()
        self.form, self.network = form, network

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z, ladj = self._moved(x.t(), _told(context))
        return z.t(), ladj.sum(0)  # (2)

    @torch.compiler.disable
    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        said = _told(context)
        with torch.no_grad(), torch.autocast(z.device.type, enabled=False):
            x, ladj = self._by_column(z.t(), said)
        if not torch.is_grad_enabled():
            return x.t(), ladj.sum(0)
        near, slopes = self._moved(x.requires_grad_(), said)
        x = _Solved.apply(z.t(), near, x, slopes.detach().exp())
        return x.t(), -self._moved(x, said)[1].sum(0)  # type: ignore[union-attr]

    def _moved(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """z and the log-slopes, (D, B) both."""
        said = self.network(x.clamp(-FAR, FAR), context).to(x.dtype)
        z, ladj = self.form.forward(x.reshape(1, -1), said.view(1, self.form.outputs, -1))  # (1)
        return z.view(x.shape), ladj.view(x.shape)

    def _by_column(self, z: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        x, ladj = torch.empty_like(z), torch.empty_like(z)
        steps = self.network.by_column(z.shape[1], context)
        for column in self.network.order.tolist():
            x[column], ladj[column] = self.form.inverse(z[column : column + 1], steps.says()[None])  # (3)
            steps.know(x[column].clamp(-FAR, FAR))
        return x, ladj


@final
class _Solved(torch.autograd.Function):
    """x as a function of z and of the map that put out `near` from x."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, near: Tensor, x: Tensor, slopes: Tensor) -> Tensor:
        ctx.save_for_backward(near, x, slopes)
        return x.detach().clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, v: Tensor) -> tuple[Tensor, Tensor, None, None]:
        near, x, slopes = ctx.saved_tensors
        u, enough = v / slopes, 10 * torch.finfo(v.dtype).eps
        for _ in range(len(x)):
            change = (v - torch.autograd.grad(near, x, u, retain_graph=True)[0]) / slopes  # (4)
            u = u + change
            if change.abs().max() <= enough * u.abs().max():
                break
        return u, -u, None, None


def autoregressive(
    form: Elementwise, size: int, *, hidden: tuple[int, ...], backwards: bool = False, context: int = 0
) -> Autoregressive:
    """A transform of this many columns that starts close to the identity; backwards: the last column comes first."""
    order = range(size)[::-1] if backwards else range(size)
    reads, says = range(size), list(range(size)) * form.outputs
    narrow = min(hidden, default=0) < size - 1
    return Autoregressive(
        form, MaskedMLP(reads, says, hidden=hidden, order=order, context=context, direct=narrow, faint=FAINT)
    )


def _told(context: Tensor | None) -> Tensor | None:
    """A context as (K, B)."""
    return None if context is None else summary(context).t()
