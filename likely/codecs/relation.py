"""Relations between columns, kept by reparametrisation: what a cell holds cannot break them.

    a <= b     b's cell holds the gap b - a >= 0; with several columns below, b - max(below)        (1)
    c = f(a)   c has no cell; it is computed from the others                                        (2)

Both are unit triangular in the columns that stay, so that log|det| is that of the maps alone. Equal values (of dates,
above all) are an atom at gap 0. Where everything below is missing, the gap is taken from the column's anchor:
0 for a count, the least value seen for a real.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from likely.codecs.formula import Formula, formula_of
from likely.codecs.monotone import Numbers
from likely.codecs.refusal import refuse
from likely.data.schema import Constraint, Schema
from likely.errors import FieldError

Settle = Callable[[str, Numbers], Numbers]


@final
@dataclass(frozen=True)
class Relations:
    """All relations of a schema, in an order in which each column stands behind those it depends on."""

    below: dict[str, tuple[str, ...]] = field(default_factory=dict)  # every column that is never above this one
    formulas: tuple[Formula, ...] = ()
    anchors: dict[str, float] = field(default_factory=dict)

    @property
    def targets(self) -> set[str]:
        return {formula.target for formula in self.formulas}

    @property
    def touched(self) -> set[str]:
        """Every column that a relation speaks of."""
        of_orders = {name for upper, lower in self.below.items() for name in (upper, *lower)}
        return of_orders | {name for formula in self.formulas for name in (formula.target, *formula.factors)}

    def anchored(self, numbers: dict[str, Numbers], counts: set[str]) -> "Relations":
        """The same, with the anchors of these rows."""
        anchors = {
            name: 0.0 if name in counts else _least([numbers[each] for each in lower])
            for name, lower in self.below.items()
        }
        return Relations(self.below, self.formulas, anchors)

    def free(self, numbers: dict[str, Numbers], resolution: dict[str, float]) -> dict[str, Numbers]:
        """Numbers without relations: gaps for upper columns, no targets. A row that breaks one is an error."""
        for formula in self.formulas:
            self._check(formula, numbers, resolution)
        freed = {name: values for name, values in numbers.items() if name not in self.targets}
        for name in self.below:
            floor, known = self._floor(name, numbers)
            gap = numbers[name] - floor
            if (bad := known & (gap < 0)).any():
                refuse(
                    name,
                    bad,
                    f"below {' or '.join(self.below[name])}",
                    expected="rows that keep the declared order",
                    remedy="mend or leave out these rows, or take the constraint out of the schema",
                )
            freed[name] = gap
        return freed

    def bind(self, freed: dict[str, Numbers], resolution: dict[str, float], settle: Settle) -> dict[str, Numbers]:
        """Numbers that keep every relation, each settled (rounded, within limits) before others build on it."""
        numbers = {name: settle(name, values) for name, values in freed.items() if name not in self.below}
        for name in self.below:
            floor, known = self._floor(name, numbers)
            gap = np.where(known, np.maximum(freed[name], 0.0), freed[name])
            settled = settle(name, floor + gap)
            upwards = settle(name, floor + resolution.get(name, 0.0) / 2)  # where rounding went below the floor
            numbers[name] = np.where(known & (settled < floor), upwards, settled)
        for formula in self.formulas:
            numbers[formula.target] = settle(formula.target, formula.value(numbers))
        return numbers

    def _floor(self, name: str, numbers: dict[str, Numbers]) -> tuple[Numbers, Any]:
        """What a gap is taken from, and whether it is a value of the row."""
        floor = np.fmax.reduce([numbers[lower] for lower in self.below[name]])
        known = ~np.isnan(floor)
        return np.where(known, floor, self.anchors.get(name, 0.0)), known

    def _check(self, formula: Formula, numbers: dict[str, Numbers], resolution: dict[str, float]) -> None:
        """A present target equals its formula, up to half the recorded decimals or float64's rounding."""
        told, computed = numbers[formula.target], formula.value(numbers)
        slack = np.maximum(resolution.get(formula.target, 0.0) * 0.500001, 1e-9 * (1 + formula.size(numbers)))
        if (bad := ~np.isnan(told) & ~(np.abs(told - computed) <= slack)).any():
            refuse(
                formula.target,
                bad,
                "not what its formula gives",
                expected="rows that keep the declared formula, none of whose parts is missing",
                remedy="mend or leave out these rows, or take the constraint out of the schema",
            )


def _least(columns: list[Numbers]) -> float:
    present = np.concatenate([values[~np.isnan(values)] for values in columns])
    return float(present.min()) if len(present) else 0.0


def relations_of(schema: Schema, modelled: tuple[str, ...]) -> Relations:
    """The relations among the modelled columns."""
    constraints = [each for each in schema.constraints if set(each.columns) <= set(modelled)]
    for constraint in constraints:
        _check_kinds(schema, constraint)
    formulas = _in_order({f.target: f for f in (formula_of(each) for each in constraints if each.kind == "formula")})
    below = _closed(_pairs(each for each in constraints if each.kind == "order"))
    targets = {formula.target for formula in formulas}
    if both := sorted(targets & {name for upper, lower in below.items() for name in (upper, *lower)}):
        raise FieldError(
            f"the column '{both[0]}' is computed by a formula and also ordered",
            expected="one or the other",
            remedy="declare the order between the columns that the formula is made of",
        )
    return Relations(below, formulas)


def _check_kinds(schema: Schema, constraint: Constraint) -> None:
    kinds = {name: schema[name].kind for name in constraint.columns}
    wrong = [name for name, kind in kinds.items() if kind not in ("real", "count", "date")]
    if (
        len(kinds) < 2
        or wrong
        or (constraint.kind == "order" and "date" in kinds.values() and len(set(kinds.values())) > 1)
    ):
        told = ", ".join(f"'{name}' ({kind})" for name, kind in kinds.items())
        raise FieldError(
            f"the {constraint.kind} constraint on {told} has no meaning",
            expected="two or more different columns of numbers, or of dates",
            remedy="take it out of the schema, or declare the columns as real, count or date",
        )


def _pairs(orders: Any) -> dict[str, set[str]]:
    below: dict[str, set[str]] = {}
    for order in orders:
        for lower, upper in zip(order.columns, order.columns[1:]):
            below.setdefault(upper, set()).add(lower)
    return below


def _closed(below: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    """Everything below each column, also by way of others; lower columns first."""
    reached = {upper: _reach(upper, below) for upper in below}
    if loop := sorted(upper for upper, lower in reached.items() if upper in lower):
        raise FieldError(
            f"the order constraints run in a circle through {', '.join(loop)}",
            expected="a <= b <= c",
            remedy="take one of them out of the schema",
        )
    rising = sorted(reached, key=lambda upper: (len(reached[upper]), upper))
    return {upper: tuple(sorted(reached[upper])) for upper in rising}


def _reach(upper: str, below: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(below.get(upper, ()))
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(below.get(name, ()))
    return seen


def _in_order(formulas: dict[str, Formula]) -> tuple[Formula, ...]:
    """Formulas such that each stands behind those it uses."""
    uses = {target: _reach(target, {t: set(f.factors) for t, f in formulas.items()}) for target in formulas}
    if loop := sorted(target for target, used in uses.items() if target in used):
        raise FieldError(
            f"the formulas run in a circle through {', '.join(loop)}",
            expected="c = a + b",
            remedy="take one of them out of the schema",
        )
    return tuple(formulas[target] for target in sorted(formulas, key=lambda t: (len(uses[t] & set(formulas)), t)))
