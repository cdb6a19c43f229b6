import numpy as np
import pytest

from likely.data import series_of, write
from likely.data.write_series import as_ts, as_wav
from likely.errors import FieldError


def test_numbers_are_as_short_as_they_can_be_read_back():
    text = as_ts(series_of([np.array([[1.0, 0.1], [2.0, 1 / 3]]), np.array([[-1.5, 0.0]])], labels=["a,b", "c"]), "few")
    head, _, body = text.partition("@data\n")
    assert body.splitlines() == ["1,2:0.1,0.3333333333333333:a_b", "-1.5:0:c"]
    assert "@equalLength false" in head
    assert "@classLabel true a_b c" in head


def test_samples_are_clipped_to_16_bits():
    whole = np.frombuffer(as_wav(np.array([0.0, 1.0, -1.0, 0.5]), 8000)[44:], "<i2")
    assert whole.tolist() == [0, 32767, -32768, 16384]


def test_an_old_recipe_does_not_stay_beside_new_series(tmp_path):
    rows, path = series_of([[0.5, 1.0]]), tmp_path / "few.ts"
    assert len(write(rows, path, recipe={"seed": 1})) == 2
    assert write(rows, path) == [path]
    assert not (tmp_path / "few.ts.recipe.json").exists()
    with pytest.raises(FieldError):
        write(rows, tmp_path / "few.parquet")
