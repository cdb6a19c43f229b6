"""likely measure REAL SYNTHETIC [--train FILE] [--features label] [-o report.html]"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.compare import check_page, plain_measure
from likely.cli.output import Json, Seed, emit_json, one_command, print_table
from likely.cli.pages import Markdown, write_pages


def measure(
    real: Annotated[str, typer.Argument(help="Real rows: a table, pictures, texts, series, sounds.")],
    synthetic: Annotated[str, typer.Argument(help="Anybody's synthetic rows of the same kind.")],
    train: Annotated[str | None, typer.Option(help="The rows the generator learned from, to look for copies.")] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="Where distances of pictures are taken: a label, by which a classifier learns to see them, a folder "
            "that --keep made, or inception. None: principal directions; tables: standardised cells."
        ),
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep what --features learned in this folder.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="A column that rows should teach to tell; several times for several.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only what compare measures of every family.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also write a self-contained HTML report.")] = None,
    markdown: Markdown = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Judge synthetic rows beside real ones; no model is needed."""
    from likely.apps.measure import measure as judged
    from likely.apps.sight import sight_of

    check_page(out)
    check_page(markdown)
    sight = sight_of(features, real, keep)
    found = judged(real, synthetic, train=train, sight=sight, targets=target or (), quick=quick, seed=seed)
    write_pages(found, out, markdown)
    if as_json:
        emit_json(plain(found) | {"report": out, "markdown": markdown})
        return
    header = ("", *(m.name for m in found.measured), "ideal", "what it is")
    print_table("", header, told_rows(found), note=told_note(found, train, out))


def plain(found: Any) -> dict[str, Any]:
    """A measurement as plain values."""
    return {
        "source": found.source, "rows": {"real": found.rows[0], "synthetic": found.rows[1]},
        "features": found.features, "warnings": found.warnings,
        "measured": {
            m.name: {name: plain_measure(measure) for name, measure in m.measures.items()} for m in found.measured
        },
        "copies": [{"synthetic": c.synthetic, "learned": c.learned, "exact": c.exact} for c in found.copies],
    }  # fmt: skip


def told_rows(found: Any) -> Iterator[tuple[str, ...]]:
    """Each measure under the question that it answers."""
    from likely.metrics import GROUPS

    asked = ""
    for name, first in found.measured[0].measures.items():
        if first.group != asked:
            asked = first.group
            yield (f"{asked}: {GROUPS[asked]}", *("" for _ in found.measured), "", "")
        sides = (str(m.measures.get(name, "–")) for m in found.measured)
        seen = f", in {first.features}" if first.features else ""
        rows = f" ({first.rows[0]:,} and {first.rows[1]:,} rows{seen})"
        yield (f"  {name}", *sides, f"{first.ideal:.3g}", first.note + rows)


def told_note(found: Any, train: str | None, out: Path | None) -> str:
    """How to read the table, and what it could not say."""
    from likely.apps.measure import told_copies

    small: dict[str, list[str]] = {}
    for each in found.measured[0].measures.values():
        small.setdefault(each.warning, []).append(each.name)
    lines = ["", "The ideal is what indistinguishable rows get, as the real rows beside do; intervals are 95 %."]
    lines += [f"{warning} ({', '.join(names)})" for warning, names in small.items() if warning]
    lines += found.warnings
    lines += (
        told_copies(found.copies, "--json lists them")
        if train
        else ["Whether training rows were copied is told with --train FILE."]
    )
    return "\n".join(lines + ([] if out is None else [f"report: {out}"]))


def command() -> TyperCommand:
    """The verb."""
    return one_command(measure, "measure")
