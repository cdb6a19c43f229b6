"""The law of series with gaps: every cell is a column, and whether it is there a choice of its own."""

from typing import final

from torch import Tensor

from likely.contracts import Space
from likely.distributions.law import MayMiss
from likely.distributions.mixed import Mixed
from likely.distributions.state import columns_of
from likely.rng import Rng
from likely.spaces import Vector


@final
class CellByCell(MayMiss):
    """The law of the flattened cells."""

    def __init__(self, observation: Mixed, space: Space) -> None:
        self.space, self.columns = space, observation.law(Vector(columns_of(space)))
        self.outputs = self.columns.outputs

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        return self.columns.cell_log_prob(x.flatten(1), parameters).view_as(x)

    def log_present(self, parameters: Tensor) -> Tensor:
        return self._shaped(self.columns.log_present(parameters))

    def present(self, parameters: Tensor) -> Tensor:
        return self.columns.present(parameters)

    def sample(self, parameters: Tensor, *, rng: Rng) -> Tensor:
        return self._shaped(self.columns.sample(parameters, rng=rng))

    def mean(self, parameters: Tensor) -> Tensor:
        return self._shaped(self.columns.mean(parameters))

    def _shaped(self, cells: Tensor) -> Tensor:
        return cells.unflatten(1, self.space.shape)
