"""The program `likely`: its verbs, and the one place where an error becomes a message and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 data, 4 the model cannot answer that, 5 training, 6 saving or loading,
70 a bug in likely, 130 interrupted.
"""

import os
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from likely.errors import FieldError, Interrupted, LikelyError
from likely.suggestion import meant

VERBS = {
    "fit": "Fit a family to data.",
    "resume": "Go on with a training that was stopped.",
    "sample": "Draw new rows from a fitted model.",
    "score": "Say how likely each row is, with the kind of the number.",
    "complete": "Fill in what is missing, given what is known.",
    "reconstruct": "Draw pictures seen only blurred, small, grey or in part.",
    "forecast": "Draw what may follow a series.",
    "backtest": "Judge a model's forecasts of a record, from many origins.",
    "encode": "Say the code of each row.",
    "decode": "Say the row that each code stands for.",
    "edit": "Change an attribute of rows by latent arithmetic.",
    "between": "Walk from one row to another through a model's codes.",
    "sweep": "Draw the same rows at several truncations of their codes.",
    "inside": "Look inside a model's codes: map, manifold, nearest rows.",
    "denoise": "Mend rows: take noise out, put wrong and missing cells right.",
    "classify": "Tell the class of each row, with probabilities.",
    "regress": "Tell a number of each row, with how sure one may be.",
    "calibrate": "Check whether a model is as sure as it is right.",
    "anomalies": "Say which rows are strange, with p-values.",
    "show": "Show what a fitted model is and what was measured on it.",
    "families": "List the families, or the fields of one.",
    "data": "Show how a file is read: columns, kinds, why.",
    "compare": "Fit several families and say honestly which suits the data.",
    "measure": "Judge anybody's synthetic rows beside real ones.",
    "replay": "Make a sample file again from the recipe it carries.",
    "demo": "Fit six families to the embedded digits and write a report.",
}
EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 wrong use, 3 data, 4 the model cannot answer that, 5 training, "
    "6 saving or loading, 70 a bug in likely, 130 interrupted."
)
LISTED = "likely data, alone, lists the sets that need no file"
REMEDIES = {  # by exit code, for errors that name none
    2: "likely {verb} --help",
    3: "likely data FILE shows how a file is read",
    4: "another family; likely families shows what each promises",
    5: "a smaller --rate, a smaller --batch, or another family",
    6: "another folder, or fit again",
}
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, or the copy that newer typers carry


class Verbs(TyperGroup):
    """Loads a verb's file only when it is called, so that help is instant."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """The verb, from its own file."""
        if cmd_name in VERBS:
            return import_module(f"likely.cli.{cmd_name}").command()
        if ctx.resilient_parsing:
            return None
        remedy = meant(cmd_name, VERBS, "likely --help")
        raise FieldError(f"there is no verb '{cmd_name}'", expected=", ".join(VERBS), remedy=remedy)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list in the help, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


app = typer.Typer(
    cls=Verbs,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Every family of generative model, one interface: fit, sample, score, fill in the blanks, compare honestly.",
    epilog=EXIT_CODES,
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no ≥ still gets the number
    if not (sys.warnoptions or os.environ.get("LIKELY_DEBUG")):
        warnings.simplefilter("ignore")  # what a person should know comes as an event or an error
    code = run(arguments)
    sys.exit(code if _flushed() else 0)


def run(arguments: list[str] | None = None) -> int:
    """The program's exit code; errors are told on stderr."""
    try:
        code = app(arguments, standalone_mode=False, prog_name="likely") or 0
        return _told("interrupted", code) if code == Interrupted.exit_code else code  # typer eats the interrupt itself
    except LikelyError as error:
        return _told(_taught(error, verb_of(arguments)), error.exit_code)
    except typer.Exit as done:
        return done.exit_code
    except USAGE_ERROR as error:
        return _told(_usage(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", Interrupted.exit_code)
    except SystemExit as closed:  # how a closed pipe leaves typer
        return 0 if _is_closed(closed) else int(closed.code or 0)
    except MemoryError:
        return _told("out of memory\nTry: fewer rows, a smaller batch (--batch), or a smaller model", 1)
    except BrokenPipeError:
        return 0
    except OSError as error:
        return _told(f"{error.filename or 'a file'}: {error.strerror or error}\nTry: another place, or its rights", 6)
    except Exception as error:
        if os.environ.get("LIKELY_DEBUG"):
            raise
        return _told(f"this is a bug in likely: {type(error).__name__}: {error}\nTry: LIKELY_DEBUG=1 shows where", 70)


def _is_closed(closed: SystemExit) -> bool:
    return isinstance(closed.__context__, BrokenPipeError)


def _flushed() -> bool:
    """Whether everything printed was read; where a reader has gone, the rest goes nowhere."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def verb_of(arguments: list[str] | None) -> str:
    """The verb of a command line; VERB where it has none."""
    words = sys.argv[1:] if arguments is None else arguments
    return next((word for word in words if word in VERBS), "VERB")


def _taught(error: LikelyError, verb: str) -> str:
    """What happened, what was expected, what to do."""
    usual = LISTED if (verb, error.exit_code) == ("data", 3) else REMEDIES.get(error.exit_code, "")
    remedy = "" if error.remedy else usual.format(verb=verb)
    return f"{error}\nTry: {remedy}" if remedy else str(error)


def _usage(error: Any) -> str:
    """What typer says of a wrong line, and where help is."""
    command = error.ctx.command_path if error.ctx else "likely"
    return f"{error.format_message()}\nTry: {command} --help"


def _told(message: str, code: int) -> int:
    from likely.cli.output import printable

    first, *rest = [printable(line) for line in message.split("\n")]
    typer.echo("\n".join([f"error: {first}", *(f"  {line}" for line in rest)]), err=True)
    return code
