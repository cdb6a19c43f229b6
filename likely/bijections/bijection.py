"""What a bijection promises: a value and its log|det| come together, in both directions."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Bijection(nn.Module, ABC):
    """z = f(x; context), invertible in x."""

    @abstractmethod
    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(z, log|dz/dx|), the second one value a row."""

    @abstractmethod
    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(x, log|dx/dz|), the second one value a row."""
