"""likely resume RUN"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.fit import tell
from likely.cli.output import Json, Quiet, one_command


def resume(
    run: Annotated[Path, typer.Argument(help="The folder of a training that was stopped.")],
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Go on with a training to the bits it would have ended in; a finished one is just shown."""
    from likely.cli.progress import listeners
    from likely.fitting import is_finished
    from likely.fitting import resume as go_on

    silent, ended = quiet or as_json, is_finished(run)
    fitted = go_on(run, listeners=listeners(run, quiet=silent))
    if ended and not silent:
        typer.echo(f"the training of {run} has ended: nothing is left to do", err=True)
    tell(fitted, run, quiet=quiet, as_json=as_json)


def command() -> TyperCommand:
    """The verb."""
    return one_command(resume, "resume")
