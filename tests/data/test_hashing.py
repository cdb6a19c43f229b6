# pandas' own types are unions that no check narrows, and `read` gives rows of any kind
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportGeneralTypeIssues=false

import numpy as np
import pandas as pd

from likely.data import Images, content_hash, read
from likely.data.hashing import column_hashes, frame_hashes, mixed, occurrences

FRAME = pd.DataFrame({"n": [1, 2, 1], "r": [0.5, -0.0, 0.5], "s": ["x", None, "x"]})


def test_equal_rows_have_equal_hashes() -> None:
    hashes = frame_hashes(FRAME)
    assert hashes.dtype == np.uint64
    assert hashes[0] == hashes[2] != hashes[1]


def test_hashes_never_change() -> None:
    assert [hex(each) for each in frame_hashes(FRAME)] == [
        "0xde6f3338c9d43f54",
        "0x7c1e5fb07f1802df",
        "0xde6f3338c9d43f54",
    ]


def test_a_value_hashes_the_same_in_every_dtype() -> None:
    cells = [1, 0, 1]
    plain = column_hashes(pd.Series(cells))
    for dtype in ("float64", "float32", "Int64", "uint8", "bool", "boolean"):
        np.testing.assert_array_equal(column_hashes(pd.Series(cells).astype(dtype)), plain)
    words = pd.Series(["b", None, "a"])
    np.testing.assert_array_equal(column_hashes(words), column_hashes(words.astype("category")))
    np.testing.assert_array_equal(column_hashes(words), column_hashes(words.astype(object)))
    moments = pd.Series(pd.date_range("2020", periods=3))
    np.testing.assert_array_equal(column_hashes(moments), column_hashes(moments.astype("datetime64[s]")))


def test_a_gap_does_not_move_the_other_cells() -> None:
    whole, gap = column_hashes(pd.Series([1, 2, 3])), column_hashes(pd.Series([1, None, 3], dtype="Int64"))
    assert (whole == gap).tolist() == [True, False, True]
    assert column_hashes(pd.Series([-0.0]))[0] == column_hashes(pd.Series([0]))[0]


def test_huge_numbers_differ() -> None:
    assert len(set(column_hashes(pd.Series([2**53, 2**53 + 1, 2**53 + 2])))) == 3


def test_columns_do_not_commute() -> None:
    assert frame_hashes(pd.DataFrame({"a": [1], "b": [2]})) != frame_hashes(pd.DataFrame({"a": [2], "b": [1]}))


def test_bits_are_uniform() -> None:
    bits = mixed(np.arange(100_000, dtype=np.uint64))
    for shift in range(64):
        assert abs(((bits >> np.uint64(shift)) & np.uint64(1)).mean() - 0.5) < 0.01


def test_occurrences_count_from_zero_in_order() -> None:
    assert occurrences(np.array([7, 3, 7, 7, 3], np.uint64)).tolist() == [0, 0, 1, 2, 1]
    assert len(occurrences(np.array([], np.uint64))) == 0


def test_a_set_has_one_hash() -> None:
    rows = read(FRAME)
    assert content_hash(rows) == content_hash(read(FRAME.copy()))
    assert len(content_hash(rows)) == 64
    assert content_hash(rows) != content_hash(rows.take([0, 2, 1]))
    assert content_hash(rows) != content_hash(read(FRAME.rename(columns={"n": "m"})))


def test_pictures_hash_by_their_pixels() -> None:
    pixels = np.zeros((3, 2, 2, 1), np.uint8)
    pixels[1] = 1
    images = Images(pixels, 2, read(pd.DataFrame({"label": ["x", "y", "z"]})))
    hashes = images.hashes()
    assert hashes[0] == hashes[2] != hashes[1]
    assert content_hash(images) != content_hash(Images(pixels, 2))
