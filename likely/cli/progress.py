"""Who listens to a training that the command line started."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer


def listeners(run: Path, *, quiet: bool, tensorboard: bool = False) -> list[Callable[[Any], None]]:
    """The display, and TensorBoard where asked."""
    from likely.training.progress import progress

    if not tensorboard:
        return [progress(quiet=quiet)]
    from likely.training.log import Board

    return [progress(quiet=quiet), Board(run / "tensorboard")]


def named_listeners(*, quiet: bool) -> Callable[[str], list[Callable[[Any], None]]]:
    """A display for each of several trainings, under its family's name."""
    from likely.training.progress import progress

    def named(name: str) -> list[Callable[[Any], None]]:
        if not quiet:
            typer.echo(name, err=True)
        return [progress(quiet=quiet)]

    return named
