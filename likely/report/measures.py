"""Measures as a table with shades, and each by itself as bars beside the references."""

from collections.abc import Iterable, Sequence
from typing import Any

from likely.apps.measure import FLOOR, INDEPENDENT
from likely.metrics import Measure
from likely.report.bars import Bar, intervals

SCALES = {  # how far from other real rows is far, and on which side
    "two-sample AUC": 0.5, "marginals": 0.3, "pairs": 0.3, "precision": -1.0, "recall": -1.0, "density": -1.0,
    "coverage": -1.0, "nearer to training": 0.5, "copies": 1.0,
}  # fmt: skip
PARTS = 12  # columns or pairs that are listed
Sides = Sequence[tuple[str, dict[str, Measure]]]


def table(rows: Sides, references: Iterable[str]) -> dict[str, Any]:
    """Every measure with its interval, and how much farther from ideal it is than real rows as a shade."""
    beside, known = set(references), [name for _, found in rows for name in found]
    names = [*(name for name in SCALES if name in known), *dict.fromkeys(name for name in known if name not in SCALES)]
    notes = {name: next(found[name].note for _, found in rows if name in found) for name in names}
    floor = dict(rows).get(FLOOR, {})
    cells = [
        (title, title in beside, [_cell(found.get(name), floor.get(name)) for name in names]) for title, found in rows
    ]
    mixed = any(title == INDEPENDENT for title, _ in rows)
    return {"names": names, "notes": notes, "rows": cells, "warning": _warning(rows), "mixed": mixed}


def _warning(rows: Sides) -> str:
    every = [measure for _, found in rows for measure in found.values()]
    return min(every, key=lambda measure: min(measure.rows)).warning if every else ""


def _cell(measure: Measure | None, floor: Measure | None) -> dict[str, str]:
    if measure is None or measure.value != measure.value:
        return {"value": "–", "interval": "", "shade": "0"}
    best = measure.ideal if floor is None else floor.value
    far = (measure.value - best) / SCALES[measure.name] if measure.name in SCALES else 0.0
    return {
        "value": f"{measure.value:.3f}", "interval": f"{measure.low:.3f} – {measure.high:.3f}",
        "shade": f"{min(max(far, 0.0), 1.0):.2f}",
    }  # fmt: skip


def groups(rows: Sides, questions: dict[str, str]) -> list[dict[str, Any]]:
    """The measures of the first side by the question that they answer, each beside those of the other sides."""
    found = rows[0][1]
    order = [*(group for group in questions), *dict.fromkeys(measure.group for measure in found.values())]
    kept = [group for group in dict.fromkeys(order) if any(measure.group == group for measure in found.values())]
    return [
        {
            "name": group or "measures",
            "question": _sentence(questions.get(group, "how do they compare?")),
            "measures": [_measure(name, rows) for name, measure in found.items() if measure.group == group],
        }
        for group in kept
    ]


def _sentence(question: str) -> str:
    return question[:1].upper() + question[1:]


def _measure(name: str, rows: Sides) -> dict[str, Any]:
    first = rows[0][1][name]
    bars = [_bar(title, found[name], reference=at > 0) for at, (title, found) in enumerate(rows) if name in found]
    return {
        "name": name, "note": first.note, "features": first.features, "ideal": f"{first.ideal:.3g}",
        "sizes": f"{first.rows[0]:,} real and {first.rows[1]:,} synthetic rows", "warning": first.warning,
        "bars": intervals(bars, ideal=first.ideal), "parts": parts(name, rows),
    }  # fmt: skip


def _bar(title: str, measure: Measure, *, reference: bool) -> Bar:
    if measure.value != measure.value:
        return Bar(name=title, told="no number", value=measure.value, low=0.0, high=0.0, reference=reference)
    told = f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]"
    return Bar(name=title, told=told, value=measure.value, low=measure.low, high=measure.high, reference=reference)


def parts(name: str, rows: Sides) -> list[tuple[str, list[str], str]]:
    """A measure column by column (or pair by pair), the farthest first: every side's number, and a shade."""
    first = rows[0][1][name].parts
    shown = sorted(first, key=lambda part: -first[part])[:PARTS]
    sides = [found[name].parts for _, found in rows if name in found]
    scale = abs(SCALES.get(name, 1.0))
    return [
        (part, [f"{side[part]:.3f}" if part in side else "–" for side in sides], f"{min(first[part] / scale, 1.0):.2f}")
        for part in shown
    ]  # fmt: skip
