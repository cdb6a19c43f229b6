"""Where a verb's page goes: HTML by `-o`, the same as Markdown by `--markdown`, or by `-o` with a name in .md."""

from pathlib import Path
from typing import Annotated, Any

import typer

Markdown = Annotated[Path | None, typer.Option("--markdown", help="Also write the report as Markdown.")]
WORDS = (".md", ".markdown")


def write_pages(found: Any, out: Path | None, markdown: Path | None) -> None:
    """A comparison or a measurement at each of the places that were asked for."""
    from likely.apps.measure import Measurement
    from likely.report import write_comparison, write_markdown, write_measurement

    if markdown is not None:
        write_markdown(found, markdown)
    if out is None:
        return
    if out.suffix.casefold() in WORDS:
        write_markdown(found, out)
    elif isinstance(found, Measurement):
        write_measurement(found, out)
    else:
        write_comparison(found, out)
