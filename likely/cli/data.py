"""likely data [FILE]: how a file is read, or the sets that need no file."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table


def data(
    source: Annotated[str | None, typer.Argument(help="A file, a folder of images, or an embedded set.")] = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON file that overrides what columns are.")] = None,
    write_schema: Annotated[Path | None, typer.Option(help="Write the schema as JSON, to edit and give back.")] = None,
    as_json: Json = False,
) -> None:
    """Show how data is read: each column's kind and why; without a file, the embedded sets."""
    from likely.data import Table, describe, read, schema_to_json

    if source is None:
        _embedded(as_json)
        return
    rows = read(source, schema=schema)
    if write_schema is not None and isinstance(rows, Table):
        import json

        write_schema.write_text(json.dumps(schema_to_json(rows.schema), indent=1), encoding="utf-8")
    summary = describe(rows)
    if as_json:
        emit_json(summary.to_json())
    else:
        _print(source, summary)


def _embedded(as_json: bool) -> None:
    from likely.data import EMBEDDED

    told = {name: (make.__doc__ or "").strip() for name, make in EMBEDDED.items()}
    if as_json:
        emit_json(told)
    else:
        print_table("", ("name", "what it is"), told.items(), note="\nlikely data FILE shows how a file of yours is read.")


def _print(source: str, summary: Any) -> None:
    table = summary if _is_table(summary) else summary.about
    title = f"{source}: {summary.rows} rows"
    if not _is_table(summary):
        colours = {1: "grey", 3: "colour"}.get(summary.channels, f"{summary.channels}-channel")
        title += f", {colours} pictures of {summary.height} × {summary.width}, {summary.levels} levels"
    if table is None:
        print_table(title, (), ())
        return
    header = ("column", "kind", "missing", "values", "shows", "why")
    rows = [(c.name, _kind(c), f"{c.missing:.1%}" if c.missing else "", c.different, c.shows, c.why) for c in table.columns]
    print_table(title, header, rows, note="\n".join(table.notes))


def _is_table(summary: Any) -> bool:
    """Whether this summary is a table's."""
    from likely.data.describe import TableSummary

    return isinstance(summary, TableSummary)


def _kind(column: Any) -> str:
    return column.kind if column.modelled else f"{column.kind} (not modelled)"


def command() -> TyperCommand:
    """The verb."""
    return one_command(data, "data")
