from pathlib import Path

import pytest

from likely.data import read
from likely.data.tidy import markers_of


def column(tmp_path: Path, cells: list[str], schema: dict | None = None):
    (tmp_path / "x.csv").write_text("a,b\n" + "".join(f"{cell},{place}\n" for place, cell in enumerate(cells)))
    rows = read(tmp_path / "x.csv", schema=schema)
    return rows.frame["a"], rows.schema["a"]


@pytest.mark.parametrize("marker", ["", "NA", "N/A", "n/a", "?", "NaN", "nan", "null", "NULL", "None", "#N/A", " ? "])
def test_every_marker_is_missing_and_remembered(tmp_path: Path, marker: str) -> None:
    numbers, schema = column(tmp_path, ["1.5", marker, "2.5", "3.25"])
    assert numbers.isna().tolist() == [False, True, False, False]
    assert schema.missing
    assert schema.missing_as == marker.strip()
    words, schema = column(tmp_path, ["x", marker, "y", "x"])
    assert words.isna().tolist() == [False, True, False, False]
    assert schema.missing_as == marker.strip()


@pytest.mark.parametrize("marker", ["-", "missing", "unknown", ".", "#DIV/0!"])
def test_words_that_mean_missing_only_among_numbers(tmp_path: Path, marker: str) -> None:
    numbers, schema = column(tmp_path, ["1", marker, "2", "3"])
    assert numbers.isna().sum() == 1
    assert schema.missing_as == marker
    assert schema.dtype == "Int64"
    words, schema = column(tmp_path, ["x", marker, "y", "x"])
    assert words.tolist()[1] == marker
    assert not schema.missing


def test_a_declared_marker_is_the_only_one(tmp_path: Path) -> None:
    words, _ = column(tmp_path, ["NA", "DE", "NA", "FR"], {"columns": {"a": {"missing_as": ""}}})
    assert words.tolist() == ["NA", "DE", "NA", "FR"]
    numbers, schema = column(
        tmp_path, [*(str(place / 4) for place in range(40)), *["abc"] * 20], {"columns": {"a": {"missing_as": "abc"}}}
    )
    assert schema.kind == "real"
    assert numbers.isna().sum() == 20


def test_a_fitted_schema_takes_every_marker_but_its_levels() -> None:
    fitted = {"why": "2 different values", "missing_as": "x", "levels": ("NA", "DE")}
    assert "NA" not in markers_of(fitted)
    assert {"x", "", "?"} <= set(markers_of(fitted))


def test_spaces_around_cells_are_stripped(tmp_path: Path) -> None:
    words, schema = column(tmp_path, ["x ", " x", "y", " y "])
    assert words.tolist() == ["x", "x", "y", "y"]
    assert schema.levels == ("x", "y")


def test_whole_numbers_with_gaps_stay_whole(tmp_path: Path) -> None:
    assert column(tmp_path, ["1", "", "3"])[1].dtype == "Int64"
    assert column(tmp_path, ["1.0", "", "3.0"])[1].dtype == "float64"


def test_leading_zeros_belong_to_a_code(tmp_path: Path) -> None:
    cells, schema = column(tmp_path, [f"{place:05d}" for place in range(900, 950)])
    assert cells[0] == "00900"
    assert schema.kind == "id"
    assert schema.pattern == "{:05d}"


def test_thousands_may_be_set_apart(tmp_path: Path) -> None:
    cells, schema = column(tmp_path, ['"1,234"', '"12,345,678"', "999", '"1,000.5"'])
    assert cells.tolist() == [1234, 12345678, 999, 1000.5]
    assert schema.kind == "real"
    assert column(tmp_path, ['"1,234"', '"5,67"', '"1,2,3"'])[1].kind != "real"


def test_truth_values_are_given_back_as_written(tmp_path: Path) -> None:
    assert column(tmp_path, ["True", "False"] * 5)[1].kind == "boolean"
    assert column(tmp_path, ["True", "", "False"] * 5)[1].dtype == "boolean"
    words, schema = column(tmp_path, ["true", "false"] * 5)
    assert words[0] == "true"
    assert schema.levels == ("false", "true")


def test_huge_numbers_keep_every_digit(tmp_path: Path) -> None:
    cells, schema = column(tmp_path, [str(2**53 + place) for place in range(30)])
    assert cells.tolist() == [2**53 + place for place in range(30)]
    assert schema.kind == "id"
    cells, schema = column(tmp_path, ["", *(str(2**53 + place) for place in range(30))])
    assert cells[1] == 2**53
    assert schema.dtype == "Int64"
    cells, _ = column(tmp_path, [str(10**25 + place) for place in range(30)])
    assert cells[3] == str(10**25 + 3)
