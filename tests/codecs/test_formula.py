import numpy as np
import pytest

from likely.codecs.formula import formula_of
from likely.data.schema import Constraint
from likely.errors import FieldError


@pytest.mark.parametrize(
    ("written", "factors", "constant"),
    [
        ("a + b", {"a": 1, "b": 1}, 0),
        ("c = a+b", {"a": 1, "b": 1}, 0),
        ("a - b", {"a": 1, "b": -1}, 0),
        ("- a - 2*b + 3", {"a": -1, "b": -2}, 3),
        ("0.5 * a + b * 2 * 3 - 1e-3", {"a": 0.5, "b": 6}, -1e-3),
        ("a + a + .5*b", {"a": 2, "b": 0.5}, 0),
        ("`a` + 10 * `b`", {"a": 1, "b": 10}, 0),
        ("+a+-1*b", None, 0),
    ],
)
def test_sums_and_differences_are_read(written, factors, constant):
    constraint = Constraint("formula", ("c", "a", "b"), written)
    if factors is None:
        with pytest.raises(FieldError):
            formula_of(constraint)
        return
    formula = formula_of(constraint)
    assert formula.target == "c"
    assert formula.factors == factors
    assert formula.constant == constant


def test_names_with_blanks_and_names_within_names():
    formula = formula_of(Constraint("formula", ("sum", "a", "a b", "ab"), "`a b` + 2 * ab - a"))
    assert formula.factors == {"a b": 1, "ab": 2, "a": -1}
    assert formula_of(Constraint("formula", ("t", "x-y", "x"), "x-y - x")).factors == {"x-y": 1, "x": -1}


@pytest.mark.parametrize(
    "written", ["", "a b", "a * b", "a + d", "a / b", "a + b + c", "a", "f(a) + b", "a + b +", "(a+b)"]
)
def test_anything_else_is_an_error(written):
    with pytest.raises(FieldError):
        formula_of(Constraint("formula", ("c", "a", "b"), written))


def test_values():
    formula = formula_of(Constraint("formula", ("c", "a", "b"), "2 * a - b + 1"))
    numbers = {"a": np.array([1.0, np.nan]), "b": np.array([5.0, 1.0])}
    np.testing.assert_array_equal(formula.value(numbers), [-2, np.nan])
    np.testing.assert_array_equal(formula.size(numbers), [8, np.nan])
