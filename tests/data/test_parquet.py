from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.data import read
from likely.data.parquet import parquet_chunks
from likely.errors import Unreadable, WrongRows

FRAME = pd.DataFrame(
    {
        "n": pd.array([1, None, 2**53 + 1], dtype="Int64"),
        "b": pd.array([True, None, False], dtype="boolean"),
        "s": ["x", None, "y"],
        "c": pd.Categorical(["u", "v", "u"], categories=["v", "u"]),
        "t": pd.date_range("2020", periods=3),
    }
)


def test_dtypes_come_back(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "x.parquet")
    rows = read(tmp_path / "x.parquet")
    assert rows.schema["n"].dtype == "Int64"
    assert rows.frame["n"][2] == 2**53 + 1
    assert rows.schema["b"].dtype == "boolean"
    assert rows.schema["c"].levels == ("v", "u")
    assert rows.schema["t"].kind == "date"


def test_a_named_index_is_a_column(tmp_path: Path) -> None:
    FRAME.set_index("s").to_parquet(tmp_path / "x.parquet")
    assert "s" in read(tmp_path / "x.parquet").schema.names


def test_pieces_are_the_whole(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(1000)})
    frame.to_parquet(tmp_path / "x.parquet", row_group_size=300)
    pieces = list(parquet_chunks(tmp_path / "x.parquet", 128))
    assert max(map(len, pieces)) <= 128
    assert pd.concat(pieces, ignore_index=True).equals(frame)


def test_damaged_parquet(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    for content in (whole[:-40], whole[:50], b"PAR1", b"hello"):
        (tmp_path / "x.parquet").write_bytes(content)
        with pytest.raises(Unreadable, match="not a whole Parquet file"):
            read(tmp_path / "x.parquet")


def test_repeated_names(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table([[1], [2]], names=["a", "a"])
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(WrongRows, match="more than one column is called 'a'"):
        read(tmp_path / "x.parquet")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import pyarrow

    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20_000, 5)))
    frame.columns = list("abcde")

    def most(copies: int) -> int:
        longer = pd.concat([frame] * copies, ignore_index=True)
        longer.to_parquet(tmp_path / "x.parquet", row_group_size=20_000)
        del longer
        before = pyarrow.total_allocated_bytes()
        return max(pyarrow.total_allocated_bytes() - before for _ in parquet_chunks(tmp_path / "x.parquet", 5000))

    assert most(12) < 1.5 * most(3) + 2**20
