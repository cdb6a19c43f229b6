"""Stacked digits: which picture is in which channel, what is said of it, and that every kind comes equally often."""

import numpy as np
import pytest

from likely.data import read, stacked
from likely.errors import WrongRows


def test_each_channel_is_one_of_the_pictures_and_is_said_to_be_it() -> None:
    digits = read("digits")
    rows = stacked(digits, 300, seed=1)
    assert rows.pixels.shape == (300, 8, 8, 3)
    assert rows.pixels.dtype == np.uint8
    assert rows.levels == 17
    known = {picture.tobytes(): str(label) for picture, label in zip(digits.pixels, digits.about.frame["label"])}
    for channel in range(3):
        words = rows.about.frame[f"label_{channel + 1}"]
        found = [known[np.ascontiguousarray(picture[..., [channel]]).tobytes()] for picture in rows.pixels]
        assert found == [str(word) for word in words]


def test_all_thousand_kinds_come_equally_often() -> None:
    labels = stacked(read("digits"), 50_000).about.frame.astype(int)
    kinds = labels["label_1"] * 100 + labels["label_2"] * 10 + labels["label_3"]
    counts = np.bincount(kinds, minlength=1000)
    assert (counts > 0).all()
    share = np.bincount(read("digits").about.frame["label"].astype(int), minlength=10) / 1797
    expected = 50_000 * np.einsum("a,b,c->abc", share, share, share).ravel()
    assert ((counts - expected) ** 2 / expected).sum() == pytest.approx(999, abs=5 * np.sqrt(2 * 999))


def test_depends_on_the_seed_alone_and_starts_the_same_whatever_its_length() -> None:
    digits = read("digits")
    long = stacked(digits, 60, seed=3)
    assert np.array_equal(stacked(digits, 60, seed=3).pixels, long.pixels)
    assert np.array_equal(stacked(digits, 20, seed=3).pixels, long.pixels[:20])
    assert not np.array_equal(stacked(digits, 60, seed=4).pixels, long.pixels)


def test_pictures_in_colour_are_refused_and_those_without_labels_served() -> None:
    with pytest.raises(WrongRows, match="3 channels"):
        stacked(stacked(read("digits"), 5), 5)
    assert stacked(read("digits").with_about(None), 5).about is None
