"""Pages of rows in their order: the same codes at several truncations, and the ways between two rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likely import __version__
from likely.apps.interpolate import Interpolation
from likely.apps.truncation import Sweep
from likely.data import Rows
from likely.fitted import Fitted
from likely.report.inside import strip
from likely.report.template import named, written

TRUNCATED = (
    "Every line is decoded from the same codes, drawn in to the middle of their law: the share of it that is kept "
    "stands at the left. The spread is the total variance of rows at that truncation over that of whole ones."
)
BETWEEN = (
    "Both ends are the rows as the model decodes them. The straight way passes nearer to the centre of the codes; the "
    "spherical one keeps their length. What is a choice in a code is that of the nearer end."
)


def write_sweep(found: Sweep, path: str | Path) -> Path:
    """A line of rows for each truncation."""
    walks = [
        {
            "what": f"{step.truncation:g}",
            "told": (f"spread {step.spread:.2f}", f"of a code {step.of_codes:.2f}"),
            "picture": strip(step.rows, found.whole),
        }
        for step in found.steps
    ]
    return _page(path, found.fitted, "truncated codes", [("", walks)], TRUNCATED)


def write_between(found: Sequence[Interpolation], fitted: Fitted[Any], real: Rows, path: str | Path) -> Path:
    """Two lines of rows for each pair."""
    sections = []
    for each in found:
        ways = (("straight", (), each.straight), ("spherical", (f"a turn of {each.angle:.0f}°",), each.spherical))
        walks = [{"what": way, "told": told, "picture": strip(rows, real)} for way, told, rows in ways]
        sections.append((f"{each.ends[0]} to {each.ends[1]}", walks))
    return _page(path, fitted, "from one row to another", sections, BETWEEN)


def _page(path: str | Path, fitted: Fitted[Any], what: str, sections: list[Any], note: str) -> Path:
    source = str(fitted.card.data.get("source", "rows"))
    facts = [source, repr(fitted.card.family), f"likely {__version__}"]
    title = f"{named(source)}: {what} of a {fitted.name}"
    return written(path, "walks.html", title=title, facts=facts, sections=sections, note=note)
