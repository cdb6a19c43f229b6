"""likely between RUN 3,17 [--data DATA] [-o between.html]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.compare import check_page
from likely.cli.output import Json, emit_json, one_command


def between(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    pairs: Annotated[
        list[str], typer.Argument(help="Two rows to walk between: 3,17 or a.png,b.csv:4 (or more pairs).")
    ],
    data: Annotated[
        str | None, typer.Option(help="Rows that numbers name; none: those the model was fitted on.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Rows on the way, both ends among them.", min=2, max=100)] = 9,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A page, or the spherical way's rows as .csv, .npz, .png or a folder.")
    ] = Path("between.html"),
    as_json: Json = False,
) -> None:
    """Walk from one row to another through a model's codes, straight and along the sphere."""
    from likely.apps.coded import coded
    from likely.apps.inside import pair_named
    from likely.apps.interpolate import between as walked
    from likely.data import write
    from likely.errors import FieldError
    from likely.fitted import load
    from likely.report import write_between

    page = out.suffix.lower() in (".html", ".htm")
    if len(pairs) > 1 and not page:
        raise FieldError(f"{len(pairs)} ways do not go into {out}", expected="one pair of rows, or a page (.html)")
    check_page(out if page else None)
    known = coded(load(run), data)
    named = [pair_named(said, known) for said in pairs]
    found = [walked(a, b, (one, two), steps=steps) for (a, one), (b, two) in named]
    if page:
        write_between(found, known.fitted, known.rows, out)
    else:
        write(found[0].spherical, out)
    if as_json:
        ways = [{"ends": each.ends, "angle": each.angle, "codes": each.z[1].tolist()} for each in found]
        emit_json({"file": out, "steps": steps, "ways": ways})
        return
    for each in found:
        typer.echo(f"{each.ends[0]} to {each.ends[1]}: a turn of {each.angle:.0f} degrees in {steps} rows")
    typer.echo(f"{'report' if page else 'rows'}: {out}")


def command() -> TyperCommand:
    """The verb."""
    return one_command(between, "between")
