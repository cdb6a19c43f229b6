"""Strengths against closed forms: none where columns are independent, one where they say the same."""

import numpy as np
import pandas as pd
import pytest

from likely.apps.associations import SHOWN, associations
from likely.data import Images, Texts, read, series_of, sounds_of


@pytest.fixture(scope="module")
def table():
    rng, rows = np.random.default_rng(0), 1500
    x, kind = rng.normal(size=rows), rng.choice(list("abc"), rows)
    return read(pd.DataFrame({
        "x": x, "x cubed": x**3, "-x": -x, "apart": rng.normal(size=rows), "kind": kind,
        "kind too": pd.Series(kind).map({"a": "u", "b": "v", "c": "w"}), "other": rng.choice(list("pq"), rows),
        "by kind": pd.Series(kind).map({"a": 0.0, "b": 5.0, "c": 9.0}) + 0.01 * rng.normal(size=rows),
    }))  # fmt: skip


def test_pairs_of_columns(table):
    ((found,),) = associations(table)
    strength = {
        (a, b): found.strength[i, j] for i, a in enumerate(found.down) for j, b in enumerate(found.across)
    }  # fmt: skip
    assert strength["x", "x cubed"] == pytest.approx(1)
    assert strength["x", "-x"] == pytest.approx(-1)
    assert abs(strength["x", "apart"]) < 0.08
    assert strength["kind", "kind too"] == pytest.approx(1, abs=1e-3)
    assert strength["kind", "other"] < 0.08
    assert strength["kind", "by kind"] > 0.93  # ranks within a kind are noise: sqrt(8/9)
    assert strength["kind", "x"] < 0.08
    np.testing.assert_array_equal(found.strength, found.strength.T)
    np.testing.assert_array_equal(np.diag(found.strength), 1)


def test_other_rows_stand_in_the_same_order_and_missing_cells_are_left_out(table):
    holed = table.frame.assign(x=table.frame["x"].where(table.frame["x"] > 0), apart=np.nan)
    (first,), (second,) = associations(table, type(table)(holed, table.schema))
    assert first.down == second.down
    assert np.isfinite(second.strength).all()
    at = {name: place for place, name in enumerate(second.down)}
    assert second.strength[at["x"], at["x cubed"]] == pytest.approx(1)
    assert second.strength[at["apart"], at["x"]] == 0


def test_of_many_columns_those_that_hang_together_are_kept():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 35)), columns=[f"c{i}" for i in range(35)])
    frame["c34"] = frame["c33"]
    ((found,),) = associations(read(frame))
    assert len(found.down) == SHOWN
    assert {"c33", "c34"} <= set(found.down)
    assert associations(read(frame[["c0"]])) == ((),)


def test_pieces_have_tables_of_their_own():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (200, 3, 4, 1)).astype(np.uint8)
    pixels[:, 0, 1] = pixels[:, 0, 0]
    mean, spread, beside = associations(Images(pixels))[0]
    np.testing.assert_allclose(mean.strength, pixels.mean((0, 3)) / 255, atol=1e-5)
    assert spread.strength.shape == (3, 4)
    assert (beside.strength > 0.999).sum() in (1, 2)
    assert np.abs(beside.strength).max() <= 1 + 1e-6

    walk = np.tile([0.0, 1.0], 12)
    ((lagged,),) = associations(series_of([walk, walk[::-1]]))
    np.testing.assert_allclose(lagged.strength[0, :2], [-1, 1])

    ((letters,),) = associations(Texts(("ababab", "abab")))
    assert letters.down == ("a", "b")
    np.testing.assert_allclose(letters.strength, [[0, 1], [1, 0]])

    ((pitches,),) = associations(sounds_of([np.sin(np.arange(4000) / 3)], 8000))
    assert pitches.strength.max() == 1
    assert pitches.strength.min() >= 0
