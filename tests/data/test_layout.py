from pathlib import Path

import pytest

from likely.data import chunks, infer_schema, read
from likely.data.layout import layout
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
        ("a;b\n" + "1,5;2,5\n" * 40, "x.csv", ";"),
        ("a;b;c\n" + "1,5;2,5;x\n" * 40, "x.csv", ";"),
        ("a,b\n" + "r;1,2,3\n" * 40, "x.csv", ","),  # row names without a name above them
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


@pytest.mark.parametrize("text", ["", "\n\n  \n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(EmptyData, match="is empty"):
        found(tmp_path, text)


def test_repeated_names_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(WrongRows, match="more than one column is called 'a'"):
        found(tmp_path, "a,b,a\n1,2,3\n")


def test_a_fitted_schema_reads_a_file_written_otherwise(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,x\n2,y\n3,x\n1,y\n")
    schema = read(tmp_path / "x.csv").schema
    (tmp_path / "named.tsv").write_text("column_1\tcolumn_2\n2\tx\n")
    assert read(tmp_path / "named.tsv", schema=schema).frame["column_2"].tolist() == ["x"]
    (tmp_path / "one.csv").write_text("3,y\n")
    assert read(tmp_path / "one.csv", schema=schema).frame["column_1"].tolist() == [3]
    (tmp_path / "part.csv").write_text("column_2\ny\n")
    assert read(tmp_path / "part.csv", schema=schema).schema.names == ("column_2",)


def test_a_declared_layout_holds_for_every_pass(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a b;c d\ne f;g h\n" * 5)
    schema = infer_schema(tmp_path / "x.csv", schema={"file": {"delimiter": ";", "header": False}})
    assert [len(piece) for piece in chunks(tmp_path / "x.csv", schema)] == [10]


def test_a_strange_letter_far_below_is_found_in_the_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_bytes(("name,n\n" + "Ana,1\n" * 60_000 + "José,2\n").encode("latin-1"))
    schema = infer_schema(tmp_path / "x.csv")
    assert schema["name"].levels == ("Ana", "José")
    assert "latin-1" in schema.notes[0]
    assert sum(len(piece) for piece in chunks(tmp_path / "x.csv", schema)) == 60_001
    assert infer_schema(tmp_path / "x.csv", whole=False).file.encoding == "latin-1"
    monkeypatch.setattr("likely.data.stream.SAMPLE", 1000)
    head = infer_schema(tmp_path / "x.csv", whole=False)
    with pytest.raises(Unreadable, match="letters below row 60000 are not utf-8"):
        list(chunks(tmp_path / "x.csv", head, size=1000))
