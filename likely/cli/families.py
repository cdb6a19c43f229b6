"""likely families [NAME]"""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table


def families(
    name: Annotated[str | None, typer.Argument(help="One family, to see its fields.")] = None, as_json: Json = False
) -> None:
    """List the families and what they promise, or the fields of one with what turning each does."""
    from likely.names import table

    if name is not None:
        _one(name, as_json)
    elif as_json:
        emit_json([_told(family) for family in table("Family")])
    else:
        rows = [(told["name"], told["promises"], told["page"]) for told in map(_told, table("Family"))]
        print_table(
            "", ("family", "promises", "what it is"), rows, note="\nlikely families NAME shows the fields of one."
        )


def _told(family: str) -> dict[str, Any]:
    from likely.fields import promises, told_page

    return {"name": family, "promises": ", ".join(promises(family)), "page": told_page("Family", family).rstrip(".")}


def _one(name: str, as_json: bool) -> None:
    from likely.fields import told_fields
    from likely.names import full_name

    spelled = full_name("Family", name)
    fields = [
        {"name": f.name, "type": f.type, "default": f.default, "help": f.help} for f in told_fields("Family", spelled)
    ]
    if as_json:
        emit_json(_told(spelled) | {"fields": fields})
        return
    said = _told(spelled)
    rows = [
        (f"--{field['name'].replace('_', '-')}", field["type"], field["default"], field["help"]) for field in fields
    ]
    print_table(
        f"{spelled}: {said['page']} ({said['promises']})", ("flag", "type", "default", "what turning it does"), rows
    )


def command() -> TyperCommand:
    """The verb."""
    return one_command(families, "families")
