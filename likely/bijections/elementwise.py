"""Monotone maps of one cell, whose parameters a coupling's conditioner says.

A form works on cells laid out as (A, n) with parameters (A, P, n): the parameters of a cell stand P rows apart, so that
every sum over them runs along contiguous memory. Its log-slopes come cell by cell.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


class Elementwise(ABC):
    """A family of monotone maps of the line; concrete ones are frozen dataclasses."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many parameters a cell takes; all zero is (nearly) the identity."""

    @property
    @abstractmethod
    def reach(self) -> float:
        """It bends [-reach, reach] and is the identity beyond; infinite where it moves the whole line."""

    @abstractmethod
    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """(z, log dz/dx) of each cell: (A, n) both."""

    @abstractmethod
    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """(x, log dx/dz) of each cell: (A, n) both."""


class Settling(Elementwise):
    """A form that can say which parameters fit a sample, cell by cell and whatever the others hold."""

    @abstractmethod
    def settled(self, x: Tensor) -> Tensor:
        """Parameters (P, cells) for samples (cells, N)."""


@final
@dataclass(frozen=True, kw_only=True)
class Additive(Elementwise):
    """z = x + t: every volume is kept."""

    @property
    def outputs(self) -> int:
        return 1

    @property
    def reach(self) -> float:
        return math.inf

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return x + parameters.squeeze(-2), torch.zeros_like(x)

    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return z - parameters.squeeze(-2), torch.zeros_like(z)


@final
@dataclass(frozen=True, kw_only=True)
class Affine(Elementwise):
    """z = x e^s + t with |s| bounded."""

    limit: float = 2.0  # |s| stays below this: larger bends more in one step, and is less stable

    @property
    def outputs(self) -> int:
        return 2

    @property
    def reach(self) -> float:
        return math.inf

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self._scale_and_shift(parameters)
        return torch.addcmul(t, x, s.exp()), s

    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self._scale_and_shift(parameters)
        return (z - t) * (-s).exp(), -s

    def _scale_and_shift(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        s, t = parameters.unbind(-2)
        return self.limit * torch.tanh(s / self.limit), t  # bounded: e^s cannot overflow early in training
