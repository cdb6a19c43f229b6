"""A folder of pieces: whole or not there; ours is written over, another's is refused."""

import pandas as pd
import pytest

from likely.data.folder import folder_of, written_in
from likely.errors import CannotSave


def fill(path, text, names=("0.txt",)):
    with folder_of(list(names), None, path, '{"seed": 1}') as part:
        for name in names:
            (part / name).write_text(text)


def test_a_folder_of_ours_is_written_over(tmp_path):
    path = tmp_path / "pieces"
    fill(path, "first", ["0.txt", "1.txt"])
    assert sorted(written_in(path, ["0.txt", "1.txt"])) == sorted(path.iterdir())
    fill(path, "second")
    assert sorted(written_in(path, ["0.txt"])) == sorted(path.iterdir())
    assert (path / "0.txt").read_text() == "second"
    assert pd.read_csv(path / "metadata.csv")["file"].tolist() == ["0.txt"]


def test_a_folder_of_another_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("do not lose this")
    with pytest.raises(CannotSave, match="other files"):
        fill(tmp_path, "new")
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def half_filled(path):
    with folder_of(["0.txt"], None, path, None) as part:
        (part / "0.txt").write_text("half")
        raise OSError(28, "No space left on device")


def test_where_filling_fails_the_folder_before_stays(tmp_path):
    path = tmp_path / "pieces"
    fill(path, "first")
    with pytest.raises(CannotSave):
        half_filled(path)
    assert (path / "0.txt").read_text() == "first"
