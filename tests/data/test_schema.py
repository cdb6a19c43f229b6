import pytest

from likely.data import ColumnSchema, Constraint, Schema
from likely.errors import WrongRows

SCHEMA = Schema(
    (ColumnSchema("a", "real", "float64"), ColumnSchema("b", "real", "float64"), ColumnSchema("c", "id", "int64")),
    (Constraint("order", ("a", "b")),),
    "c",
)


def test_a_column_is_found_by_name() -> None:
    assert SCHEMA["b"].name == "b"
    with pytest.raises(WrongRows, match="no column 'z'"):
        SCHEMA["z"]


def test_a_part_of_a_schema_keeps_the_constraints_whose_columns_it_keeps() -> None:
    assert SCHEMA.only(["b", "a"]).constraints == SCHEMA.constraints
    assert SCHEMA.only(["a", "c"]).constraints == ()
    assert SCHEMA.only(["a"]).group is None
    assert SCHEMA.only(("c",)).group == "c"
