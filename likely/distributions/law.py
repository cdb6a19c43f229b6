"""What an observation law promises: p(x | parameters), cells independent given the parameters."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from likely.contracts import Sharpness, Space
from likely.distributions.sharpened import PLAIN
from likely.rng import Rng


class Law(ABC):
    """p(x | parameters) over one space.

    A cell that is NaN scores as missing where its column can be missing, and is left out (marginalised) elsewhere.
    """

    outputs: tuple[int, ...]  # the shape of one example's parameters: what a decoder must produce
    shared: int = 0  # of the first dimension, how many (the last ones) are one learned number for all rows and cells
    broadcasts: bool = False  # cell_log_prob takes x (B, 1, ...) beside parameters (B, S, ...) too

    @abstractmethod
    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """log p of each cell: (B, *space.shape)."""

    @abstractmethod
    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        """One draw of x per row of parameters; sharpened, choices lean to the likeliest and reals to their centre."""

    @abstractmethod
    def mean(self, parameters: Tensor) -> Tensor:
        """The noiseless x: the mean of reals, the mode of choices."""

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """log p(x), one value a row."""
        return self.cell_log_prob(x, parameters).flatten(1).sum(1)

    def log_probs(self, x: Tensor, parameters: Tensor) -> Tensor:
        """log p(x) under S draws of parameters (B, S, *outputs): (B, S)."""
        draws = parameters.shape[1]
        if self.broadcasts and draws > 1:
            return self.cell_log_prob(x[:, None], parameters).flatten(2).sum(2)
        repeated = x if draws == 1 else x.repeat_interleave(draws, 0)
        return self.log_prob(repeated, parameters.flatten(0, 1)).unflatten(0, (-1, draws))


class MayMiss(Law):
    """A law whose cells may be missing: what it is given that they are there."""

    @abstractmethod
    def log_present(self, parameters: Tensor) -> Tensor:
        """log P(the cell is there): (B, *space.shape), 0 where it cannot be missing."""

    @abstractmethod
    def present(self, parameters: Tensor) -> Tensor:
        """The parameters under which every cell is there, and otherwise as likely as before."""


class Observation(ABC):
    """The description of a law, without its space: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def law(self, space: Space) -> Law:
        """The law over this space, or an error that names the spaces it is for."""


def precise(parameters: Tensor) -> Tensor:
    """Half-precision parameters as float32: a law computes in float32 or float64 only."""
    return parameters if parameters.dtype in (torch.float32, torch.float64) else parameters.float()


def known(x: Tensor) -> Tensor:
    """Where a cell is there: NaN exceeds nothing. Compilers vectorise and recompute this comparison, but not isnan."""
    return x > -torch.inf


def bounded(raw: Tensor, limit: float) -> Tensor:
    """The identity near 0, smoothly held within (-limit, limit)."""
    return limit * torch.tanh(raw / limit)
