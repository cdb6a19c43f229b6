import numpy as np
import pandas as pd
import pytest

from likely.codecs.parts import Part
from likely.codecs.regenerated import Constant, Identifier, Left, regenerated, regenerated_from, regenerated_parts
from likely.data.schema import ColumnSchema
from likely.errors import Corrupt, WrongRows


@pytest.mark.parametrize(
    ("cells", "pattern", "next_ones"),
    [
        (["N1A1", "N7A1", "N3A1"], "N{}A1", ["N8A1", "N9A1"]),
        (["C00001", "C00099"], "C{:05d}", ["C00100", "C00101"]),
        (["0000001f", "0000000a"], "{:08x}", ["00000020", "00000021"]),
        (["x{1}", "x{2}"], "x{{{}}}", ["x{3}", "x{4}"]),
        (["odd", "codes"], "N{}A1", ["N1A1", "N2A1"]),
        ([f"{'ab' * 16}"], "{:032x}", [f"{int('ab' * 16, 16) + 1:032x}", f"{int('ab' * 16, 16) + 2:032x}"]),
        ([5, 9, 7], "", [10, 11]),
        ([5, 9, 7], "{}", [10, 11]),
        ([5.0, np.nan], "", [6.0, 7.0]),
        ([2**63 - 1, 4], "", [1, 2]),
    ],
)
def test_ids_go_on_from_the_last(cells, pattern, next_ones):
    cells = pd.Series(cells)
    made = regenerated(ColumnSchema("key", "id", str(cells.dtype), pattern=pattern), cells)
    assert made.made(2).tolist() == next_ones
    assert str(made.made(2).dtype) == str(cells.dtype)
    assert made.later(2).made(1)[0] not in next_ones
    made.check(pd.Series(["anything"]))


def test_ids_are_unique_and_new():
    cells = pd.Series([f"N{i}A1" for i in range(1000)])
    made = regenerated(ColumnSchema("key", "id", "str", pattern="N{}A1"), cells).made(5000)
    assert made.is_unique
    assert not set(made) & set(cells)


@pytest.mark.parametrize(
    ("value", "dtype"), [("a", "str"), (3, "int64"), (2.5, "float64"), (True, "bool"), ("a", "category")]
)
def test_constants_are_made_again(value, dtype):
    column = ColumnSchema("planet", "constant", dtype, value=value)
    made = Constant(column).made(3)
    assert made.tolist() == [value] * 3
    assert str(made.dtype) == dtype
    Constant(column).check(pd.Series([value, None], dtype=object))
    with pytest.raises(WrongRows, match="column 'planet', row 2"):
        Constant(column).check(pd.Series([value, 17], dtype=object))


def test_a_column_without_any_value():
    column = ColumnSchema("empty", "constant", "float64", missing=True)
    assert Constant(column).made(2).isna().all()
    assert str(Constant(column).made(2).dtype) == "float64"
    Constant(column).check(pd.Series([np.nan]))
    with pytest.raises(WrongRows, match="missing cells only"):
        Constant(column).check(pd.Series([1.0]))


def test_a_column_that_happened_to_be_constant_keeps_a_mass_for_other_values():
    cells = pd.Series([0] * 9)
    made = regenerated(
        ColumnSchema("x", "constant", "int64", value=0, why="every cell is the same"), cells, reserve=True
    )
    assert made == Constant(made.column, 0.1)
    made.check(pd.Series([0, 1]))
    np.testing.assert_allclose(np.exp(made.log_mass(pd.Series([0, 1, 7]))), [0.9, 0.1, 0.1])
    assert regenerated_from(Part(regenerated_parts(made)), made.column) == made
    with pytest.raises(Corrupt):
        regenerated_from(Part({"is": "Constant", "reserve": 1.0}), made.column)


def test_a_declared_constant_is_one():
    declared = ColumnSchema("x", "constant", "int64", value=0, why="declared")
    made = regenerated(declared, pd.Series([0] * 9), reserve=True)
    assert made.log_mass(pd.Series([0])) == 0
    with pytest.raises(WrongRows, match="constant"):
        made.check(pd.Series([1]))


def test_text_comes_back_missing():
    column = ColumnSchema("remark", "text", "str")
    made = regenerated(column, pd.Series(["a"]))
    made.check(pd.Series(["b"]))
    assert made.made(2).isna().all()
    assert str(made.made(2).dtype) == "str"


def test_columns_that_a_model_learns_are_left_alone():
    assert regenerated(ColumnSchema("x", "real", "float64"), pd.Series([1.0])) is None


@pytest.mark.parametrize("kind", [Constant, Identifier, Left])
def test_parts_rebuild_the_column(kind):
    column = ColumnSchema("x", "text", "str")
    assert regenerated_from(Part(regenerated_parts(kind(column))), column) == kind(column)


def test_hostile_parts_are_refused():
    with pytest.raises(Corrupt):
        regenerated_from(Part({"is": "Identifier", "first": -1}), ColumnSchema("x", "id", "str"))
    with pytest.raises(Corrupt):
        regenerated_from(Part({"is": "Regenerated"}), ColumnSchema("x", "id", "str"))
