import json
from dataclasses import replace

import pytest

from likely.codecs.described import plain_dtype, schema_from, schema_parts, sound_pattern
from likely.codecs.parts import Part
from likely.data.schema import ColumnSchema, Constraint, Schema, TextFile
from likely.errors import Corrupt

COLUMN = ColumnSchema(
    "a", "category", "str", True, "?", ("x", "y"), True, 2, (0.0,), "log", 0.0, 1.5, "%Y-%m-%d", "N{:03d}A", "v", "why"
)
SCHEMA = Schema(
    (COLUMN, ColumnSchema("b", "real", "float64")), (Constraint("order", ("a", "b")),), "b", TextFile(";"), ("a note",)
)


def test_a_schema_comes_back():
    assert schema_from(Part(json.loads(json.dumps(schema_parts(SCHEMA))))) == SCHEMA
    chance = Schema((replace(COLUMN, missing_at_random=True),))
    assert schema_from(Part(json.loads(json.dumps(schema_parts(chance))))) == chance
    assert "missing_at_random" not in schema_parts(SCHEMA)["columns"][0]  # as earlier versions wrote it
    bare = Schema((ColumnSchema("b", "real", "float64"),))
    assert schema_from(Part(json.loads(json.dumps(schema_parts(bare))))) == bare


@pytest.mark.parametrize(
    "dtype",
    ["int64", "uint8", "Int32", "float32", "Float64", "bool", "boolean", "object", "str", "string", "category",
     "datetime64[ns]", "datetime64[us, Europe/Berlin]", "datetime64[s, UTC+01:00]"],
)  # fmt: skip
def test_types_that_samples_can_have(dtype):
    assert plain_dtype(dtype)


@pytest.mark.parametrize("dtype", ["S1000000000", "V10", "complex128", "period[D]", "int64 ", "m8", "os.system"])
def test_types_that_they_cannot(dtype):
    assert not plain_dtype(dtype)


@pytest.mark.parametrize("pattern", ["N{}A1", "C{:05d}", "{:08x}-0000", "a{{b}}{}"])
def test_sound_patterns(pattern):
    assert sound_pattern(pattern)
    assert "7" in pattern.format(7)


@pytest.mark.parametrize(
    "pattern", ["{0.__class__}", "{:9999999d}", "{:1000d}", "{}{}", "none", "{a}", "{", "{:5}", "{!r}"]
)
def test_patterns_that_ask_for_more_than_a_number(pattern):
    assert not sound_pattern(pattern)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 3},
        {"kind": "secret"},
        {"dtype": "S1000000000"},
        {"missing": "yes"},
        {"levels": [[1]]},
        {"levels": ["x", "x"]},
        {"levels": "xy"},
        {"decimals": 10**6},
        {"atoms": [float("nan")]},
        {"transform": "exec"},
        {"low": "0"},
        {"date_format": "%1000000000d"},
        {"pattern": "{0.__class__}"},
        {"value": {}},
        {"surplus": 1},
    ],
)
def test_hostile_columns_are_refused(wrong):
    parts = schema_parts(SCHEMA)
    parts["columns"][0] |= wrong
    with pytest.raises(Corrupt):
        schema_from(Part(parts))


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": "ab"},
        {"group": 5},
        {"notes": [1]},
        {"file": {"delimiter": ","}},
        {"constraints": [{"kind": "order", "columns": ["a", "z"], "formula": ""}]},
        {"constraints": [{"kind": "magic", "columns": ["a", "b"], "formula": ""}]},
    ],
)
def test_hostile_schemas_are_refused(wrong):
    with pytest.raises(Corrupt):
        schema_from(Part(schema_parts(SCHEMA) | wrong))


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(Corrupt, match="columns"):
        schema_from(Part(schema_parts(Schema((COLUMN, replace(COLUMN))))))
