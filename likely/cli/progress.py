"""Who listens to a training that the command line started."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import typer

from likely.training.events import Event
from likely.training.log import Board
from likely.training.progress import Listener, progress


@final
class LateBoard(Listener):
    """TensorBoard's curves, begun with the training: until then the folder is not ours to write in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.board: Board | None = None

    def __call__(self, event: Event) -> None:
        self.board = self.board or Board(self.folder)
        self.board(event)

    def close(self) -> None:
        if self.board is not None:
            self.board.close()


def listeners(run: Path, *, quiet: bool, tensorboard: bool = False) -> list[Callable[[Any], None]]:
    """The display, and TensorBoard where asked."""
    return [progress(quiet=quiet), *([LateBoard(run / "tensorboard")] if tensorboard else [])]


def named_listeners(*, quiet: bool) -> Callable[[str], list[Callable[[Any], None]]]:
    """A display for each of several trainings, under its family's name."""

    def named(name: str) -> list[Callable[[Any], None]]:
        if not quiet:
            typer.echo(name, err=True)
        return [progress(quiet=quiet)]

    return named
