"""What earlier probes found on this machine, so that the same question is measured once."""

import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any

import torch
from torch import nn

from likely.atomic import appearing
from likely.errors import CannotSave

FILE = "probes.json"
MOST = 500  # answers kept


def place() -> Path:
    """The user's cache folder (LIKELY_CACHE, XDG_CACHE_HOME or ~/.cache)."""
    chosen = os.environ.get("LIKELY_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likely"


def key(model: nn.Module, **about: Any) -> str:
    """The question: this model's shape, on this machine, with this torch."""
    shapes = [(name, list(w.shape), str(w.dtype)) for name, w in model.named_parameters()]
    machine = [platform.node(), platform.machine(), os.cpu_count(), torch.__version__]
    asked = json.dumps([type(model).__name__, shapes, machine, about], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def recall(question: str) -> Any:
    """The answer found earlier, or None."""
    return _all().get(question)


def remember(question: str, answer: Any) -> None:
    """Keep an answer; a cache that cannot be written is done without."""
    kept = dict(list({**_all(), question: answer}.items())[-MOST:])
    try:
        with appearing(place() / FILE) as part:
            part.write_text(json.dumps(kept))
    except CannotSave:
        return


def _all() -> dict[str, Any]:
    try:
        found = json.loads((place() / FILE).read_text())
    except (OSError, ValueError, RuntimeError):
        return {}
    return found if isinstance(found, dict) else {}
