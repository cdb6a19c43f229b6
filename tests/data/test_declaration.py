import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from likely.data import ColumnSchema, Constraint, Schema, Table, TextFile, read, schema_from_json, schema_to_json
from likely.data.declaration import declaration
from likely.errors import FieldError, MissingFile, WrongRows

FULL = Schema(
    (
        ColumnSchema("a", "real", "float64", True, "?", decimals=2, atoms=(0.0,), low=-1.0, high=9.5, why="said"),
        ColumnSchema("b", "category", "str", levels=("x", "y")),
        ColumnSchema("c", "category", "int64", levels=(1, 2, 3), ordered=True),
        ColumnSchema("d", "boolean", "bool", levels=(False, True)),
        ColumnSchema("e", "date", "str", date_format="%Y-%m-%d"),
        ColumnSchema("f", "id", "str", pattern="N{}A1"),
        ColumnSchema("g", "constant", "str", value="only"),
    ),
    (Constraint("order", ("a", "c")), Constraint("formula", ("a",), "2 * c")),
    "f",
    TextFile(";", False, "latin-1", ",", False),
    ("read as latin-1",),
)


def test_a_schema_comes_back_from_json() -> None:
    assert schema_from_json(json.loads(json.dumps(schema_to_json(FULL)))) == FULL


LEVEL = some.one_of(some.text(max_size=5), some.integers(-9, 9), some.booleans(), some.floats(-9, 9))
COLUMN = some.builds(
    ColumnSchema,
    name=some.just("x"),
    kind=some.sampled_from(["real", "count", "category", "id"]),
    dtype=some.sampled_from(["float64", "str", "Int64"]),
    missing=some.booleans(),
    missing_as=some.text(max_size=3),
    levels=some.lists(LEVEL, max_size=4).map(tuple),
    decimals=some.none() | some.integers(0, 9),
    atoms=some.lists(some.floats(-9, 9), max_size=3).map(tuple),
    value=some.none() | LEVEL,
)


@given(COLUMN, some.text(min_size=1, max_size=9))
def test_any_column_comes_back_from_json(column: ColumnSchema, name: str) -> None:
    schema = Schema((replace(column, name=name),))
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "expected|object"),
        ({"column": {}}, "unknown field 'column'"),
        ({"columns": []}, "columns is"),
        ({"columns": {"a": 1}}, "column 'a' of the schema is 1"),
        ({"columns": {"a": {"kindd": "real"}}}, "unknown field 'kindd'"),
        ({"columns": {"a": {"kind": "reel"}}}, "kind is 'reel'"),
        ({"columns": {"a": {"decimals": "2"}}}, "decimals is '2'"),
        ({"columns": {"a": {"decimals": True}}}, "decimals is True"),
        ({"columns": {"a": {"decimals": -1}}}, "decimals is -1"),
        ({"columns": {"a": {"atoms": ["x"]}}}, "atoms is"),
        ({"columns": {"a": {"low": float("nan")}}}, "low is nan"),
        ({"columns": {"a": {"low": 2, "high": 1}}}, "low is 2"),
        ({"columns": {"a": {"levels": [None]}}}, "levels is"),
        ({"columns": {"a": {"missing": 1}}}, "missing is 1"),
        ({"columns": {"a": {"transform": "sqrt"}}}, "transform is 'sqrt'"),
        ({"constraints": {}}, "constraints is"),
        ({"constraints": [{"kind": "order", "columns": ["a"]}]}, "a constraint says"),
        ({"constraints": [{"kind": "formula", "columns": ["a"]}]}, "a constraint says"),
        ({"constraints": [{"kind": "sum", "columns": ["a", "b"]}]}, "kind is 'sum'"),
        ({"group": 3}, "group is 3"),
        ({"file": {"delimiter": 3}}, "delimiter is 3"),
    ],
)
def test_a_wrong_schema_says_where(told: object, said: str) -> None:
    with pytest.raises(FieldError, match=said):
        declaration(told) if isinstance(told, dict) else schema_from_json(told)


def test_a_stored_schema_needs_kinds_and_dtypes() -> None:
    with pytest.raises(FieldError, match="'a' of the schema has no dtype"):
        schema_from_json({"columns": {"a": {"kind": "real"}}})


def test_a_schema_file_overrides_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("age,start,end\n" + "".join(f"{i % 5},{i},{i + 1}\n" for i in range(60)))
    told = {
        "columns": {"age": {"kind": "count"}},
        "constraints": [{"kind": "order", "columns": ["start", "end"]}],
    }
    (tmp_path / "schema.json").write_text(json.dumps(told))
    schema = read(tmp_path / "x.csv", schema=tmp_path / "schema.json").schema
    assert schema["age"].kind == "count"
    assert schema.constraints == (Constraint("order", ("start", "end")),)
    assert read(tmp_path / "x.csv").schema["age"].kind == "category"


def test_a_schema_of_another_table_offers_near_names(tmp_path: Path) -> None:
    with pytest.raises(WrongRows, match="names 'specis'") as caught:
        read("iris", schema={"columns": {"specis": {"kind": "category"}}})
    assert "species" in caught.value.remedy
    with pytest.raises(MissingFile):
        read("iris", schema=tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{columns: }")
    with pytest.raises(FieldError, match="is not JSON"):
        read("iris", schema=tmp_path / "bad.json")


def test_missing_at_random_is_said_of_a_table_or_of_a_column() -> None:
    frame = pd.DataFrame({"a": [1.5, None, 2.5, 3.1], "b": ["x", "y", None, "x"]})
    whole = read(frame, schema={"missing_at_random": True, "columns": {"b": {"missing_at_random": False}}})
    assert isinstance(whole, Table)
    assert [column.missing_at_random for column in whole.schema.columns] == [True, False]
    assert schema_from_json(schema_to_json(whole.schema)) == whole.schema
    again = read(frame, schema=whole.schema)
    assert isinstance(again, Table)
    assert again.schema == whole.schema
    with pytest.raises(FieldError, match="missing_at_random"):
        read(frame, schema={"missing_at_random": "yes"})


def test_how_a_file_is_written_can_be_declared(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a b;c d\ne f;g h\n" * 5)
    rows = read(tmp_path / "x.csv", schema={"file": {"delimiter": ";", "header": False}})
    assert rows.schema.names == ("column_1", "column_2")
    assert rows.schema.file.delimiter == ";"
