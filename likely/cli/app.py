"""The program `likely`: its verbs, and the one place where an error becomes a message and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 data, 4 the model cannot answer that, 5 training, 6 saving or loading,
70 a bug in likely, 130 interrupted.
"""

import os
import sys
from importlib import import_module
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from likely.errors import LikelyError

VERBS = {
    "fit": "Fit a family to data.",
    "resume": "Go on with a training that was stopped.",
    "sample": "Draw new rows from a fitted model.",
    "score": "Say how likely each row is, with the kind of the number.",
    "complete": "Fill in what is missing, given what is known.",
    "show": "Show what a fitted model is and what was measured on it.",
    "families": "List the families, or the fields of one.",
    "data": "Show how a file is read: columns, kinds, why.",
    "compare": "Fit several families and say honestly which suits the data.",
    "measure": "Judge anybody's synthetic rows beside real ones.",
    "replay": "Make a sample file again from the recipe it carries.",
    "demo": "Fit six families to the embedded digits and write a report.",
}


USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, or the copy that newer typers carry


class Verbs(TyperGroup):
    """Loads a verb's file only when it is called, so that help is instant."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:
        if cmd_name not in VERBS:
            return None
        if cmd_name != ctx.invoked_subcommand and not _is_asked(cmd_name):
            return TyperCommand(cmd_name, help=VERBS[cmd_name], short_help=VERBS[cmd_name])
        return import_module(f"likely.cli.{cmd_name}").command()


def _is_asked(name: str) -> bool:
    """Whether the command line names this verb; help lists the others without loading them."""
    return name in sys.argv[1:] or "_LIKELY_COMPLETE" in os.environ


app = typer.Typer(
    cls=Verbs,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Every family of generative model, one interface: fit, sample, score, fill in the blanks, compare honestly.",
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """The options of the program itself."""
    if version:
        from likely import __version__

        typer.echo(f"likely {__version__}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The program's exit code; errors are told on stderr."""
    try:
        return app(arguments, standalone_mode=False, prog_name="likely") or 0
    except LikelyError as error:
        return _told(str(error), error.exit_code)
    except typer.Exit as done:
        return done.exit_code
    except USAGE_ERROR as error:
        return _told(f"{error}\nTry: likely {_verb()}--help", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _told("out of memory\nTry: fewer rows, a smaller batch (--batch), or a smaller model", 1)
    except Exception as error:
        if os.environ.get("LIKELY_DEBUG"):
            raise
        return _told(f"this is a bug in likely: {type(error).__name__}: {error}\nTry: LIKELY_DEBUG=1 shows where", 70)


def _verb() -> str:
    return next((f"{word} " for word in sys.argv[1:] if word in VERBS), "")


def _told(message: str, code: int) -> int:
    first, *rest = message.splitlines() or [""]
    typer.echo("\n".join([f"error: {first}", *(f"  {line}" for line in rest)]), err=True)
    return code
