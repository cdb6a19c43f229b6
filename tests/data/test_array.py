import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from likely.data import Images, Table, read
from likely.errors import DataError, Unreadable, WrongRows

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 6, 5)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 6, 5, 3)).astype(np.uint8)


def idx(path: Path, array: np.ndarray, code: int = 8) -> Path:
    content = (
        struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    )
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_a_matrix_is_a_table_with_numbered_columns() -> None:
    rows = read(RNG.normal(size=(9, 2)).astype(np.float32))
    assert isinstance(rows, Table)
    assert rows.schema.names == ("column_1", "column_2")
    assert rows.schema["column_1"].dtype == "float32"
    assert len(read(np.arange(9.0)).schema.columns) == 1


@pytest.mark.parametrize(
    "stack",
    [GREY, GREY[..., None], GREY.astype(float), GREY.astype(np.int64), (GREY / 255).astype(np.float32), GREY / 255],
)
def test_a_stack_of_grey_pictures(stack: np.ndarray) -> None:
    images = read(stack)
    assert isinstance(images, Images)
    assert images.levels == 256
    np.testing.assert_array_equal(images.pixels, GREY[..., None])


def test_channels_first_and_last() -> None:
    np.testing.assert_array_equal(read(COLOUR).pixels, COLOUR)
    np.testing.assert_array_equal(read(np.moveaxis(COLOUR, 3, 1)).pixels, COLOUR)
    with pytest.raises(WrongRows, match="have no channels"):
        read(COLOUR[..., :2])


def test_torch_tensors_have_their_channels_first() -> None:
    import torch

    square = RNG.integers(0, 256, (5, 3, 4, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read(torch.from_numpy(square)).pixels, np.moveaxis(square, 1, 3))
    assert isinstance(read(torch.rand(4, 2, requires_grad=True).bfloat16()), Table)


def test_transparency_is_composed_on_white() -> None:
    clear = np.zeros((1, 1, 2, 4), np.uint8)
    clear[0, 0, 1] = (10, 20, 30, 255)
    np.testing.assert_array_equal(read(clear).pixels[0, 0], [[255, 255, 255], [10, 20, 30]])


@pytest.mark.parametrize(("top", "levels"), [(0, 2), (1, 2), (16, 17), (31, 32), (32, 256), (255, 256)])
def test_levels_follow_the_brightest_pixel(top: int, levels: int) -> None:
    stack = np.zeros((3, 4, 4), np.uint8)
    stack[1, 1, 1] = top
    assert read(stack).levels == levels


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((0, 3)), "is empty"),
        (np.zeros((0, 3, 3)), "is empty"),
        (np.zeros((1, 2, 3, 4, 5)), "has shape"),
        (np.array(3.0), "has shape"),
        (np.zeros((2, 2), complex), "complex128 is not data"),
        (RNG.normal(size=(3, 4, 4)), "the pixels are float64 from"),
        (np.full((3, 4, 4), 256), "the pixels are int64"),
        (np.full((3, 4, 4), np.nan), "reshape to"),
        (np.array([[1.0, np.inf]]), "infinite number"),
    ],
)
def test_arrays_that_are_no_rows(array: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(array)


def test_npy_and_npz(tmp_path: Path) -> None:
    matrix, labels = RNG.normal(size=(30, 3)), RNG.integers(0, 20, 30)
    np.save(tmp_path / "x.npy", matrix)
    np.testing.assert_array_equal(read(tmp_path / "x.npy").frame.to_numpy(), matrix)
    np.savez(tmp_path / "x.npz", X=matrix, y=labels)
    rows = read(tmp_path / "x.npz")
    assert rows.schema.names == ("column_1", "column_2", "column_3", "y")
    assert rows.schema["y"].kind == "category"  # twenty classes: as labels, not by their number
    np.savez(tmp_path / "x.npz", images=GREY, labels=labels[:5])
    images = read(tmp_path / "x.npz")
    assert images.about.frame["label"].tolist() == labels[:5].tolist()
    np.savez_compressed(tmp_path / "x.npz", anything=GREY)
    np.testing.assert_array_equal(read(tmp_path / "x.npz").pixels[..., 0], GREY)


def test_npz_of_several_arrays_lists_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros((3, 2)), b=np.zeros((3, 2)))
    with pytest.raises(Unreadable, match=r"holds a \(3, 2\), b \(3, 2\)"):
        read(tmp_path / "x.npz")


def test_pickled_and_damaged_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(Unreadable, match="Python objects"):
        read(tmp_path / "x.npy")
    for name, content in (("x.npy", b"\x93NUMPY12"), ("x.npz", b"PK\x03\x04junk"), ("y.npz", b"junk")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unreadable):
            read(tmp_path / name)


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_idx_picks_up_the_labels_beside_it(tmp_path: Path, packed: str) -> None:
    images = idx(tmp_path / f"train-images-idx3-ubyte{packed}", GREY)
    assert read(images).about is None
    idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([3, 1, 4, 1, 5], np.uint8))
    rows = read(images)
    np.testing.assert_array_equal(rows.pixels[..., 0], GREY)
    assert rows.about.frame["label"].tolist() == [3, 1, 4, 1, 5]
    assert read(tmp_path / "train-labels-idx1-ubyte.gz").schema["label"].kind == "category"


def test_idx_of_other_types(tmp_path: Path) -> None:
    values = RNG.normal(size=(4, 2))
    rows = read(idx(tmp_path / "x.idx", values.astype(">f8"), 14))
    np.testing.assert_array_equal(rows.frame.to_numpy(), values)


def test_damaged_idx(tmp_path: Path) -> None:
    path = idx(tmp_path / "x-idx3-ubyte", GREY)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Unreadable, match="but holds"):
        read(path)
    images = idx(tmp_path / "t-images-idx3-ubyte", GREY)
    idx(tmp_path / "t-labels-idx1-ubyte", np.zeros(4, np.uint8))
    with pytest.raises(Unreadable, match="5 pictures, t-labels-idx1-ubyte beside it 4 labels"):
        read(images)
