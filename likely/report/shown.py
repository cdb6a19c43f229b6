"""What was looked at of rows and codes, as pictures: ranks, what hangs together, maps of codes."""

from typing import Any

from likely.apps.associations import SHOWN
from likely.apps.exhibits import Exhibits, Mapped
from likely.data import Rows, Table
from likely.report import curves, heat
from likely.report.inside import legend, scatter

TIED = (
    "Shown is {}. Orange rises together, blue falls as the other rises; at the right, orange is stronger and blue "
    "weaker in the samples than in the real rows."
)


def ranks_of(found: Exhibits) -> list[dict[str, Any]]:
    """The spread of each set of rows."""
    known = [(each.name, each.ranks) for each in found.shown.values() if each.ranks is not None]
    return [
        {"name": name, "told": one.told, "covered": curves.covered(one, name), "histogram": curves.histogram(one, name)}
        for name, one in known
    ]


def honest_of(found: Exhibits) -> list[dict[str, Any]]:
    """Reliability diagrams of those that tell the label."""
    return [
        {"name": name, "told": f"wrong {each.error} of rows, surer than right by {each.overconfidence}",
         "picture": curves.confidence(each, None)}
        for name, each in found.honest
    ]  # fmt: skip


def ties_of(found: Exhibits, real: Rows) -> dict[str, Any]:
    """What hangs together in each set of rows beside the real ones."""
    if not found.real:
        return {}
    each = [
        (one.name, [heat.two(first, second) for first, second in zip(found.real, one.associations, strict=True)])
        for one in found.shown.values()
        if one.associations
    ]
    note = TIED.format(", then ".join(each.what for each in found.real))
    if isinstance(real, Table) and len(found.real[0].down) >= SHOWN:
        note += " Of many columns those are shown that hang together most."
    return {
        "note": note,
        "kind": "three" if found.real[0].down else "four",
        "real": [heat.one(first) for first in found.real],
        "each": each,
    }


def maps_of(found: Exhibits) -> list[dict[str, Any]]:
    """The maps of codes."""
    return [
        {
            "name": one.name, "what": _axes(one), "picture": scatter(one.places, one.values, one.attribute),
            "legend": legend(one.attribute, one.values),
        }
        for one in found.maps
    ]  # fmt: skip


def _axes(one: Mapped) -> str:
    by = f", by {one.attribute.name}" if one.attribute is not None else ""
    held = "" if one.plane.own else f", of which the plane holds {100 * one.plane.share:.0f} % of the variance"
    return f"codes of {one.width:,} number{'s' * (one.width != 1)}{held}{by}"
