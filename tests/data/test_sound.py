import numpy as np
import pytest

from likely.data import Sounds, content_hash, sounds_of, spectrogram
from likely.data.sound import cut, mono
from likely.errors import EmptyData, WrongRows


def tones(count=4, rate=8000):
    return [0.5 * np.sin(2 * np.pi * 200 * (place + 1) * np.arange(400 + 10 * place) / rate) for place in range(count)]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0.0, -1.0, 0.5]), [0, -1, 0.5]),
        (np.array([128, 0, 192], np.uint8), [0, -1, 0.5]),
        (np.array([0, -32768, 16384], np.int16), [0, -1, 0.5]),
        (np.array([0, -(2**31), 2**30], np.int32), [0, -1, 0.5]),
        (np.array([[0.0, 0.0], [-1.0, -1.0], [1.0, 0.0]]), [0, -1, 0.5]),
    ],
)
def test_any_bits_become_one_channel_of_reals(samples, expected):
    assert mono(samples, "it").tolist() == expected


@pytest.mark.parametrize("wrong", [np.array([2.0]), np.array([np.nan]), np.array([1], np.uint16), np.zeros((2, 2, 2))])
def test_what_is_no_sound_is_refused(wrong):
    with pytest.raises(WrongRows):
        sounds_of([wrong], 8000)
    with pytest.raises(EmptyData):
        sounds_of([], 8000)


def test_sounds_are_rows():
    rows = sounds_of(tones(), 8000, labels=[0, 1, 0, 1])
    assert isinstance(rows, Sounds)
    assert rows.lengths.tolist() == [400, 410, 420, 430]
    assert rows.about.schema["label"].kind == "category"
    assert rows.take([2]).about.frame["label"].tolist() == [0]
    assert rows.described().form == "sounds of 0.05 to 0.05 s (0.05 on average), 8000 samples a second"
    assert rows.array().shape == (4, 430)
    assert len(set(rows.hashes())) == 4
    assert content_hash(rows) != content_hash(rows.take([1, 0, 2, 3]))
    assert rows.mixed(np.random.default_rng(0)).lengths.tolist() == rows.lengths.tolist()
    with pytest.raises(WrongRows):
        rows.alike(sounds_of(tones(), 4000))


def test_sounds_alike_are_near_points():
    quiet = [0.9 * tone for tone in tones()]
    a, b = sounds_of(tones(), 8000).points(), sounds_of(quiet, 8000).points()
    apart = ((a[:, None] - b) ** 2).sum(2)
    assert apart.argmin(1).tolist() == [0, 1, 2, 3]


def test_a_tone_is_loud_at_its_pitch():
    power = spectrogram(np.sin(2 * np.pi * 1000 * np.arange(2048) / 8000))
    assert power.shape == (15, 129)
    assert (power.argmax(1) == 32).all()


def test_one_long_recording_is_cut_and_its_sides_too():
    rows = cut(sounds_of([np.linspace(-1, 1, 105)], 100), 10)
    assert (len(rows), rows.consecutive, rows.lengths.tolist()) == (10, True, [10] * 10)
    assert not cut(sounds_of(tones(), 8000), 100).consecutive
    with pytest.raises(EmptyData):
        cut(sounds_of(tones(), 8000), 1000)
