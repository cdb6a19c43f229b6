import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.data import chunks, infer_schema, read, streams
from likely.data.declaration import declaration
from likely.errors import WrongRows

RNG = np.random.default_rng(0)


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.arange(rows) + 10**6,
            "real": np.round(RNG.normal(size=rows), 3),
            "count": RNG.integers(0, 90, rows),
            "word": RNG.choice(["x", "y", "z"], rows),
            "flag": RNG.uniform(size=rows) < 0.5,
        }
    )


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_pieces_are_the_whole(tmp_path: Path, name: str) -> None:
    table = frame(2500)
    table.to_parquet(tmp_path / name) if name == "x.parquet" else table.to_csv(tmp_path / name, index=False)
    schema = infer_schema(tmp_path / name)
    assert schema == read(tmp_path / name).schema
    pieces = list(chunks(tmp_path / name, schema, size=700))
    assert [len(piece) for piece in pieces] == [700, 700, 700, 400]
    assert pd.concat([piece.frame for piece in pieces], ignore_index=True).equals(read(tmp_path / name).frame)


def test_what_a_sample_does_not_show_is_found_in_the_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likely.data.stream.SAMPLE", 100)
    table = frame(3000).astype({"count": object})
    table.loc[2999, "word"] = "late"
    table.loc[2998, "count"] = ""
    table.loc[2997, "count"] = 5000
    table.to_csv(tmp_path / "x.csv", index=False)
    schema = infer_schema(tmp_path / "x.csv")
    assert schema["word"].levels == ("late", "x", "y", "z")
    assert schema["count"].missing
    assert (schema["count"].kind, schema["count"].dtype) == ("real", "Int64")
    assert sum(len(piece) for piece in chunks(tmp_path / "x.csv", schema, size=64)) == 3000


def test_numbers_first_and_words_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likely.data.stream.SAMPLE", 50)
    cells = ["0", "1", "2"] * 40 + ["3+", "1"]
    (tmp_path / "x.csv").write_text("dependents,x\n" + "".join(f"{cell},{i % 4}\n" for i, cell in enumerate(cells)))
    schema = infer_schema(tmp_path / "x.csv")
    assert schema["dependents"].levels == ("0", "1", "2", "3+")
    pieces = list(chunks(tmp_path / "x.csv", schema, size=30))
    assert pieces[0].frame["dependents"].tolist()[:3] == ["0", "1", "2"]


def test_a_stray_word_far_below_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likely.data.stream.SAMPLE", 50)
    for row in (7, 777):
        cells = [f"{place / 4}" for place in range(1000)]
        cells[row] = "abc"
        (tmp_path / "x.csv").write_text("a,b\n" + "".join(f"{cell},{i % 4}\n" for i, cell in enumerate(cells)))
        with pytest.raises(WrongRows, match=f"column 'a' holds numbers, but row {row + 1} says 'abc'"):
            infer_schema(tmp_path / "x.csv")


def test_an_unknown_category_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likely.data.stream.SAMPLE", 100)
    table = frame(300)
    table.loc[250, "word"] = "late"
    table.to_csv(tmp_path / "x.csv", index=False)
    schema = infer_schema(tmp_path / "x.csv", whole=False)
    with pytest.raises(WrongRows, match="column 'word', row 251: 'late' is a category the schema lacks"):
        list(chunks(tmp_path / "x.csv", schema, size=64))


def test_lacking_columns_and_stray_words_are_named(tmp_path: Path) -> None:
    schema = read(frame(50)).schema
    (tmp_path / "x.csv").write_text("id,real\n1,2.5\n2,3.5\n")
    with pytest.raises(WrongRows, match="lacks 'count', 'word', 'flag'"):
        list(chunks(tmp_path / "x.csv", schema))
    (tmp_path / "y.csv").write_text("id,real,count,word,flag\n1,abc,3,x,True\n")
    with pytest.raises(WrongRows, match="column 'real', row 1: 'abc' is not a number"):
        list(chunks(tmp_path / "y.csv", schema))


def test_a_stated_schema_stands(tmp_path: Path) -> None:
    frame(300).to_csv(tmp_path / "x.csv", index=False)
    schema = infer_schema(tmp_path / "x.csv", schema={"columns": {"count": {"kind": "real"}, "id": {"kind": "real"}}})
    assert (schema["count"].kind, schema["id"].kind) == ("real", "real")


def test_frames_and_other_files_have_a_schema_too(tmp_path: Path) -> None:
    table = frame(50)
    assert infer_schema(table) == read(table).schema
    np.save(tmp_path / "x.npy", RNG.normal(size=(5, 2)))
    assert not streams(tmp_path / "x.npy")
    schema = infer_schema(tmp_path / "x.npy")
    assert [len(piece) for piece in chunks(tmp_path / "x.npy", schema, size=2)] == [2, 2, 1]


def test_a_long_text_is_not_a_table_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    path.write_text("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\n" * 50)
    assert not streams(path)
    assert streams(path, declaration({"texts": "table"}))
    with pytest.raises(WrongRows, match="holds texts, which have no columns"):
        infer_schema(path)
    frame(50).to_csv(tmp_path / "x.txt", index=False, sep="\t")
    assert streams(tmp_path / "x.txt")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        frame(rows).to_csv(tmp_path / "x.csv", index=False)
        schema = infer_schema(tmp_path / "x.csv", whole=False)
        tracemalloc.start()
        for piece in chunks(tmp_path / "x.csv", schema, size=2000):
            assert len(piece) <= 2000
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(60_000) < 2 * peak(10_000)
