import numpy as np
import pytest

from likely.codecs.relation import relations_of
from likely.data.schema import ColumnSchema, Constraint, Schema
from likely.errors import FieldError, WrongRows

NAN = np.nan


def order(*columns):
    return Constraint("order", columns)


def formula(written, *columns):
    return Constraint("formula", columns, written)


def relations(*constraints, kinds="real"):
    names = sorted({name for each in constraints for name in each.columns})
    of = kinds if isinstance(kinds, dict) else dict.fromkeys(names, kinds)
    return relations_of(Schema(tuple(ColumnSchema(n, of[n], "float64") for n in names), constraints), tuple(names))


def numbers(**columns):
    return {name: np.array(values, dtype=float) for name, values in columns.items()}


def plain(_, values):
    return values


def check_round_trip(rel, given):
    back = rel.bind(rel.free(given, {}), {}, plain)
    assert set(back) == set(given)
    for name, values in given.items():
        np.testing.assert_allclose(back[name], values)


def test_a_chain_is_kept_as_gaps():
    rel = relations(order("a", "b", "c"))
    given = numbers(a=[1, 2], b=[3, 2], c=[7, 2])
    freed = rel.free(given, {})
    np.testing.assert_array_equal(freed["b"], [2, 0])
    np.testing.assert_array_equal(freed["c"], [4, 0])
    check_round_trip(rel, given)


def test_missing_cells_fall_back_to_what_is_known():
    rel = relations(order("a", "b"), order("b", "c")).anchored(numbers(a=[1.0], b=[2.0], c=[3.0]), set())
    given = numbers(a=[1, NAN, NAN, 5, 5], b=[NAN, 4, NAN, NAN, NAN], c=[7, 9, 0.5, NAN, 6])
    np.testing.assert_array_equal(rel.free(given, {})["c"], [6, 5, -0.5, NAN, 1])
    check_round_trip(rel, given)


def test_several_columns_below():
    rel = relations(order("a", "c"), order("b", "c"))
    given = numbers(a=[1, 5], b=[3, 2], c=[3, 6])
    np.testing.assert_array_equal(rel.free(given, {})["c"], [0, 1])
    check_round_trip(rel, given)


def test_a_row_that_breaks_the_order_is_named():
    with pytest.raises(WrongRows, match="column 'b', row 2: below a"):
        relations(order("a", "b")).free(numbers(a=[1, 5], b=[3, 4]), {})


def test_any_cells_come_back_in_order():
    rel = relations(order("a", "b", "c"))
    draws = np.random.default_rng(0).normal(0, 9, (3, 1000))
    back = rel.bind(dict(zip("abc", draws)), dict.fromkeys("abc", 1.0), lambda _, v: np.round(v))
    assert (back["a"] <= back["b"]).all()
    assert (back["b"] <= back["c"]).all()


def test_rounding_never_brings_a_column_under_its_floor():
    def coarse(name, values):
        return np.round(values, 1 if name == "a" else 0)

    back = relations(order("a", "b")).bind(numbers(a=[1.4, 2.6, 2.0], b=[0.0, 0.2, 0.0]), {"a": 0.1, "b": 1.0}, coarse)
    np.testing.assert_array_equal(back["b"], [2, 3, 2])


def test_a_formula_has_no_cell_and_is_computed():
    rel = relations(formula("a + b", "c", "a", "b"), formula("2 * c", "d", "c"))
    given = numbers(a=[1, 2, NAN], b=[0.5, 0, 1], c=[1.5, 2, NAN], d=[3, 4, NAN])
    assert set(rel.free(given, {})) == {"a", "b"}
    assert rel.targets == {"c", "d"}
    check_round_trip(rel, given)


def test_a_formula_is_checked_at_the_recorded_decimals():
    rel = relations(formula("a + b", "c", "a", "b"))
    rel.free(numbers(a=[0.14], b=[0.11], c=[0.3]), {"c": 0.1})
    with pytest.raises(WrongRows, match="column 'c', row 1"):
        rel.free(numbers(a=[0.14], b=[0.11], c=[0.4]), {"c": 0.1})
    with pytest.raises(WrongRows, match="row 2"):
        rel.free(numbers(a=[1, 1], b=[1, 1], c=[2, 2.001]), {})
    with pytest.raises(WrongRows, match="row 1"):  # a total without one of its parts cannot be kept
        rel.free(numbers(a=[NAN], b=[1], c=[2]), {})


def test_a_missing_total_of_known_parts_is_computed():
    rel = relations(formula("a + b", "c", "a", "b"))
    np.testing.assert_array_equal(rel.bind(rel.free(numbers(a=[1], b=[1], c=[NAN]), {}), {}, plain)["c"], [2])


@pytest.mark.parametrize(
    ("constraints", "kinds", "words"),
    [
        ([order("a", "b"), order("b", "a")], "real", "circle"),
        ([formula("b", "a", "b"), formula("a", "b", "a")], "real", "circle"),
        ([formula("a + b", "c", "a", "b"), order("c", "a")], "real", "computed by a formula and also ordered"),
        ([order("a", "b")], "category", "no meaning"),
        ([order("a", "b")], {"a": "date", "b": "real"}, "no meaning"),
        ([order("a")], "real", "no meaning"),
    ],
)
def test_relations_without_meaning(constraints, kinds, words):
    with pytest.raises(FieldError, match=words):
        relations(*constraints, kinds=kinds)


def test_a_relation_whose_columns_are_not_all_modelled_is_left_out():
    schema = Schema((ColumnSchema("a", "real", "float64"), ColumnSchema("b", "real", "float64")), (order("a", "b"),))
    assert not relations_of(schema, ("a",)).below


def test_touched_columns():
    assert relations(order("a", "b"), formula("x + y", "z", "x", "y")).touched == set("abxyz")
