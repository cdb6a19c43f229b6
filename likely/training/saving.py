"""When the state goes to disk: at the start, then so often that neither a kill nor the saving itself costs much."""

import time
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from likely.training import checkpoint
from likely.training.checkpoint import Moment, State, Tensors
from likely.training.events import Saved
from likely.training.recipe import Recipe

SHARE = 0.03  # of the time may go into saving


@final
class Saver:
    """The run's folder, if it has one (and this is the process that writes)."""

    def __init__(self, folder: Path | None, recipe: Recipe, identity: dict[str, Any], every: float) -> None:
        self.folder, self.recipe, self.identity, self.every = folder, recipe, identity, every
        self._next = 0.0

    @property
    def due(self) -> bool:
        return self.folder is not None and time.perf_counter() >= self._next

    def save(self, now: Moment, good: Moment | None = None) -> Saved | None:
        """Replace the state on disk."""
        if self.folder is None:
            return None
        began = time.perf_counter()
        path = checkpoint.save(self.folder, State(self.recipe, self.identity, now, good))
        ended = time.perf_counter()
        self._next = ended + max(self.every, (ended - began) / SHARE if self.every else 0.0)
        return Saved(step=now.course.step, path=path, seconds=now.course.seconds)


def copied(tensors: Tensors, into: Tensors | None = None) -> Tensors:
    """The tensors as they are now, contiguous and in memory of their own; `into` is used again where it fits."""
    into = into or {}
    copies = {name: _room(tensor, into.get(name)) for name, tensor in tensors.items()}
    with torch.no_grad():
        for name, copy in copies.items():
            copy.copy_(tensors[name])
    return copies


def _room(tensor: Tensor, used: Tensor | None) -> Tensor:
    if used is not None and used.shape == tensor.shape and used.dtype == tensor.dtype:
        return used
    return torch.empty(tensor.shape, dtype=tensor.dtype)
