import base64
import io
import re
import wave

import numpy as np

from likely.data import series_of, sounds_of
from likely.report.figure import picture_of
from likely.report.waves import heard


def test_series_are_lines_broken_at_gaps():
    rows = series_of([np.array([0.5, 1.0, np.nan, 2.0, 1.5]), np.array([1.0, 0.5])], labels=["up", "down"])
    drawn = picture_of(rows, rows)
    assert drawn.count("<path") == 3
    assert "up, 5 moments" in drawn
    assert "down, 2 moments" in drawn


def test_many_channels_are_a_map():
    rows = series_of(np.random.default_rng(0).integers(0, 2, (2, 6, 20)))
    assert picture_of(rows, rows).count("<image") == 2


def test_sounds_are_waves_above_spectrograms():
    rows = sounds_of([np.sin(np.arange(900) / 4), np.zeros(0)], 8000)
    drawn = picture_of(rows, rows)
    assert (drawn.count("<path"), drawn.count("<image")) == (1, 1)
    assert "0.11 s" in drawn
    assert drawn.count("<audio") == 1  # an empty sound has nothing to play
    assert picture_of(rows, rows, room=1000).count("<audio") == 0


def test_what_is_heard_is_the_sound():
    samples = np.sin(np.arange(900) / 4).astype(np.float32)
    code = re.search(r"base64,([^\"]+)", heard(samples, 8000, "<a>")).group(1)
    with wave.open(io.BytesIO(base64.b64decode(code))) as file:
        played = np.frombuffer(file.readframes(900), "<i2") / 32767
        assert file.getframerate() == 8000
    np.testing.assert_allclose(played, samples, atol=1e-4)
