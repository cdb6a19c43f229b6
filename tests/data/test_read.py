import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.data import Images, Table, read
from likely.errors import DataError, MissingFile, Unreadable, WrongRows


def test_whatever_a_person_holds() -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    for source in (frame, {"a": [1.5, 2.5], "b": ["x", "y"]}, read(frame)):
        assert read(source).frame.equals(read(frame).frame)


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"n": [1, None, 3], "s": ["x", None, "z"]})
    for source in (frame, frame.lazy()):
        rows = read(source)
        assert rows.schema["n"].dtype == "Int64"
        assert rows.frame["s"].isna().sum() == 1


def test_rows_are_read_again_under_a_schema() -> None:
    first = read(pd.DataFrame({"a": [1, 2, 3] * 9}))
    assert read(first) is first
    assert read(first, schema={"columns": {"a": {"kind": "count"}}}).schema["a"].kind == "count"


def test_what_a_schema_does_not_speak_of_stays_as_it_was() -> None:
    shapes = read("shapes", schema={"columns": {"count": {"kind": "text"}}, "group": "colour"})
    assert shapes.about.schema["count"].kind == "text"
    assert shapes.about.schema["caption"].why == "the facts in words"
    assert shapes.about.schema.group == "colour"
    digits = read("digits", schema={"columns": {"label": {"kind": "count"}}})
    assert (digits.levels, digits.about.schema["label"].levels) == (17, ())
    with pytest.raises(WrongRows, match="names 'label'"):
        read(np.zeros((3, 4, 4), np.uint8), schema={"columns": {"label": {"kind": "count"}}})


@pytest.mark.parametrize("source", [[1, 2], None, 3, object()])
def test_what_is_no_data(source: object) -> None:
    with pytest.raises(DataError, match="is not data that can be read"):
        read(source)


def test_what_is_nearly_data_says_how_it_becomes_some() -> None:
    with pytest.raises(DataError, match=r"to_frame\(\)"):
        read(pd.Series([1.5, 2.5]))
    with pytest.raises(DataError, match=r"pandas\.DataFrame\(rows\)"):
        read([{"x": 1.5}])


def test_unknown_words_get_suggestions() -> None:
    with pytest.raises(MissingFile, match="'digitz'") as caught:
        read("digitz")
    assert "digits" in caught.value.remedy
    with pytest.raises(MissingFile) as caught:
        read("qqqqqq")
    assert "the embedded sets are digits, iris" in caught.value.remedy


def test_the_content_decides_where_the_name_says_nothing(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5]}).to_parquet(tmp_path / "x.dat")
    assert read(tmp_path / "x.dat").schema.names == ("a",)
    (tmp_path / "plain").write_text("a,b\n1,2\n3,4\n")
    assert read(tmp_path / "plain").schema.names == ("a", "b")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\x89PNG\r\n", "picture"), (b"%PDF-1.4", "PDF"), (b"SQLite format 3", "SQLite")]
)
def test_other_files_named_csv(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.csv").write_bytes(content + bytes(100))
    with pytest.raises(Unreadable, match=f"holds a {said} file, not a table"):
        read(tmp_path / "x.csv")


def test_importing_the_room_is_light() -> None:
    heavy = ("torch", "sklearn", "scipy", "PIL", "polars")
    code = f"import sys, likely.data; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_real_tables_are_what_they_are(real_data: Path) -> None:
    kinds = {
        "tables/titanic.csv": {
            "age": "real",
            "sibsp": "count",
            "pclass": "category",
            "alone": "boolean",
            "deck": "category",
        },
        "tables/penguins_raw.csv": {"Date Egg": "date", "Individual ID": "id", "Region": "constant", "Sex": "category"},
        "tables/winequality-red.csv": {"column_1": "real", "column_12": "category"},
        "tables/adult-train.csv": {
            "column_1": "count",
            "column_3": "real",
            "column_11": "real",
            "column_14": "category",
        },
        "series/ETTh1.csv": {"date": "date", "OT": "real"},
        "text/sms_spam.tsv": {"column_1": "category", "column_2": "text"},
        "images/cifar10_trainLabels.csv.zip": {"id": "id", "label": "category"},
        "tables/uci_kin8nm.txt": {"column_1": "real"},
        "tables/adbench/29_Pima.npz": {"column_1": "count", "column_6": "real", "y": "category"},
    }
    for name, expected in kinds.items():
        rows = read(real_data / name)
        assert isinstance(rows, Table)
        assert {column: rows.schema[column].kind for column in expected} == expected, name
    raw = read(real_data / "tables/penguins_raw.csv").schema
    assert raw["Date Egg"].date_format == "%Y-%m-%d"
    assert raw["Individual ID"].pattern == "N{}A1"
    assert raw["Body Mass (g)"].dtype == "Int64"
    assert read(real_data / "tables/adult-train.csv").schema["column_11"].atoms == (0.0,)


def test_the_real_pictures_are_what_they_are(real_data: Path) -> None:
    mnist = read(real_data / "images/mnist/t10k-images-idx3-ubyte.gz")
    assert isinstance(mnist, Images)
    assert mnist.pixels.shape == (10000, 28, 28, 1)
    assert mnist.about.frame["label"].value_counts().min() > 800
    emoji = read(real_data / "images/noto_emoji_32_captioned.zip")
    assert emoji.pixels.shape == (3403, 32, 32, 3)
    assert emoji.about.schema["caption"].kind == "text"
    assert emoji.about.schema["group"].kind == "category"
    assert (emoji.pixels[:, 0, 0] == 255).mean() > 0.9  # transparent corners are white
    omniglot = read(real_data / "images/omniglot_background_small1.zip")
    assert omniglot.levels == 2
    assert omniglot.about.frame["label"].nunique() == 5
    assert omniglot.about.frame["sublabel"].nunique() == 136
    assert read(real_data / "images/frey_faces.npz").pixels.shape == (1965, 28, 20, 1)


@pytest.mark.slow
def test_adult_is_read_in_a_second(real_data: Path) -> None:
    read(real_data / "tables/adult-train.csv")
    start = time.perf_counter()
    read(real_data / "tables/adult-train.csv")
    assert time.perf_counter() - start < 1


def test_the_arrays_given_are_not_written_to() -> None:
    array = np.arange(12.0).reshape(4, 3)
    rows = read(array)
    rows.frame.iloc[0, 0] = 99.0
    assert array[0, 0] == 0.0
