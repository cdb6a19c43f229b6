"""Which cells a coupling moves, and which it keeps and reads."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


class Split(ABC):
    """A partition of the cells in two: `kept` ones pass unchanged and say how the others move."""

    @abstractmethod
    def kept(self, x: Tensor) -> Tensor:
        """What the conditioner reads."""

    @abstractmethod
    def moved(self, x: Tensor) -> Tensor:
        """The cells that go through the map (and any that are ignored afterwards)."""

    @abstractmethod
    def join(self, x: Tensor, moved: Tensor) -> Tensor:
        """x with its moved cells replaced."""

    @abstractmethod
    def counted(self, ladj: Tensor) -> Tensor:
        """The log-slopes that count, zero elsewhere: shaped as `moved`."""


@final
@dataclass(frozen=True)
class Cut(Split):
    """Columns or channels (the second dimension), in two blocks."""

    at: int  # where the first block ends
    first: bool = False  # move the first block instead of the second

    def kept(self, x: Tensor) -> Tensor:
        return x[:, self.at :] if self.first else x[:, : self.at]

    def moved(self, x: Tensor) -> Tensor:
        return x[:, : self.at] if self.first else x[:, self.at :]

    def join(self, x: Tensor, moved: Tensor) -> Tensor:
        parts = (moved, self.kept(x)) if self.first else (self.kept(x), moved)
        if x.dim() == 2:
            return torch.cat([part.t() for part in parts]).t()  # column by column in memory, as conditioners read
        return torch.cat(parts, 1)

    def counted(self, ladj: Tensor) -> Tensor:
        return ladj


@final
@dataclass(frozen=True)
class Checkerboard(Split):
    """Pixels whose row and column sum to `parity` move; for images of any size, odd ones too.

    The conditioner reads the kept pixels, zeros at the moved ones, and one channel that says which is which.
    """

    parity: int = 0

    def kept(self, x: Tensor) -> Tensor:
        mask = self._moves(x)
        return torch.cat((x * ~mask, mask.to(x.dtype).expand(len(x), 1, -1, -1)), 1)

    def moved(self, x: Tensor) -> Tensor:
        return x

    def join(self, x: Tensor, moved: Tensor) -> Tensor:
        return torch.where(self._moves(x), moved, x)

    def counted(self, ladj: Tensor) -> Tensor:
        return ladj * self._moves(ladj)

    def _moves(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
        return (rows[:, None] + columns) % 2 == self.parity
