"""What an observation law promises: p(x | parameters), cells independent given the parameters."""

from abc import ABC, abstractmethod

from torch import Tensor

from likely.rng import Rng


class Law(ABC):
    """p(x | parameters) over one space.

    A cell that is NaN scores as missing where its column can be missing, and is left out (marginalised) elsewhere.
    """

    outputs: tuple[int, ...]  # the shape of one example's parameters: what a decoder must produce

    @abstractmethod
    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """log p of each cell: (B, *space.shape)."""

    @abstractmethod
    def sample(self, parameters: Tensor, *, rng: Rng) -> Tensor:
        """One draw of x per row of parameters."""

    @abstractmethod
    def mean(self, parameters: Tensor) -> Tensor:
        """The noiseless x: the mean of reals, the mode of choices."""

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """log p(x), one value a row."""
        return self.cell_log_prob(x, parameters).flatten(1).sum(1)
