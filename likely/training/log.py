"""Listeners for machines: one JSON object a line, and TensorBoard where it is installed."""

import json
import math
from contextlib import suppress
from os import SEEK_END
from pathlib import Path
from typing import Any, final

from likely.errors import CannotSave, FieldError
from likely.training.events import Event, Stepped, Validated
from likely.training.progress import Listener


@final
class JsonLines(Listener):
    """Every event, appended to a file."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("a", encoding="utf-8")
            if cut_off(path):
                self.file.write("\n")
        except OSError as reason:
            raise CannotSave(f"the log {path} cannot be written: {reason}", remedy="another place for it") from reason

    def __call__(self, event: Event) -> None:
        try:
            self.file.write(json.dumps(_finite(event.said()), allow_nan=False) + "\n")
            self.file.flush()
        except OSError as reason:
            raise CannotSave(
                f"the log cannot be written: {reason}", remedy="make room, then likely resume FOLDER"
            ) from reason

    def close(self) -> None:
        with suppress(OSError):  # a full disk was told when the line was written
            self.file.close()


def cut_off(path: Path) -> bool:
    """Whether a kill left the last line without its end."""
    with path.open("rb") as file:
        size = file.seek(0, SEEK_END)
        return size > 0 and file.seek(size - 1) >= 0 and file.read(1) != b"\n"


@final
class Board(Listener):
    """Losses, rates and validations as TensorBoard curves."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as reason:
            raise FieldError("TensorBoard is not installed", remedy="pip install tensorboard") from reason
        self.writer = SummaryWriter(str(folder))

    def __call__(self, event: Event) -> None:
        match event:
            case Stepped():
                for player, loss in event.losses.items():
                    self.writer.add_scalar(f"loss/{player}", loss, event.step)
                for player, length in event.lengths.items():
                    self.writer.add_scalar(f"gradient/{player}", length, event.step)
                self.writer.add_scalar("rate", event.rate, event.step)
            case Validated():
                self.writer.add_scalar("held out/weights", event.value, event.step)
                self.writer.add_scalar("held out/average", event.average, event.step)

    def close(self) -> None:
        self.writer.close()


def _finite(value: Any) -> Any:
    """JSON has no infinity: such numbers are null."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {name: _finite(each) for name, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
    return value
