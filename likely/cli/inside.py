"""likely inside RUN [DATA] [-o inside.html] [--by COLUMN] [--between 3,17]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.compare import check_page
from likely.cli.output import Seed, emit_json, json_of, one_command


def inside(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str | None, typer.Argument(help="Rows to look at; none: those the model was fitted on.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="The page.")] = Path("inside.html"),
    by: Annotated[str | None, typer.Option(help="The column that colours the map.")] = None,
    between: Annotated[
        list[str] | None, typer.Option(help="Two rows to walk between: 3,17 or a.png,b.csv:4 (may be repeated).")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="A table with more columns about each row of the data, in its order.")
    ] = None,
    side: Annotated[int, typer.Option(help="Rows and columns of the grid.", min=2, max=40)] = 12,
    rows: Annotated[int, typer.Option(help="Rows that are looked at, at most.", min=2)] = 2000,
    seed: Seed = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the same as data, beside the page, and print JSON.")
    ] = False,
) -> None:
    """Look inside a model with codes: map, manifold, traversals, ways between rows, nearest rows."""
    from likely.apps.inside import inside as looked
    from likely.fitted import load
    from likely.report import write_inside

    check_page(out)
    beside = out.with_suffix(".json") if as_json else None
    check_page(beside)
    found = looked(load(run), data, by=by, between=between or (), labels=labels, side=side, most=rows, seed=seed)
    write_inside(found, out)
    width = found.coded.z.shape[1]
    if beside is not None:
        from likely.atomic import appearing
        from likely.report.inside import plain

        with appearing(beside) as part:
            part.write_text(json_of(plain(found)), encoding="utf-8")
        emit_json({"report": out, "data": beside, "rows": len(found.coded), "width": width, "used": found.used})
        return
    typer.echo(f"{found.used} of {width} numbers of the code vary over {len(found.coded):,} rows")
    typer.echo(f"report: {out}")


def command() -> TyperCommand:
    """The verb."""
    return one_command(inside, "inside")
