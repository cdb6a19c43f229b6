"""What verbs print: a table for people, JSON for programs."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    import pandas as pd

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Seed = Annotated[int, typer.Option(help="The seed: the same seed gives the same rows.", min=0, max=2**62)]
SIGN = re.compile("(!=|>=|<=|=|>|<)")
PIPED = 10_000  # characters a line may have where no terminal folds it


def one_command(function: Callable[..., None], name: str, **settings: Any) -> TyperCommand:
    """A verb's function as a command."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.command(name, **settings)(function)
    return typer.main.get_command(app)  # type: ignore[return-value]


# For programs --------------------------------------------------------------------------------------------------------


def emit_json(value: Any) -> None:
    """Plain JSON on stdout."""
    typer.echo(json_of(value))


def json_of(value: Any) -> str:
    """Plain JSON; NaN and infinities become null."""
    return json.dumps(_finite(value), indent=1, default=_plain, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _plain(value: Any) -> Any:
    """A numpy number as Python's own; whatever else as text (paths, dates)."""
    try:
        return _finite(value.item())
    except AttributeError:
        return str(value)


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as dicts; missing cells are null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


# For people ----------------------------------------------------------------------------------------------------------


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, note: str = "") -> None:
    """A table: folded to a terminal's width, one line a row in a pipe."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    piped = not sys.stdout.isatty()
    console = Console(width=PIPED if piped else None, markup=False, emoji=False, highlight=False)
    drawn = Table(header_style="bold", box=None, pad_edge=False, show_header=any(header))
    for name in header:
        drawn.add_column(Text(name), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(str(cell))) for cell in row))
    with console.capture() as captured:
        console.print(drawn)
    table = [line.rstrip() if piped else line for line in captured.get().splitlines()]
    parts = [printable(title), "\n".join(table), "\n".join(printable(line) for line in note.split("\n"))]
    typer.echo("\n".join(part for part in parts if part))


def printable(text: str) -> str:
    """Text whose control characters are spelled out: a column's name must not steer the terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def say(text: str) -> None:
    """A text that was drawn: to a pipe as it is, to the letter; on a terminal what would steer it is spelled out."""
    if sys.stdout.isatty():
        text = "".join(letter if letter in "\n\t" else printable(letter) for letter in text)
    sys.stdout.write(text)
    sys.stdout.flush()


# From people ---------------------------------------------------------------------------------------------------------


def given_of(pairs: Sequence[str]) -> dict[str, str]:
    """`--given sex=Female --given 'age>=30' --given age<40` as a dict: age is ">=30&<40"; a range keeps its sign."""
    from likely.errors import FieldError

    given: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in [*SIGN.split(pair, maxsplit=1), "", ""][:3])
        if not sign or not name:
            raise FieldError(f"--given '{pair}' is not COLUMN=VALUE", expected="for example --given sex=Female, "
                             "--given age=30..40, --given 'age>=30' or --given 'town!=Ulm'")  # fmt: skip
        said = value if sign == "=" else sign + value
        both = sign != "=" and SIGN.match(given.get(name, ""))
        given[name] = f"{given[name]}&{said}" if both else said
    return given
