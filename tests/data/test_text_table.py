import csv
from pathlib import Path

import numpy as np
import pytest

from likely.data import read
from likely.errors import EmptyData, Unreadable


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


def test_a_header_alone(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(EmptyData, match="no rows: 'a', 'b'"):
        read(tmp_path / "x.csv")


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
