"""likely families [NAME]"""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.flags import family_names
from likely.cli.output import Json, emit_json, one_command, print_table


def families(
    name: Annotated[
        str | None, typer.Argument(help="One family, to see its fields.", autocompletion=lambda: family_names())
    ] = None,
    as_json: Json = False,
) -> None:
    """List the families and what they promise, or the fields of one with what turning each does."""
    from likely.names import table

    if name is not None:
        _one(name, as_json)
    elif as_json:
        emit_json([_told(family) for family in table("Family")])
    else:
        rows = [(told["name"], ", ".join(told["promises"]), told["page"]) for told in map(_told, table("Family"))]
        note = "\nlikely families NAME shows the fields of one."
        print_table("", ("family", "promises", "what it is"), rows, note=note)


def _told(family: str) -> dict[str, Any]:
    from likely.source import promises, told_page

    page = " ".join(told_page("Family", family).split()).rstrip(".")
    return {"name": family, "promises": list(promises(family)), "page": page}


def _one(name: str, as_json: bool) -> None:
    from dataclasses import asdict

    from likely.names import full_name
    from likely.source import told_fields

    spelled = full_name("Family", name)
    said, fields = _told(spelled), told_fields("Family", spelled)
    if as_json:
        emit_json(said | {"fields": [asdict(field) for field in fields]})
        return
    rows = [(f"--{field.name.replace('_', '-')}", field.type, field.default, field.help) for field in fields]
    title = f"{spelled}: {_beyond(spelled, said['page'])} ({', '.join(said['promises'])})"
    print_table(title, ("flag", "type", "default", "what turning it does"), rows)


def _beyond(name: str, page: str) -> str:
    """What the page says after the name, where it begins with that."""
    first, _, rest = page.partition(": ")
    return rest if first.replace(" ", "").lower() == name.lower() else page


def command() -> TyperCommand:
    """The verb."""
    return one_command(families, "families")
