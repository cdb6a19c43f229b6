"""Rows: what a file becomes before any codec sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from likely.data.schema import Schema


@dataclass(frozen=True)
class Table:
    """A table: the frame as read (original dtypes, column order) and what each column is."""

    frame: pd.DataFrame
    schema: Schema

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: "Sequence[int] | np.ndarray[Any, Any]") -> "Table":
        """These rows, by position."""
        return Table(self.frame.iloc[np.asarray(rows)], self.schema)


@dataclass(frozen=True)
class Images:
    """Pictures of one size: uint8 (N, H, W, C), and what is said about each (label, caption, ...)."""

    pixels: np.ndarray[Any, Any]
    levels: int = 256  # pixel values are 0 .. levels - 1
    about: Table | None = None  # one row a picture: its class, its caption
    names: tuple[str, ...] = field(default=())  # file names, where there are files

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: "Sequence[int] | np.ndarray[Any, Any]") -> "Images":
        """These pictures, by position."""
        kept = np.asarray(rows)
        about = None if self.about is None else self.about.take(kept)
        names = tuple(self.names[i] for i in kept) if self.names else ()
        return Images(self.pixels[kept], self.levels, about, names)


Rows = Table | Images
