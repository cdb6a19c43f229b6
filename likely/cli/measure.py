"""likely measure REAL SYNTHETIC [-o report.html]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, print_table


def measure(
    real: Annotated[str, typer.Argument(help="Real rows: a table or a folder of images.")],
    synthetic: Annotated[str, typer.Argument(help="Anybody's synthetic rows with the same columns.")],
    train: Annotated[str | None, typer.Option(help="The rows the generator learned from, to look for copies.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also write a self-contained HTML report.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Judge synthetic rows beside real ones; no model is needed."""
    from dataclasses import asdict

    from likely.apps.measure import measure as judged
    from likely.report import write_measurement

    found = judged(real, synthetic, train=train, seed=seed)
    if out is not None:
        write_measurement(found, out)
    if as_json:
        emit_json({m.name: {name: asdict(value) for name, value in m.measures.items()} for m in found.measured})
        return
    names = list(found.measured[0].measures)
    rows = [(m.name, *(str(m.measures[name]) for name in names)) for m in found.measured]
    print_table("", ("", *names), rows, note="\nThe ideal is what real rows get; intervals are 95 %.")


def command() -> TyperCommand:
    """The verb."""
    return one_command(measure, "measure")
