import io
import zipfile

import numpy as np
import pytest
from scipy.io import wavfile

from likely.data import Sounds, read, sounds_of, write
from likely.data.write_series import as_wav
from likely.errors import CannotSave, FieldError, Unreadable, WrongRows

TONE = np.round(0.5 * np.sin(np.arange(300) / 5) * 100) / 128  # exact in 8 bits


def wav(samples, rate=8000):
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return buffer.getvalue()


def wide():
    """24 bits a sample, which the writer has not."""
    whole = (TONE * 2**23).astype("<i4")
    packed = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    head = bytearray(wav(np.zeros(1, np.int16))[:44])
    head[4:8] = (36 + len(packed)).to_bytes(4, "little")
    head[28:36] = (24000).to_bytes(4, "little") + (3).to_bytes(2, "little") + (24).to_bytes(2, "little")
    head[40:44] = len(packed).to_bytes(4, "little")
    return bytes(head) + packed


KINDS = {
    "8": wav((TONE * 128 + 128).astype(np.uint8)),
    "16": wav((TONE * 2**15).astype(np.int16)),
    "24": wide(),
    "32": wav((TONE * 2**31).astype(np.int32)),
    "float": wav(TONE.astype(np.float32)),
    "stereo": wav(np.stack([TONE, TONE], 1).astype(np.float32)),
    "ours": as_wav(TONE, 8000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_wav_is_the_same_sound(tmp_path, kind):
    (tmp_path / "one.wav").write_bytes(KINDS[kind])
    rows = read(tmp_path / "one.wav")
    assert isinstance(rows, Sounds)
    assert (rows.rate, rows.names) == (8000, ("one.wav",))
    np.testing.assert_allclose(rows.samples[0], TONE, atol=1e-7)


def test_folders_say_the_class(tmp_path):
    for label in ("no", "yes"):
        (tmp_path / "words" / label).mkdir(parents=True)
        (tmp_path / "words" / label / "a.wav").write_bytes(KINDS["16"])
    assert read(tmp_path / "words").about.frame["label"].tolist() == ["no", "yes"]


def test_a_zip_with_labels_and_one_long_file_in_windows(tmp_path):
    with zipfile.ZipFile(tmp_path / "few.zip", "w") as archive:
        archive.writestr("few/labels.csv", "file,word\nb.wav,one\na.wav,two\n")
        archive.writestr("few/a.wav", KINDS["16"])
        archive.writestr("few/b.wav", KINDS["8"])
    rows = read(tmp_path / "few.zip")
    assert (rows.names, rows.about.frame["word"].tolist()) == (("few/b.wav", "few/a.wav"), ["one", "two"])
    (tmp_path / "long.wav").write_bytes(KINDS["16"])
    assert (len(read(tmp_path / "long.wav", window=100)), read(tmp_path / "long.wav", window=100).consecutive) == (
        3,
        True,
    )


def test_sounds_are_written_as_one_file_or_a_folder(tmp_path):
    rows = sounds_of([TONE, TONE[:100]], 8000, labels=["a", "b"])
    write(rows, tmp_path / "all.wav", recipe={"seed": 1})
    assert len(read(tmp_path / "all.wav").samples[0]) == 300 + 2000 + 100
    write(rows, tmp_path / "each", recipe={"seed": 1})
    again = read(tmp_path / "each")
    assert again.about.frame["label"].tolist() == ["a", "b"]
    np.testing.assert_allclose(again.samples[1], TONE[:100], atol=1e-7)
    assert (tmp_path / "each" / "recipe.json").read_text() == '{"seed": 1}\n'
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(CannotSave):
        write(rows, tmp_path / "other")
    with pytest.raises(FieldError):
        write(rows, tmp_path / "all.mp3")


def test_what_is_damaged_or_does_not_fit_is_told(tmp_path):
    (tmp_path / "bad.wav").write_bytes(KINDS["16"][:20])
    with pytest.raises(Unreadable, match=r"bad\.wav is no whole WAV file"):
        read(tmp_path / "bad.wav")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "a.wav").write_bytes(KINDS["16"])
    (tmp_path / "two" / "b.wav").write_bytes(wav(TONE.astype(np.float32), rate=16000))
    with pytest.raises(WrongRows, match=r"a\.wav is at 8000 Hz, b\.wav at 16000 Hz"):
        read(tmp_path / "two")
