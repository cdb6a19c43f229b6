"""A sight learned from labelled pictures: it tells them apart, is the same every time, and is kept in its folder."""

import numpy as np
import pytest

from likely.apps import sight as room
from likely.apps.sight import accuracy, coded, kept_sight, learned_sight, sight_of
from likely.data import read
from likely.errors import EmptyData, FieldError, Unreadable, WrongRows
from likely.metrics import PLAIN, coverage, kernel_distance


@pytest.fixture(scope="module")
def digits():
    rows = read("digits")
    order = np.random.default_rng(0).permutation(len(rows))
    return rows.take(order[:1200]), rows.take(order[1200:])


@pytest.fixture(scope="module")
def kept(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sight")
    return learned_sight(digits[0], steps=150, folder=folder), folder


def test_digits_it_has_not_seen_are_told_apart(digits, kept):
    assert accuracy(kept[0], digits[1]) > 0.93


def test_the_same_rows_and_seed_give_the_same_features(digits, kept):
    assert learned_sight(digits[0], steps=150).name == kept[0].name
    assert learned_sight(digits[0], steps=20).name != learned_sight(digits[0], steps=20, seed=1).name


def test_what_is_kept_is_not_learned_again_but_from_other_rows_it_is(digits, kept, monkeypatch):
    sight, folder = kept

    def never(*_):
        raise AssertionError("learned again")

    monkeypatch.setattr(room, "_learn", never)
    again = learned_sight(digits[0], steps=150, folder=folder)
    assert again.name == sight.name
    np.testing.assert_array_equal(again.points(digits[1])[0], sight.points(digits[1])[0])
    for changed in (digits[0].take(np.arange(1100)), digits[1]):
        with pytest.raises(AssertionError, match="learned again"):
            learned_sight(changed, steps=150, folder=folder)
    (folder / room.WEIGHTS).write_bytes(b"not weights")
    with pytest.raises(AssertionError, match="learned again"):
        learned_sight(digits[0], steps=150, folder=folder)


def test_a_lost_class_is_seen_by_every_measure_taken_in_it(digits, kept):
    sight, held = kept[0], digits[1]
    half = np.arange(len(held)) % 2 == 0
    zeros = held.about.frame["label"].astype(int).to_numpy() < 5
    same, lost = (kernel_distance(held.take(half.nonzero()[0]), held.take(other.nonzero()[0]), sight=sight)
                  for other in (~half, zeros & ~half))  # fmt: skip
    assert same.low < 0 < same.high
    assert lost.low > same.high
    assert sight.name == lost.features
    whole = coverage(held.take(half.nonzero()[0]), held.take((zeros & ~half).nonzero()[0]), sight=sight)
    assert whole["recall"].value < 0.75 < whole["precision"].value


def test_classes_are_told_by_the_levels_it_learned(digits, kept):
    some = digits[1].take(np.flatnonzero(digits[1].about.frame["label"].astype(int).to_numpy() > 6))
    assert accuracy(kept[0], some) > 0.9
    assert set(coded(some, "label", kept[0].levels)) == {7, 8, 9}
    assert set(coded(some, "label", kept[0].levels[:8])) == {7, -1}


def test_pictures_without_labels_are_refused(digits):
    with pytest.raises(WrongRows, match="nothing is said"):
        learned_sight(digits[0].with_about(None), steps=2)
    with pytest.raises(WrongRows, match="'colour'"):
        learned_sight(digits[0], "colour", steps=2)
    fives = digits[0].take(np.flatnonzero(digits[0].about.frame["label"].astype(int).to_numpy() == 5)[:5])
    about = read(fives.about.frame.assign(label=["five"] * 5))
    with pytest.raises((EmptyData, WrongRows)):
        learned_sight(fives.with_about(about), steps=2)


def test_a_kept_sight_needs_no_pictures_and_is_named_on_a_command_line(digits, kept, tmp_path):
    learned_sight(digits[0], steps=150, folder=tmp_path)
    again = kept_sight(tmp_path)
    assert again.name == kept[0].name
    assert again.levels == kept[0].levels
    assert sight_of(str(tmp_path), digits[1]).name == again.name
    np.testing.assert_array_equal(again.points(digits[1])[0], kept[0].points(digits[1])[0])
    assert sight_of(None, digits[1]) is sight_of("plain", digits[1]) is PLAIN


def test_features_that_cannot_be_had_are_told(digits, tmp_path):
    with pytest.raises(Unreadable, match="holds no sight"):
        sight_of(str(tmp_path), digits[1])
    with pytest.raises(FieldError, match="learned of pictures"):
        sight_of("species", "iris")
    with pytest.raises(WrongRows, match="'colour'"):
        sight_of("colour", digits[1])
    with pytest.raises(FieldError, match="nothing to keep"):
        sight_of(None, digits[1], tmp_path)
