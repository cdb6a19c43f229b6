"""likely sweep RUN [-n 8] [--at 0.2,0.6,1] [-o sweep.html]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.compare import check_page
from likely.cli.output import Json, Seed, emit_json, given_of, one_command, print_table


def sweep(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    n: Annotated[int, typer.Option("-n", help="Rows at each truncation.", min=1, max=40)] = 8,
    at: Annotated[
        str, typer.Option(help="The truncations: shares of a code's law that are kept.")
    ] = "0.2,0.4,0.6,0.8,1",
    given: Annotated[list[str] | None, typer.Option(help="COLUMN=VALUE: draw given this (may be repeated).")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="The page.")] = Path("sweep.html"),
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw the same codes at several truncations: nearer to the common, and less varied."""
    from likely.apps.truncation import swept
    from likely.fitted import load
    from likely.report import write_sweep

    check_page(out)
    found = swept(load(run), levels_of(at), n=n, given=given_of(given or []) or None, seed=seed)
    write_sweep(found, out)
    if as_json:
        told = [{"truncation": s.truncation, "spread": s.spread, "codes": s.of_codes} for s in found.steps]
        emit_json({"report": out, "truncations": told, "judged": len(found.whole)})
        return
    rows = [(f"{s.truncation:g}", f"{s.spread:.3f}", f"{s.of_codes:.3f}") for s in found.steps]
    note = f"spread: total variance over that of {len(found.whole)} whole samples\nreport: {out}"
    print_table("", ("truncation", "spread", "variance of a code"), rows, note=note)


def levels_of(said: str) -> tuple[float, ...]:
    """0.2,0.6,1 as numbers."""
    from likely.errors import FieldError

    try:
        return tuple(float(word) for word in said.split(","))
    except ValueError:
        raise FieldError(f"--at '{said}' is no list of numbers", expected="for example 0.2,0.6,1") from None


def command() -> TyperCommand:
    """The verb."""
    return one_command(sweep, "sweep")
