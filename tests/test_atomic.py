"""A file appears whole or not at all; a place is claimed before the work."""

from pathlib import Path

import pytest

from likely.atomic import appearing, claim, swept
from likely.errors import CannotSave


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "x.txt"
    with appearing(target) as part:
        part.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["x.txt"]


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with appearing(tmp_path / "x") as part:
        part.mkdir()
        (part / "inside").write_text("new")
    assert (tmp_path / "x" / "inside").read_text() == "new"


def fill(target: Path, failure: Exception, failures: tuple[type[Exception], ...]) -> None:
    with appearing(target, failures=failures) as part:
        part.write_text("half")
        raise failure


def test_a_place_under_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotSave), appearing(tmp_path / "file" / "x") as part:
        part.touch()


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), LookupError("full"), KeyError("a bug")])
def test_what_fails_leaves_everything_as_it_was(tmp_path: Path, failure: Exception) -> None:
    target = tmp_path / "x.txt"
    target.write_text("before")
    expected = KeyError if isinstance(failure, KeyError) else CannotSave
    with pytest.raises(expected):
        fill(target, failure, failures=(LookupError,) * (expected is CannotSave))
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


def test_what_a_kill_left_is_swept(tmp_path: Path) -> None:
    for name in (".x.7.part", ".y.7.part", "x"):
        (tmp_path / name).write_text("")
    swept(tmp_path / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".y.7.part", "x"]


def test_places_are_claimed(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "page.html"
    claim(target)
    assert list(target.parent.iterdir()) == []
    with pytest.raises(CannotSave, match="folder"):
        claim(tmp_path / "deep")
    with pytest.raises(CannotSave):
        claim(Path("/proc/page.html"))
