"""likely edit RUN row.png --add glasses --remove colour=red [--data DATA] [-o edited.png]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, printable, records

if TYPE_CHECKING:
    from likely.apps.edit import Way
    from likely.data import Rows

WAYS = ("matched", "orthogonal", "mean")
MOST = 20_000  # labelled rows that are learned from
NAMED = 3  # rows whose changes are told in words


def edit(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    rows: Annotated[str, typer.Argument(help="The rows to change: a picture, a table, any file that can be read.")],
    add: Annotated[
        list[str] | None, typer.Option(help="What they shall have: glasses, shape=square, age=40 (may be repeated).")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="What they shall not have: glasses, colour=red (may be repeated).")
    ] = None,
    row: Annotated[int | None, typer.Option(help="Only this row of the file, counting from 1.", min=1)] = None,
    data: Annotated[
        str | None, typer.Option(help="Labelled rows to learn from; none: those the model was fitted on.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="A table with more columns about each row of the data, in its order.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="matched (rows that differ in nothing else), orthogonal or mean (differences).")
    ] = WAYS[0],
    strength: Annotated[float, typer.Option(help="1 goes as far as the data say, 0.5 half way.")] = 1.0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .parquet, .npz, .png or .wav file, or a folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change what is said of rows by latent arithmetic; all else stays as the model can keep it."""
    from likely.apps.coded import coded
    from likely.apps.edit import edited
    from likely.fitted import load

    way = way_of(by)
    fitted = load(run)
    asked = coded(fitted, rows)
    asked = asked if row is None else asked.take([row - 1])
    known = coded(fitted, data, labels=labels, most=MOST)
    found = edited(asked, known, add=add or (), remove=remove or (), way=way, strength=strength)
    changes = [{name: [said.get(name), value] for name, value in became.items()}
               for said, became in zip(found.said, found.asked, strict=True)]  # fmt: skip
    if not as_json:
        print_changes(changes)
    tell_rows(found.after, out, "edited", as_json=as_json, changes=changes, codes=found.z.tolist())


def way_of(name: str) -> "Way":
    """The way by its name."""
    from likely.apps.edit import Matched, Mean, Orthogonal
    from likely.errors import FieldError
    from likely.suggestion import meant

    ways = dict(zip(WAYS, (Matched(), Orthogonal(), Mean()), strict=True))
    if name not in ways:
        raise FieldError(f"there is no way '{name}'", expected=f"one of {', '.join(WAYS)}", remedy=meant(name, WAYS))
    return ways[name]


def print_changes(changes: list[dict[str, list[Any]]]) -> None:
    """What each of the first rows was, and what it is to be."""
    for change in changes[:NAMED]:
        told = (f"{name} {'unknown' if old is None else old} -> {new}" for name, (old, new) in change.items())
        typer.echo(printable(", ".join(told)), err=True)
    if len(changes) > NAMED:
        typer.echo(f"and {len(changes) - NAMED} more rows", err=True)


def tell_rows(rows: "Rows", out: Path | None, done: str, *, as_json: bool, **more: Any) -> None:
    """Rows to a file, or printed; pictures always to a file."""
    from likely.data import Table, write

    target = out or (None if isinstance(rows, Table) else Path(f"{done}{rows.suffix}"))
    if target is not None:
        write(rows, target)
    if as_json:
        told = None if target is not None or not isinstance(rows, Table) else records(rows.frame)
        emit_json({"file": target, "n": len(rows), "rows": told} | more)
    elif target is not None:
        typer.echo(f"{len(rows)} row{'s' * (len(rows) != 1)} {done}, in {target}", err=True)
    elif isinstance(rows, Table):
        typer.echo(rows.frame.to_csv(index=False), nl=False)


def command() -> TyperCommand:
    """The verb."""
    return one_command(edit, "edit")
