from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely.data import content_hash, read, write
from likely.data.write import grid, scaled
from likely.errors import CannotSave, FieldError

MIXED = pd.DataFrame(
    {
        "n": pd.array([1, None, 3], dtype="Int64"),
        "r": [0.1, np.nan, 1e-30],
        "s": ['say "hi", you', None, "two\nlines"],
        "b": [True, False, True],
    }
)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz", "x.parquet"])
def test_a_table_comes_back_whole(tmp_path: Path, name: str) -> None:
    rows = read(MIXED)
    assert write(rows, tmp_path / name) == [tmp_path / name]
    again = read(tmp_path / name, schema=rows.schema)
    assert content_hash(again) == content_hash(rows)
    assert again.frame.dtypes.equals(rows.frame.dtypes)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a;b\n1,5;NA\n2,25;y\n", "x.csv"),
        ("39, x, ?\n50, y, 3\n39, ?, 4\n", "x.csv"),
        ("a\tb\nx\t1\n?\t2\nx\t3\n", "x.tsv"),
        ("a b\n1 2.5\n3 4.5\n", "x.txt"),
        ("CCO\nCCN\nCC\n", "x.txt"),
    ],
)
def test_a_text_table_is_written_as_the_persons_own(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text)
    rows = read(tmp_path / name)
    write(rows, tmp_path / f"again-{name}")
    assert (tmp_path / f"again-{name}").read_text().replace(", ", ",") == text.replace(", ", ",")


def test_numbers_in_npz(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [3.0, 4.25], "y": [0, 1]})
    write(read(frame), tmp_path / "x.npz")
    assert read(tmp_path / "x.npz").frame.equals(frame)
    with pytest.raises(FieldError, match="column 's' is not numbers"):
        write(read(MIXED), tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["folder", "x.npz"])
def test_pictures_come_back_whole(tmp_path: Path, name: str) -> None:
    images = read("digits").take(range(12))
    write(images, tmp_path / name)
    again = read(tmp_path / name)
    np.testing.assert_array_equal(again.pixels, images.pixels)
    assert again.levels == 17
    assert again.about.frame.equals(images.about.frame.reset_index(drop=True))


def test_captions_come_back(tmp_path: Path) -> None:
    from likely.data.shapes import shapes

    images = shapes(6)
    write(images, tmp_path / "out")
    again = read(tmp_path / "out")
    np.testing.assert_array_equal(again.pixels, images.pixels)
    assert again.about.frame.equals(images.about.frame)
    assert again.about.schema["caption"].kind == "text"


def test_a_grid_of_pictures(tmp_path: Path) -> None:
    images = read("digits").take(range(10))
    write(images, tmp_path / "x.png")
    sheet = grid(images)
    assert sheet.shape == (3 * 50 + 2, 4 * 50 + 2, 1)
    np.testing.assert_array_equal(sheet[2:50:6, 2:50:6], scaled(images.pixels[0], 17))
    np.testing.assert_array_equal(read(tmp_path / "x.png").pixels[0], sheet)


def test_an_old_recipe_does_not_stay_beside_new_rows(tmp_path: Path) -> None:
    rows = read("moons").take(range(3))
    _, beside = write(rows, tmp_path / "x.csv", recipe={"seed": 1})
    write(rows, tmp_path / "x.csv")
    assert not beside.exists()


def test_a_persons_folder_is_never_replaced(tmp_path: Path) -> None:
    images = read("digits").take(range(2))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_text("precious")
    with pytest.raises(CannotSave, match="holds other files"):
        write(images, tmp_path / "photos")
    write(images, tmp_path / "ours")
    write(images.take([0]), tmp_path / "ours")
    assert len(read(tmp_path / "ours")) == 1


def test_nothing_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read("moons").take(range(3))
    write(rows, tmp_path / "x.csv")
    before = (tmp_path / "x.csv").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(CannotSave, match="No space left on device"):
        write(rows, tmp_path / "x.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_bytes() == before


@pytest.mark.parametrize(("name", "suffix"), [("moons", "x.png"), ("moons", "x.xlsx"), ("digits", "x.csv")])
def test_unknown_suffixes(tmp_path: Path, name: str, suffix: str) -> None:
    with pytest.raises(FieldError, match="cannot be written to"):
        write(read(name).take(range(2)), tmp_path / suffix)
