"""Formulas between columns: `total = a + b`, `rest = total - 2 * used`. Sums and differences with constant factors."""

import re
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.codecs.monotone import Numbers
from likely.data.schema import Constraint
from likely.errors import FieldError

NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")


@final
@dataclass(frozen=True)
class Formula:
    """target = constant + sum of factor * column. The target has no cell: it is left out, and computed again."""

    target: str
    factors: dict[str, float]
    constant: float

    def value(self, numbers: dict[str, Numbers]) -> Numbers:
        """The target from the other columns; missing where one of them is."""
        total = np.full(len(next(iter(numbers.values()))), self.constant)
        for name, factor in self.factors.items():
            total = total + factor * numbers[name]
        return total

    def size(self, numbers: dict[str, Numbers]) -> Numbers:
        """The size of the terms, by which rounding errors are judged."""
        terms = [np.abs(factor * numbers[name]) for name, factor in self.factors.items()]
        return np.sum(terms, axis=0) + abs(self.constant)


def formula_of(constraint: Constraint) -> Formula:
    """The formula that a constraint writes; a name with blanks or signs may stand in `backticks`."""
    target, *sources = constraint.columns
    written = constraint.formula
    tail = written.split("=", 1)[1] if "=" in written and written.split("=", 1)[0].strip(" `") == target else written
    factors: dict[str, float] = {}
    constant = 0.0
    for sign, factor, name in _terms(tail.strip(), sorted(sources, key=len, reverse=True), written):
        if name is None:
            constant += sign * factor
        else:
            factors[name] = factors.get(name, 0.0) + sign * factor
    if set(factors) != set(sources) or target in factors:
        _refuse(written, f"the columns {', '.join(sources)}, each at least once")
    return Formula(target, factors, constant)


def _terms(rest: str, names: list[str], written: str) -> list[tuple[float, float, str | None]]:
    """(sign, factor, column or None) of each term."""
    terms: list[tuple[float, float, str | None]] = []
    while rest:
        sign = -1.0 if rest[0] == "-" else 1.0
        if rest[0] in "+-":
            rest = rest[1:].lstrip()
        elif terms:
            _refuse(written, f"a + or a - before '{rest}'")
        factor, name, rest = _product(rest, names, written)
        terms.append((sign, factor, name))
    return terms or _refuse(written, "at least one term")


def _product(rest: str, names: list[str], written: str) -> tuple[float, str | None, str]:
    """The factors of one term, multiplied, and what stands behind it."""
    factor, name = 1.0, None
    while True:
        found = _column(rest, names)
        number = None if found else NUMBER.match(rest)
        if found and name is None:
            name, rest = found[0], found[1].lstrip()
        elif number:
            factor, rest = factor * float(number[0]), rest[number.end() :].lstrip()
        else:
            _refuse(written, f"a number or one of {', '.join(sorted(names))} at '{rest}'")
        if not rest.startswith("*"):
            return factor, name, rest
        rest = rest[1:].lstrip()


def _column(rest: str, names: list[str]) -> tuple[str, str] | None:
    """The column that the text starts with (the longest name that fits), and the rest."""
    for name in names:
        for spelled in (f"`{name}`", name):
            behind = rest[len(spelled) :]
            if rest.startswith(spelled) and (spelled[0] == "`" or not re.match(r"\w", behind)):
                return name, behind
    return None


def _refuse(written: str, expected: str) -> Any:
    raise FieldError(
        f"the formula '{written}' cannot be read",
        expected=expected,
        remedy='sums and differences with constant factors: "a + b", "total - 2 * used"',
    )
