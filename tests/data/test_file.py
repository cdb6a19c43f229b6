import gzip
import zipfile
from pathlib import Path

import pytest

from likely.data.file import archived, existing, magic, members, opened, reaches, suffix, zipped_table
from likely.errors import MissingFile, Unreadable


def test_a_missing_file_offers_near_names(tmp_path: Path) -> None:
    (tmp_path / "adult.csv").write_text("a\n")
    with pytest.raises(MissingFile, match="there is no file") as caught:
        existing(tmp_path / "aduld.csv")
    assert "adult.csv" in caught.value.remedy
    with pytest.raises(MissingFile, match="does not exist"):
        existing(tmp_path / "nowhere" / "x.csv")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PAR1....", "parquet"),
        (b"\x93NUMPY", "npy"),
        (b"\x89PNG\r\n", "picture"),
        (b"\0\0\x08\x03" + bytes(12), "idx"),
        (gzip.compress(b"a", mtime=0), "gzip"),
        (b"a,b\n1,2\n", ""),
        (b"", ""),
    ],
)
def test_what_the_first_bytes_say(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "x").write_bytes(content)
    assert magic(tmp_path / "x") == name


def test_suffixes_skip_gz() -> None:
    assert suffix(Path("a/b.CSV.gz")) == ".csv"
    assert suffix(Path("train-images-idx3-ubyte.gz")) == ""


def test_gzip_is_unpacked_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(gzip.compress(b"a,b\n"))
    with opened(tmp_path / "x.csv") as source:
        assert source.read() == b"a,b\n"


def test_damaged_packing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(bytes(range(97, 123)) * 100)[:-9])
    with pytest.raises(Unreadable, match="damaged"), opened(tmp_path / "x.csv.gz") as source:
        source.read()


def test_one_table_in_a_zip_is_opened_and_two_are_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.csv", "a\n")
        archive.writestr("__MACOSX/._a.csv", "junk")
        assert members(archive) == ["a.csv"]
    with opened(tmp_path / "x.zip") as source:
        assert source.read() == b"a\n"
    with zipfile.ZipFile(tmp_path / "x.zip", "a") as archive:
        archive.writestr("b.csv", "a\n")
    with pytest.raises(Unreadable, match=r"'a.csv', 'b.csv'"), opened(tmp_path / "x.zip"):
        pass


def test_the_length_of_a_file_is_that_of_what_it_holds(tmp_path: Path) -> None:
    text = b"a,b\n" + b"1,2\n" * 400_000
    (tmp_path / "x.csv").write_bytes(text)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", text)
    for name in ("x.csv", "x.csv.gz", "x.zip"):
        assert reaches(tmp_path / name, len(text))
        assert not reaches(tmp_path / name, len(text) + 1)


def test_a_zip_of_one_table_is_told_from_other_zips(tmp_path: Path) -> None:
    def zipped(*names: str) -> Path:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "a\n")
        return tmp_path / "x.zip"

    assert zipped_table(zipped("a.csv", "readme.md"))
    assert not zipped_table(zipped("a.csv", "b.csv"))
    assert not zipped_table(zipped("a.png", "captions.csv"))
    whole = zipped("a.csv").read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[:-20])
    assert not zipped_table(tmp_path / "x.zip")


def test_a_name_in_a_zip_that_is_no_text_is_damage(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("grün.csv", "a\n1\n2\n")
    held = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(held.replace("ü".encode(), b"\xe4\xe4"))
    with pytest.raises(zipfile.BadZipFile):
        archived(tmp_path / "x.zip")
    assert not zipped_table(tmp_path / "x.zip")
