"""likely denoise RUN DATA [-o out.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, records


def denoise(
    run: Annotated[Path, typer.Argument(help="The folder of a model that mends rows.")],
    data: Annotated[str, typer.Argument(help="Rows to mend, with the columns the model was fitted on.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A file or folder for the mended rows.")] = None,
    as_json: Json = False,
) -> None:
    """Mend rows: take noise out, put wrong and missing cells right."""
    from likely.data import Table, write
    from likely.errors import FieldError
    from likely.fitted import load

    rows = load(run).denoised_rows(data)
    if out is None and not isinstance(rows, Table):
        raise FieldError(f"{rows.word} cannot be printed", expected="a place to write them to", remedy="-o FILE")
    files = [] if out is None else write(rows, out)
    if as_json:
        told = records(rows.frame) if out is None and isinstance(rows, Table) else None
        emit_json({"rows": told, "count": len(rows), "files": [str(file) for file in files]})
    elif out is None and isinstance(rows, Table):
        typer.echo(rows.frame.to_csv(index=False), nl=False)
    else:
        typer.echo(f"{len(rows)} row{'s' * (len(rows) != 1)} mended in {out}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(denoise, "denoise")
