"""What verbs print: a table for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Seed = Annotated[int, typer.Option(help="The seed: the same seed gives the same rows.")]


def one_command(function: Callable[..., None], name: str, **settings: Any) -> TyperCommand:
    """A verb's function as a click command."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.command(name, **settings)(function)
    return typer.main.get_command(app)


def emit_json(value: Any) -> None:
    """Plain JSON on stdout; NaN and infinities become null."""
    typer.echo(json.dumps(_finite(value), indent=1, default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, note: str = "") -> None:
    """A table for a person."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    drawn = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in header:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    console.print(drawn)
    if note:
        console.print(note, markup=False, highlight=False)


def given_of(pairs: Sequence[str]) -> dict[str, str]:
    """`--given sex=Female --given age=40` as a dict."""
    from likely.errors import FieldError

    given = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise FieldError(f"--given '{pair}' is not COLUMN=VALUE", expected="for example --given sex=Female")
        given[name.strip()] = value.strip()
    return given
