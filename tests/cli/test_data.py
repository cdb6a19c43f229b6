"""How data is read, shown; schemas written and given back."""

import json

import pytest

from likely.cli.data import told_rule
from likely.data import Constraint


def test_every_column_with_its_kind_and_why(cli, people):
    people.to_csv("people.csv", index=False)
    told = cli("data", "people.csv")
    assert told.code == 0
    assert told.out.startswith("people.csv: 120 rows\n")
    kinds = {line.split("  ")[0]: line for line in told.out.splitlines()}
    for column, kind in {"id": "id (not modelled)", "age": "real", "town": "category", "since": "date"}.items():
        assert kind in kinds[column]


def test_json(cli, people):
    people.to_csv("people.csv", index=False)
    told = json.loads(cli("data", "people.csv", "--json").out)
    assert told["rows"] == 120
    assert [c["name"] for c in told["columns"]] == list(people)
    assert json.loads(cli("data", "digits", "--json").out)["is"] == "images"


def test_pictures(cli):
    assert cli("data", "digits").out.startswith("digits: 1,797 rows, grey pictures of 8 × 8, 17 levels\n")


def test_what_needs_no_file(cli):
    assert "moons" in cli("data").out
    assert "checkerboard" in json.loads(cli("data", "--json").out)


def test_a_schema_is_written_edited_and_given_back(cli, people, tmp_path):
    people.to_csv("people.csv", index=False)
    assert cli("data", "people.csv", "--write-schema", "schema.json").code == 0
    schema = json.loads((tmp_path / "schema.json").read_text())
    schema["columns"]["children"]["kind"] = "category"
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    told = json.loads(cli("data", "people.csv", "--schema", "schema.json", "--json").out)
    assert [c["kind"] for c in told["columns"] if c["name"] == "children"] == ["category"]


def test_schemas_that_cannot_be_written_or_read(cli, people):
    cli("data", "digits", "--write-schema", "schema.json").fails(2, "pictures")
    cli("data", "iris", "--write-schema", "/proc/schema.json").fails(6, "/proc/schema.json")
    cli("data", "iris", "--schema", "nowhere.json").fails(3, "nowhere.json")


@pytest.mark.parametrize(
    ("rule", "told"),
    [(Constraint("order", ("a", "b", "c")), "a ≤ b ≤ c"), (Constraint("formula", ("a", "b"), "2 * b"), "a = 2 * b")],
)
def test_rules(rule, told):
    assert told_rule(rule) == told


def test_names_that_would_steer_the_terminal(cli, people):
    people.rename(columns={"age": "\x1b[31m[bold]age[/]"}).to_csv("people.csv", index=False)
    told = cli("data", "people.csv")
    assert "\x1b" not in told.out
    assert "\\x1b[31m[bold]age[/]" in told.out
