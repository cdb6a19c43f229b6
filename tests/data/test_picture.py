import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likely.data import read
from likely.errors import EmptyData, Unreadable, WrongRows

RNG = np.random.default_rng(0)


def picture(path: Path, mode: str = "RGB", size: tuple[int, int] = (6, 4)) -> np.ndarray:
    """A random picture of this mode and (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"L": (), "RGB": (3,), "RGBA": (4,), "LA": (2,)}[mode]
    pixels = RNG.integers(0, 256, (*size, *channels)).astype(np.uint8)
    Image.fromarray(pixels, mode if mode == "LA" else None).save(path)
    return pixels


def test_class_folders_are_labels(tmp_path: Path) -> None:
    for name in ("cat/a.png", "cat/b.png", "dog/a.png"):
        picture(tmp_path / "set" / name)
    (tmp_path / "set" / ".DS_Store").write_text("junk")
    (tmp_path / "set" / "notes.txt").write_text("some notes")
    rows = read(tmp_path / "set")
    assert rows.pixels.shape == (3, 6, 4, 3)
    assert rows.about.frame["label"].tolist() == ["cat", "cat", "dog"]
    assert rows.names == ("cat/a.png", "cat/b.png", "dog/a.png")


def test_nested_folders_are_labels_and_sublabels(tmp_path: Path) -> None:
    for name in ("all/greek/alpha/1.png", "all/greek/beta/1.png", "all/latin/a/1.png"):
        picture(tmp_path / name)
    frame = read(tmp_path).about.frame
    assert frame["label"].tolist() == ["greek", "greek", "latin"]
    assert frame["sublabel"].tolist() == ["greek/alpha", "greek/beta", "latin/a"]


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    pixels = picture(tmp_path / "a.png")
    rows = read(tmp_path)
    assert rows.about is None
    np.testing.assert_array_equal(rows.pixels[0], pixels)


@pytest.mark.parametrize("name", ["metadata.csv", "captions.csv"])
def test_metadata_gives_captions_and_the_order(tmp_path: Path, name: str) -> None:
    first, second = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    (tmp_path / name).write_text('file,caption,kind\nb.png,"a dog, running",x\na.png,a cat,y\n')
    rows = read(tmp_path)
    np.testing.assert_array_equal(rows.pixels, [second, first])
    assert rows.about.frame["caption"].tolist() == ["a dog, running", "a cat"]
    assert rows.about.schema["caption"].kind == "text"
    assert rows.about.schema["kind"].kind == "category"


def test_metadata_that_does_not_fit(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file,caption\na.png,x\nlost.png,y\n")
    with pytest.raises(Unreadable, match=r"lists 1 files that are not there: 'lost.png'"):
        read(tmp_path)
    (tmp_path / "metadata.csv").write_text("what,caption\n1,x\n2,y\n")
    with pytest.raises(Unreadable, match="no column of file names"):
        read(tmp_path)


def test_a_zip_is_the_folder(tmp_path: Path) -> None:
    for name in ("cat/a.png", "dog/b.png"):
        picture(tmp_path / "set" / name)
    (tmp_path / "set" / "captions.csv").write_text("file,caption\ncat/a.png,a cat\ndog/b.png,a dog\n")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path))
    plain, packed = read(tmp_path / "set"), read(tmp_path / "set.zip")
    np.testing.assert_array_equal(plain.pixels, packed.pixels)
    assert packed.about.frame.equals(plain.about.frame)


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[0, 1] = (10, 20, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path).pixels[0, 0], [[255, 255, 255], [10, 20, 30]])


def test_mixed_modes_become_one(tmp_path: Path) -> None:
    grey, colour = picture(tmp_path / "a.png", "L"), picture(tmp_path / "b.png")
    rows = read(tmp_path)
    np.testing.assert_array_equal(rows.pixels[0], np.repeat(grey[..., None], 3, axis=-1))
    np.testing.assert_array_equal(rows.pixels[1], colour)
    picture(tmp_path / "c.png", "LA")
    palette = Image.fromarray(RNG.integers(0, 256, (6, 4)).astype(np.uint8)).convert("P")
    palette.save(tmp_path / "d.gif")
    assert read(tmp_path).pixels.shape == (4, 6, 4, 3)


def test_black_and_white_has_two_levels(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 2, (6, 4)).astype(bool)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    rows = read(tmp_path)
    assert rows.levels == 2
    np.testing.assert_array_equal(rows.pixels[0, ..., 0], pixels)


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 65535], [32896, 257]], np.uint16)).save(tmp_path / "a.png")
    assert read(tmp_path).pixels[0, ..., 0].tolist() == [[0, 255], [128, 1]]


def test_a_cameras_rotation_is_undone(tmp_path: Path) -> None:
    pixels = np.repeat(np.array([[[255], [0]]], np.uint8), 3, axis=-1)
    rotated = Image.Exif()
    rotated[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=rotated)
    assert read(tmp_path).pixels[0, 0, :, 0].tolist() in ([0, 255], [0, 1])


def test_mixed_sizes_name_two_files_and_the_remedy(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png", size=(8, 8))
    with pytest.raises(WrongRows, match=r"a.png is 6 x 4, b.png is 8 x 8") as caught:
        read(tmp_path)
    assert "size=(6, 4)" in caught.value.remedy
    assert read(tmp_path, size=(6, 4)).pixels.shape == (2, 6, 4, 3)


def test_any_pictures_can_be_resized() -> None:
    assert read("digits", size=(16, 12)).pixels.shape == (1797, 16, 12, 1)
    assert read("digits", size=(8, 8)).levels == 17


@pytest.mark.parametrize("cut", [20, 60])
def test_a_corrupt_picture_is_named(tmp_path: Path, cut: int) -> None:
    picture(tmp_path / "good.png", size=(30, 30))
    picture(tmp_path / "bad.png", size=(30, 30))
    (tmp_path / "bad.png").write_bytes((tmp_path / "bad.png").read_bytes()[:cut])
    with pytest.raises(Unreadable, match=r"bad.png is a corrupt picture"):
        read(tmp_path)
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    with pytest.raises(Unreadable, match=r"bad.png is a corrupt picture: its bytes are not a picture"):
        read(tmp_path)


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(EmptyData, match=r"no pictures in .*: it is empty"):
        read(tmp_path)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(EmptyData, match=r"it holds 'table.csv'") as caught:
        read(tmp_path)
    assert "table's own path" in caught.value.remedy


def test_a_single_picture(tmp_path: Path) -> None:
    pixels = picture(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png").pixels[0], pixels)


def test_damaged_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04junk")
    with pytest.raises(Unreadable, match="damaged zip"):
        read(tmp_path / "x.zip")
