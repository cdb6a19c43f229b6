"""What the steps of a flow promise. The class of a step says whether a flow through it is exact or a bound."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from likely.contracts import Space
from likely.rng import Rng


class Step(nn.Module, ABC):
    """A step from cells to codes: a bijection, which keeps a density exact, or a stochastic one, which bounds it."""


class Bijection(Step):
    """z = f(x; context), invertible in x."""

    @abstractmethod
    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(z, log|dz/dx|), the second one value a row."""

    @abstractmethod
    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(x, log|dx/dz|), the second one value a row."""


class Surjection(Step):
    r"""x = s(u): many u stand for one x, and q(u | x), which lies where they do, draws one of them.

    log p(x) = log E_q[p(u) / q(u | x)] >= E_q[log p(u) + ladj],   ladj = -log q(u | x)             (1)
    """

    space: Space  # where u lives

    @abstractmethod
    def forward(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """(u, ladj) of a draw, the second one value a row."""

    @abstractmethod
    def inverse(self, u: Tensor) -> Tensor:
        """The x that u stands for."""

    @abstractmethod
    def centre(self, x: Tensor) -> Tensor:
        """The u in the middle of q(u | x)."""

    @abstractmethod
    def bounds(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Between which u lies, low and high, where s(u) has the known cells of x; and a number in between."""

    @abstractmethod
    def settled(self, u: Tensor, known: Tensor, high: Tensor) -> Tensor:
        """s(u), cells that are not known being there."""
