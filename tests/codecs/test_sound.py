import json

import numpy as np
import pytest
import torch

from likely.codecs import codec_for, codec_from_parts
from likely.codecs.sound import SoundCodec
from likely.data import sounds_of
from likely.errors import Corrupt, WrongRows
from likely.spaces import Wave

SOUNDS = [0.8 * np.sin(np.arange(50) / 3), 0.01 * np.cos(np.arange(30) / 2)]


def test_every_code_comes_back_from_its_sound():
    codec = SoundCodec(Wave(8000, 256, 256), 256)
    x = torch.arange(256).float()[None]
    assert torch.equal(codec.encode(codec.decode(x)).x, x)
    assert codec.codes(np.zeros(3)).tolist() == [codec.silence] * 3
    assert codec.codes(np.array([-1.0, 1.0])).tolist() == [0, 255]


def test_quiet_sounds_are_told_finer():
    rows = sounds_of(SOUNDS, 8000)
    codec = codec_for(rows)
    back = codec.decode(codec.encode(rows).x)
    errors = [np.abs(a - b).max() for a, b in zip(back.samples, rows.samples, strict=True)]
    assert codec.space == Wave(8000, 50, 256)
    assert errors[0] < 0.03
    assert errors[1] < 0.0005
    assert back.lengths.tolist() == [50, 30]


def test_a_sound_ends_where_only_silence_follows():
    codec = codec_for(sounds_of(SOUNDS, 8000))
    silent = torch.full((1, 50), 128.0)
    assert codec.decode(silent).lengths.tolist() == [0]
    silent[0, 9] = 0
    assert codec.decode(silent).lengths.tolist() == [10]


def test_what_was_not_fitted_is_refused_by_name():
    codec = codec_for(sounds_of(SOUNDS, 8000))
    with pytest.raises(WrongRows, match="at 4000 Hz"):
        codec.encode(sounds_of(SOUNDS, 4000))
    with pytest.raises(WrongRows, match="sound 2 has 60 samples"):
        codec.encode(sounds_of([SOUNDS[0], np.zeros(60)], 8000))


def test_parts_make_the_codec_again():
    codec = codec_for(sounds_of(SOUNDS, 8000))
    again = codec_from_parts(json.loads(json.dumps(codec.parts())))
    assert (again.space, again.measure) == (codec.space, codec.measure)
    for wrong in ({"levels": 1}, {"rate": 0}, {"length": 0}, {"law": "A"}):
        with pytest.raises(Corrupt):
            codec_from_parts(codec.parts() | wrong)
