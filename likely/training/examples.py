"""What a model learns from: cells, conditions and weights, row by row."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.errors import DataError, EmptyData, TrainingError


@final
@dataclass(frozen=True)
class Examples:
    """Rows held in memory. Image levels may stay uint8: they are widened batch by batch."""

    x: Tensor
    c: Tensor | None = None
    weight: Tensor | None = None  # (N,) >= 0: how often each row counts

    def __post_init__(self) -> None:
        for name, other in (("conditions", self.c), ("weights", self.weight)):
            if other is not None and len(other) != len(self.x):
                raise DataError(f"{len(self.x)} rows with {len(other)} {name}", expected="one for every row")
        if self.weight is not None:
            _check_weights(self.weight)

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Tensor) -> "Examples":
        """These rows, by position."""
        return Examples(self.x.index_select(0, rows), *(_chosen(t, rows) for t in (self.c, self.weight)))

    def spread(self, most: int) -> "Examples":
        """At most so many rows, evenly spaced: rows that come sorted are still all of their kinds."""
        if len(self) <= most:
            return self
        return self.take((torch.arange(most, device=self.x.device) * len(self)).div(most, rounding_mode="floor"))

    def chunks(self, size: int) -> Iterator["Examples"]:
        """Consecutive slices (views) of at most `size` rows."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield Examples(self.x[part], *(None if t is None else t[part] for t in (self.c, self.weight)))

    def to(self, device: torch.device) -> "Examples":
        """The same rows on a device."""
        return Examples(*(None if t is None else t.to(device) for t in (self.x, self.c, self.weight)))  # type: ignore[arg-type]


Stream = Callable[[], Iterable[Examples]]  # a fresh pass over data larger than memory, chunk by chunk
Source = Examples | Stream


def cells(x: Tensor, dtype: torch.dtype) -> Tensor:
    """A batch as the model reads it: uint8 levels widened, and double where the model is double."""
    if x.is_floating_point():
        return x.to(dtype) if dtype == torch.float64 else x
    return x.to(dtype) if x.dtype == torch.uint8 else x


def in_memory(data: Source) -> Examples:
    """The rows themselves, which gradient steps draw from at random."""
    if not isinstance(data, Examples):
        raise TrainingError(
            "gradient steps draw rows at random, but the data comes as a stream of chunks",
            expected="rows held in memory; only counted families learn from a stream",
            remedy="a sample of the rows, or a counted family such as NaiveBayes",
        )
    if len(data) == 0:
        raise EmptyData("there are no rows to learn from")
    return data


def passes(data: Source, size: int) -> Iterator[Examples]:
    """One pass, chunk by chunk."""
    return iter(data.chunks(size)) if isinstance(data, Examples) else iter(data())


def _chosen(values: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if values is None else values.index_select(0, rows)


def _check_weights(weight: Tensor) -> None:
    if not bool(torch.isfinite(weight).all()) or bool((weight < 0).any()) or float(weight.sum()) <= 0:
        raise DataError("sample weights must be finite, not negative, and not all zero")
