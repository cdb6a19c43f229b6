"""What was checked of each model at the end of its fit: marks in a table, and what depends on what as heat maps."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from likely.apps.contender import Contender
from likely.certificates import Certificates, Dependence
from likely.certificates.certify import CHECKS
from likely.certificates.told import strongest, summary
from likely.report.drawing import line, shortened, svg, text

MARKS = {"passed": "✓", "failed": "✗", "not applicable": "–"}
LEVELS = 9  # shades
NAMED = 24  # columns, at most, whose names are written
LETTER, SIDE, SMALL = 5.4, 16.0, 4.0  # what a letter of a name takes, and a cell, with names and without
LONGEST = 20  # letters of a name


@dataclass(frozen=True)
class Mark:
    """One check of one model, as a cell."""

    sign: str
    outcome: str
    said: str


@dataclass(frozen=True)
class Line:
    """One model's checks."""

    name: str
    marks: tuple[Mark, ...]
    summary: str


def certified(contenders: Iterable[Contender]) -> list[tuple[str, Certificates]]:
    """The models that were checked."""
    fitted = ((contender.name, contender.fitted) for contender in contenders)
    return [(name, each.card.certificates) for name, each in fitted if each and each.card.certificates]


def names_of(found: Iterable[tuple[str, Certificates]]) -> list[str]:
    """Every check that any model has, in the order in which they are made."""
    known = {check.name for _, one in found for check in one.checks}
    made = [check.name for check in CHECKS]
    return sorted(known, key=lambda name: (made.index(name) if name in made else len(made), name))


def lines(found: list[tuple[str, Certificates]]) -> list[Line]:
    """The table, row by row; a check that a model has not is left blank."""
    told, names = [], names_of(found)
    for name, one in found:
        marks = {check.name: Mark(MARKS[check.outcome], check.outcome, check.said) for check in one.checks}
        told.append(Line(name, tuple(marks.get(each, Mark("", "", "")) for each in names), summary(one)))
    return told


def maps(found: list[tuple[str, Certificates]]) -> list[tuple[str, str, Markup]]:
    """The heat map of each model that has one, with its unit."""
    return [(name, one.dependence.unit, heat_map(one.dependence)) for name, one in found if one.dependence]


def heat_map(dependence: Dependence) -> Markup:
    """A row for each column, a shade for how much it depends on each; given columns stand at the right of a line."""
    rows, names = len(dependence.names), [*dependence.names, *dependence.given]
    named = len(names) <= NAMED
    side, edge = (SIDE, 8 + LETTER * min(max(map(len, names)), LONGEST)) if named else (SMALL, 0.0)
    shapes = list(_shades(dependence, side, edge))
    if dependence.given:
        x = edge + rows * side
        shapes.append(line(x, edge, x, edge + rows * side, "axis"))
    if named:
        shapes += _names(names, rows, side, edge)
    label = f"what depends on what among {len(names)} columns"
    return svg(edge + len(names) * side, edge + rows * side, shapes, label=label)


def _shades(dependence: Dependence, side: float, edge: float) -> Iterable[str]:
    """One path for each shade; the diagonal is a frame."""
    best, cells = strongest(dependence), {}
    for i, row in enumerate(dependence.strength):
        for j, value in enumerate(row):
            shade = 0 if i == j else round(LEVELS * (value / best) ** 0.5) if value > 0 else -1
            cells.setdefault(max(shade, 1) if value > 0 and i != j else shade, []).append((j, i))
    for shade, places in sorted(cells.items()):
        if shade >= 0:
            step = "".join(f"M{edge + x * side:g} {edge + y * side:g}h{side:g}v{side:g}h{-side:g}z" for x, y in places)
            yield f'<path d="{step}" class="{"own" if shade == 0 else "heat"}" fill-opacity="{shade / LEVELS:.2f}"/>'


def _names(names: list[str], rows: int, side: float, edge: float) -> list[str]:
    told = [shortened(name, LONGEST) for name in names]
    shapes = [text(edge - 5, edge + (i + 0.7) * side, name, "tick", end="end") for i, name in enumerate(told[:rows])]
    for j, name in enumerate(told):
        x, y = edge + (j + 0.7) * side, edge - 5
        shapes.append(f'<g transform="rotate(-90 {x:g} {y:g})">{text(x, y, name, "tick")}</g>')
    return shapes
