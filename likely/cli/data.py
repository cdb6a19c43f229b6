"""likely data [FILE]: how a file is read, or the sets that need no file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table

if TYPE_CHECKING:
    from likely.data import Summary


def data(
    source: Annotated[str | None, typer.Argument(help="A file, a folder of images, or an embedded set.")] = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON file that overrides what columns are.")] = None,
    window: Annotated[
        int | None, typer.Option(help="Cut a table of moments, or long sounds, into series of so many.", min=1)
    ] = None,
    write_schema: Annotated[Path | None, typer.Option(help="Write the schema as JSON, to edit and give back.")] = None,
    as_json: Json = False,
) -> None:
    """Show how data is read: each column's kind and why; without a file, the embedded sets."""
    from likely.data import describe, read

    if source is None:
        _embedded(as_json)
        return
    rows = read(source, schema=schema, window=window)
    if write_schema is not None:
        _write_schema(rows, write_schema)
    summary = describe(rows)
    if as_json:
        emit_json(summary.to_json())
    else:
        _print(source, summary)


def _write_schema(rows: Any, path: Path) -> None:
    import json

    from likely.data import Table, schema_to_json
    from likely.errors import CannotSave, FieldError

    if not isinstance(rows, Table):
        raise FieldError(f"{rows.word} have no schema", expected="a table with --write-schema")
    try:
        path.write_text(json.dumps(schema_to_json(rows.schema), indent=1), encoding="utf-8")
    except OSError as error:
        raise CannotSave(f"{path} cannot be written: {error.strerror}", remedy="another --write-schema") from error


def _embedded(as_json: bool) -> None:
    from likely.data import EMBEDDED

    told = {name: " ".join((make.__doc__ or "").split()) for name, make in EMBEDDED.items()}
    if as_json:
        emit_json(told)
    else:
        print_table(
            "", ("name", "what it is"), told.items(), note="\nlikely data FILE shows how a file of yours is read."
        )


def _print(source: str, summary: "Summary") -> None:
    title = ", ".join(filter(None, [f"{source}: {summary.rows:,} rows", summary.form]))
    columns = () if summary.table is None else summary.table.columns
    header = ("column", "kind", "missing", "values", "shows", "why") if columns else ()
    rows = [(c.name, _kind(c), f"{c.missing:.1%}" if c.missing else "", c.different, c.shows, c.why) for c in columns]
    print_table(title, header, rows, note="\n".join(_notes(summary)))


def _notes(summary: "Summary") -> list[str]:
    """What else a person should know before fitting."""
    table = summary.table
    notes = [f"{summary.copies:.1%} of the rows repeat an earlier one"] if summary.copies else []
    if table is None:
        return notes
    notes += [f"every row keeps {told_rule(rule)}" for rule in table.constraints]
    notes += [f"rows with one {table.group} stay together in every split"] if table.group else []
    return [*notes, *table.notes]


def told_rule(rule: Any) -> str:
    """A relation between columns as it is written."""
    return " ≤ ".join(rule.columns) if rule.kind == "order" else f"{rule.columns[0]} = {rule.formula}"


def _kind(column: Any) -> str:
    return column.kind if column.modelled else f"{column.kind} (not modelled)"


def command() -> TyperCommand:
    """The verb."""
    return one_command(data, "data")
