"""What a codec promises: the user's rows to cells and back, with the log-Jacobian that keeps the data's own units."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from torch import Tensor

from likely.contracts import Space
from likely.data.rows import Rows

R = TypeVar("R", bound=Rows)  # the kind of rows: a Table, Images, ...


@dataclass(frozen=True)
class Cells:
    """Encoded rows: log p(row) = log p(x) + ladj, row by row."""

    x: Tensor
    ladj: Tensor  # (B,) float64: log|d cells / d data| of the present, non-atomic cells

    def __len__(self) -> int:
        return len(self.x)


class Codec(ABC, Generic[R]):
    """Rows <-> cells: fitted, deterministic, invertible. Fitting is the classmethod `fit` of each codec."""

    reads: ClassVar[type[Rows]]
    space: Space
    measure: str  # the base measure of a score, in words: "density of 4 reals, mass of 2 categories"

    @abstractmethod
    def encode(self, rows: R) -> Cells:
        """The rows as tensors; an error names every row or column that does not fit."""

    @abstractmethod
    def decode(self, x: Tensor) -> R:
        """Cells as rows, with the original dtypes, order, levels and rounding."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """Everything that rebuilds this codec, as plain JSON values (finite numbers, strings, lists, dicts)."""

    @classmethod
    @abstractmethod
    def from_parts(cls, parts: dict[str, Any]) -> "Codec[R]":
        """The codec that `parts` describes; types and sizes are checked."""
