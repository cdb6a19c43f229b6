import json

import numpy as np
import pytest

from likely.data import Panel, Table, chorales, read, series_of, write
from likely.errors import DataError, EmptyData, Unreadable

TS = """# a comment
@problemName Two
@timeStamps false
@univariate false
@dimensions 2
@classLabel true up down
@data
1,2,3:0.5,?,1.5:up
4,5:1,-2:down
"""


def written(tmp_path, text, name="two.ts"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_ts_has_channels_gaps_unequal_lengths_and_a_class_last(tmp_path):
    rows = read(written(tmp_path, TS))
    assert isinstance(rows, Panel)
    assert rows.values.shape == (2, 3, 2)
    assert rows.lengths.tolist() == [3, 2]
    np.testing.assert_array_equal(rows.values[0], [[1, 0.5], [2, np.nan], [3, 1.5]])
    assert rows.about.frame["label"].tolist() == ["up", "down"]


@pytest.mark.parametrize("suffix", ["ts", "npz", "csv", "csv.gz"])
@pytest.mark.parametrize("labels", [None, ["a b", "c"]])
def test_series_come_back_from_their_files(tmp_path, suffix, labels):
    rows = series_of([np.array([[1.5, 2], [np.nan, 3], [0.1, 1e-9]]), np.array([[7.25, 1]])], labels=labels)
    write(rows, tmp_path / f"few.{suffix}", recipe={"seed": 1})
    again = read(tmp_path / f"few.{suffix}")
    np.testing.assert_array_equal(again.values, rows.values)
    assert (again.about is None) == (labels is None)
    assert (tmp_path / f"few.{suffix}.recipe.json").is_file()


def test_csv_has_a_line_a_moment(tmp_path):
    write(series_of([np.array([0, 1, 1]), np.array([1])], labels=["x", "y"]), tmp_path / "few.csv")
    lines = (tmp_path / "few.csv").read_text().splitlines()
    assert lines[0] == "series,label,moment,channel_1"
    assert lines[1:] == ["1,x,0,0", "1,x,1,1", "1,x,2,1", "2,y,0,1"]
    again = read(tmp_path / "few.csv")
    assert again.lengths.tolist() == [3, 1]
    assert again.levels == 2


@pytest.mark.parametrize(
    "text",
    [
        "series,moment,x\n1,0,1\n1,2,2\n",  # a moment is lacking
        "series,moment,x\n2,0,1\n1,0,2\n",  # they do not rise
        "series,moment,x\n1,1,1\n1,2,2\n",  # the first moment is not there
        "series,moment,x\n1,0,one\n1,1,two\n",
        "series,kind,moment,x\n1,a,0,1\n1,b,1,2\n",  # what is said about a series changes within it
        "series,x,moment\n1,5,0\n1,5,1\n",
        "moment,series,x\n0,1,5\n1,1,5\n",
    ],
)
def test_any_other_table_stays_a_table(tmp_path, text):
    assert isinstance(read(written(tmp_path, text, "t.csv")), Table)


def test_a_schema_makes_a_table_of_series(tmp_path):
    path = written(tmp_path, "series,moment,x\n1,0,1.5\n1,1,2.5\n", "t.csv")
    assert isinstance(read(path), Panel)
    assert isinstance(read(path, schema={"columns": {"x": {"kind": "real"}}}), Table)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@problemName x\n1,2\n", "no line @data"),
        ("@classLabel false\n@data\n", "no case below"),
        ("@timeStamps true\n@classLabel false\n@data\n(0,1)\n", "time stamps"),
        ("@classLabel false\n@data\n1,2:3,4\n1,2\n", "case 2 has 1 channels"),
        ("@classLabel false\n@data\n1,two\n", "case 1 is not numbers"),
    ],
)
def test_damaged_ts_files_are_told(tmp_path, text, told):
    with pytest.raises((Unreadable, EmptyData), match=told):
        read(written(tmp_path, text))


def test_chorales_are_piano_rolls(tmp_path):
    told = {"train": [[[60, 64], [], [108]]], "test": [[[21]], [[22], [23]]]}
    path = written(tmp_path, json.dumps(told), "few.json")
    sides = chorales(path)
    assert {side: len(rows) for side, rows in sides.items()} == {"train": 1, "test": 2}
    assert sides["train"].values.shape == (1, 3, 88)
    assert [np.flatnonzero(step).tolist() for step in sides["train"].values[0]] == [[39, 43], [], [87]]
    rows = read(path)
    assert (len(rows), rows.levels, rows.lengths.tolist()) == (3, 2, [3, 1, 2])
    assert rows.about.frame["side"].tolist() == ["train", "test", "test"]
    with pytest.raises(DataError, match="nested records"):
        read(written(tmp_path, '[{"a": 1}]', "other.json"))
