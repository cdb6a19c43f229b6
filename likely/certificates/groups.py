"""Cells by name: what is changed at a time to see what depends on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.spaces import Image, Vector

MOST = 64  # columns that are looked at
BLOCKS = 7  # of a picture, along each side


@final
@dataclass(frozen=True)
class Groups:
    """Names, each with the cells it stands for."""

    names: tuple[str, ...]
    masks: Tensor  # (G, *shape) bool, disjoint

    def __len__(self) -> int:
        return len(self.names)


def groups_of(space: Space, names: Sequence[str] = ()) -> Groups:
    """A table's columns (of very many some, evenly spread), a picture's blocks, a sequence's stretches."""
    match space:
        case Vector(columns=columns):
            places = torch.linspace(0, len(columns) - 1, min(len(columns), MOST)).round().long()
            told = tuple(str(names[at]) if at < len(names) else f"column {at + 1}" for at in places.tolist())
            return Groups(told, torch.eye(len(columns), dtype=torch.bool)[places])
        case Image(height=height, width=width):
            return _blocks(space, _stretches(height, BLOCKS), _stretches(width, BLOCKS))
    return _along(space)


def _blocks(space: Image, rows: list[slice], columns: list[slice]) -> Groups:
    masks = torch.zeros(len(rows) * len(columns), *space.shape, dtype=torch.bool)
    names = []
    for mask, (down, across) in zip(masks, ((down, across) for down in rows for across in columns), strict=True):
        mask[:, down, across] = True
        names.append(f"row {_told(down)} col {_told(across)}")
    return Groups(tuple(names), masks)


def _along(space: Space) -> Groups:
    stretches = _stretches(space.shape[-1], MOST)
    masks = torch.zeros(len(stretches), *space.shape, dtype=torch.bool)
    for mask, stretch in zip(masks, stretches, strict=True):
        mask[..., stretch] = True
    return Groups(tuple(f"places {_told(stretch)}" for stretch in stretches), masks)


def whole(space: Space, name: str) -> Groups:
    """Every cell as one: a text, or a picture that is a condition."""
    return Groups((name,), torch.ones(1, *space.shape, dtype=torch.bool))


def _stretches(length: int, most: int) -> list[slice]:
    step = math.ceil(length / most)
    return [slice(at, min(at + step, length)) for at in range(0, length, step)]


def _told(part: slice) -> str:
    return str(part.stop) if part.stop == part.start + 1 else f"{part.start + 1}–{part.stop}"
