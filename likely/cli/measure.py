"""likely measure REAL SYNTHETIC [-o report.html]"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.compare import check_page, plain_measure
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
    from likely.apps.measure import measure as judged

    check_page(out)
    found = judged(real, synthetic, train=train, seed=seed)
    if out is not None:
        from likely.report import write_measurement

        write_measurement(found, out)
    if as_json:
        emit_json(plain(found) | {"report": out})
        return
    columns = [[str(m.measures[name]) for name in found.measured[0].measures] for m in found.measured]
    notes = [measure.note for measure in found.measured[0].measures.values()]
    rows = zip(found.measured[0].measures, *columns, notes, strict=True)
    print_table("", ("", *(m.name for m in found.measured), "what it is"), rows, note=told_note(found, train, out))


def plain(found: Any) -> dict[str, Any]:
    """A measurement as plain values."""
    return {
        "source": found.source, "rows": {"real": found.rows[0], "synthetic": found.rows[1]},
        "measured": {
            m.name: {name: plain_measure(measure) for name, measure in m.measures.items()} for m in found.measured
        },
    }  # fmt: skip


def told_note(found: Any, train: str | None, out: Path | None) -> str:
    """How to read the table, and what it could not say."""
    fewest = min((m for side in found.measured for m in side.measures.values()), key=lambda m: min(m.rows))
    lines = ["", "The ideal is what real rows get; intervals are 95 %."]
    lines += [fewest.warning] if fewest.warning else []
    lines += [] if train else ["Whether training rows were copied is told with --train FILE."]
    return "\n".join(lines + ([] if out is None else [f"report: {out}"]))


def command() -> TyperCommand:
    """The verb."""
    return one_command(measure, "measure")
