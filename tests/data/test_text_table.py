import csv
from pathlib import Path

import numpy as np
import pytest

from likely.data import read
from likely.data.text_table import layout
from likely.errors import EmptyData, Unreadable, WrongRows


def found(tmp_path: Path, text: str, name: str = "x.csv", encoding: str = "utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return layout(tmp_path / name)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter(tmp_path: Path, mark: str) -> None:
    text = "\n".join(mark.join(row) for row in [["name", "n"], ["a b", "1"], ["c d", "2"]])
    assert found(tmp_path, text).file.delimiter == mark


@pytest.mark.parametrize(
    ("text", "name", "delimiter"),
    [
        ("1 2.5\n3  4.5\n", "x.txt", " "),
        (" a  b\n 1  2\n", "x.txt", " "),
        ("to be or not\nto be that is\n", "x.txt", ""),
        ("CC(C)c1ccc\nCCN\n", "x.txt", ""),
        ("ham\tHello, you\nspam\tFree, now, really\n", "x.tsv", "\t"),
        ("2020-01-01 00:00:00,1.5\n2020-01-02 00:00:00,2.5\n", "x.csv", ","),
        ("a\n1\n2\n", "x.csv", ""),
        ('"x, y",1\n"z",2\n', "x.csv", ","),
    ],
)
def test_what_cuts_a_line(tmp_path: Path, text: str, name: str, delimiter: str) -> None:
    assert found(tmp_path, text, name).file.delimiter == delimiter


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("a,b\n1,x\n2,y\n", True),
        ("1,2\n3,4\n", False),
        ("39, Private, 77516\n50, Self, 83311\n", False),
        ("type,cap\n" + "p,x\ne,y\ne,x\np,y\n" * 3, True),
        ("p,x\ne,y\ne,x\np,y\n" * 3, False),
        (",b\n0,2\n1,4\n", True),
        ("country,2019,2020\nA,1,2\nB,3,4\n", True),
        ("a,b\n", True),
    ],
)
def test_the_header(tmp_path: Path, text: str, header: bool) -> None:
    assert found(tmp_path, text).file.header is header


def test_columns_without_names_are_numbered_and_it_is_said(tmp_path: Path) -> None:
    seen = found(tmp_path, "1,2\n3,4\n")
    assert seen.names == ("column_1", "column_2")
    assert "column_1" in seen.notes[0]


def test_a_known_name_in_the_first_line_is_a_header(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("0,1\n0.5,1.5\n")
    assert not layout(tmp_path / "x.csv").file.header
    assert layout(tmp_path / "x.csv", known=("0", "1")).file.header


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_every_encoding_gives_the_same_table(tmp_path: Path, encoding: str) -> None:
    text = "name,n\nJosé,1\nAna,2\nMüller,3\n"
    (tmp_path / "x.csv").write_bytes(text.encode(encoding))
    rows = read(tmp_path / "x.csv")
    assert rows.frame["name"].tolist() == ["José", "Ana", "Müller"]
    assert ("latin-1" in " ".join(rows.schema.notes)) is (encoding == "latin-1")


def test_a_strange_letter_far_below_is_read_as_latin_1(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(("name,n\n" + "Ana,1\n" * 60_000 + "José,2\n").encode("latin-1"))
    rows = read(tmp_path / "x.csv")
    assert rows.frame["name"].iloc[-1] == "José"
    assert "latin-1" in rows.schema.notes[0]


def test_a_declared_encoding_that_is_wrong_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("n\nJosé\n".encode("latin-1"))
    with pytest.raises(Unreadable, match="is not utf-8"):
        read(tmp_path / "x.csv", schema={"file": {"encoding": "utf-8"}})


def test_binary_junk_is_not_a_table(tmp_path: Path) -> None:
    for start in (0, 1):  # with and without zero bytes
        (tmp_path / "x.csv").write_bytes(np.random.default_rng(0).integers(start, 256, 4000).astype(np.uint8).tobytes())
        with pytest.raises(Unreadable, match="binary data"):
            read(tmp_path / "x.csv")


@pytest.mark.parametrize("text", ["", "\n\n  \n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(EmptyData, match="is empty"):
        found(tmp_path, text)


def test_a_header_alone(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(EmptyData, match="no rows: 'a', 'b'"):
        read(tmp_path / "x.csv")


def test_repeated_names_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(WrongRows, match="more than one column is called 'a'"):
        found(tmp_path, "a,b,a\n1,2,3\n")


def test_long_and_short_lines_are_errors_with_their_number(tmp_path: Path) -> None:
    for line, said in (("4,5,6,7", "line 3 has 4 cells where 3"), ("4,5", "line 3 has 2 cells where 3")):
        (tmp_path / "x.csv").write_text(f"a,b,c\n1,2,3\n{line}\n7,8,9\n")
        with pytest.raises(Unreadable, match=said):
            read(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("a,b,c\n" + "1,2,3\n" * 5000 + "4,5,6,7\n")
    with pytest.raises(Unreadable, match="line 5002 has 4 cells where 3"):
        read(tmp_path / "x.csv")


def test_row_names_without_a_name_above_them(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a b\nr1 1 2.5\nr2 10 3\n")
    assert read(tmp_path / "x.txt").schema.names == ("row", "a", "b")


def test_decimal_commas(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a;b\n1,5;x\n2,25;y\n")
    assert read(tmp_path / "x.csv").frame["a"].tolist() == [1.5, 2.25]


def test_cells_over_several_lines_and_with_quotes(tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["n", "text"], ["1", 'he said "hi"'], ["2", "one\ntwo"]])
    assert read(tmp_path / "x.csv").frame["text"].tolist() == ['he said "hi"', "one\ntwo"]


def test_a_lone_quotation_mark_in_tabbed_text_swallows_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text('ham\t"why not\nspam\tfree\nham\tok "fine\n' * 30)
    assert len(read(tmp_path / "x.tsv")) == 90


def test_one_column_keeps_its_gaps(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n\n3\n\n")
    assert read(tmp_path / "x.csv").frame["a"].isna().tolist() == [False, True, False]
