"""likely show RUN"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table


RECIPE = ("steps", "passes", "batch", "device", "precision", "compile", "threads")


def show(run: Annotated[Path, typer.Argument(help="A fitted model's folder.")], as_json: Json = False) -> None:
    """Show what a fitted model is, where it comes from, and what was measured on it."""
    from likely.fitted import load

    fitted = load(run)
    if as_json:
        emit_json(page(fitted))
    else:
        print_page(fitted)


def page(fitted: Any) -> dict[str, Any]:
    """Everything the card says, as plain values."""
    from likely.fields import to_json

    card = fitted.card
    return {
        "family": to_json(card.family), "promises": promised(fitted), "space": told_space(fitted.codec.space),
        "condition": list(card.condition), "parameters": sum(p.numel() for p in fitted.model.parameters()),
        "seed": card.seed, "data": dict(card.data), "recipe": dict(card.recipe), "measures": dict(card.measures),
        "findings": list(card.findings), "versions": dict(card.versions), "measure": fitted.codec.measure,
    }  # fmt: skip


def promised(fitted: Any) -> list[str]:
    """The promises on the model's class line."""
    return [base.__name__ for base in type(fitted.model).__bases__]


def told_space(space: Any) -> str:
    """A space in a few words."""
    columns = getattr(space, "columns", None)
    if columns is None:
        return str(space)
    kinds = [type(column).__name__ for column in columns]
    return "Vector: " + ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def print_page(fitted: Any) -> None:
    """The card for a person."""
    said = page(fitted)
    rows = [
        (name, _told(said[name]))
        for name in ("promises", "space", "condition", "parameters", "measure", "seed", "data")
    ]
    rows += [(f"recipe.{name}", _told(value)) for name, value in said["recipe"].items() if name in RECIPE]
    rows += [(name, _told(value)) for name, value in said["measures"].items()]
    rows += [("finding", finding) for finding in said["findings"]]
    print_table(repr(fitted.card.family), ("", ""), rows)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def command() -> TyperCommand:
    """The verb."""
    return one_command(show, "show")
