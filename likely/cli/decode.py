"""likely decode RUN codes.csv [-o rows.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, one_command


def decode(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    codes: Annotated[str, typer.Argument(help="A table of codes, z1, z2, ..., as likely encode writes it.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .parquet, .npz, .png or .wav file, or a folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say the row that each code stands for."""
    from likely.apps.codes import rows_of
    from likely.cli.edit import tell_rows
    from likely.fitted import load

    tell_rows(rows_of(load(run), codes), out, "decoded", as_json=as_json)


def command() -> TyperCommand:
    """The verb."""
    return one_command(decode, "decode")
