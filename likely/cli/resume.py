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
    from likely.fitting import resume as go_on

    tell(go_on(run, listeners=listeners(run, quiet=quiet or as_json)), run, quiet=quiet, as_json=as_json)


def command() -> TyperCommand:
    """The verb."""
    return one_command(resume, "resume")
