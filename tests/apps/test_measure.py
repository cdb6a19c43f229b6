"""Anybody's synthetic rows, beside the references."""

import numpy as np
import pandas as pd
import polars
import pytest

from likely.apps.measure import FLOOR, INDEPENDENT, independent, measure, measures
from likely.data import Images, read
from likely.errors import EmptyData, LikelyError, WrongRows
from likely.metrics import GROUPS


@pytest.fixture(scope="module")
def frames():
    """Real rows, rows of the same law, and rows whose columns know nothing of each other."""
    rng = np.random.default_rng(0)

    def drawn(rows, rng):
        kind = rng.choice(["a", "b"], rows)
        return pd.DataFrame({"x": rng.normal(size=rows).round(3) + 3 * (kind == "b"), "kind": kind})

    real, good, train = (drawn(300, rng) for _ in range(3))
    bad = good.assign(kind=good["kind"].sample(frac=1, random_state=0).to_numpy())
    return real, good, bad, train


def by_name(found):
    return {each.name: each.measures for each in found.measured}


def test_good_rows_are_near_the_floor_and_bad_ones_near_independence(frames):
    real, good, bad, _ = frames
    fine, poor = by_name(measure(real, good)), by_name(measure(real, bad))
    assert set(fine) == {"synthetic", FLOOR, INDEPENDENT}
    area = "two-sample AUC"
    assert fine["synthetic"][area].low <= 0.5 <= poor["synthetic"][area].low
    assert fine[FLOOR][area].low <= 0.5
    assert poor["synthetic"]["pairs"].value > 2 * fine["synthetic"]["pairs"].value
    assert poor["synthetic"]["marginals"].value == pytest.approx(fine["synthetic"]["marginals"].value)


def test_copies_are_looked_for_only_where_training_rows_are_known(frames):
    real, good, _, train = frames
    assert "copies" not in by_name(measure(real, good))["synthetic"]
    planted = pd.concat([good[240:], train[:240]])
    found = by_name(measure(real, planted, train=train))
    assert found["synthetic"]["copies"].value >= 0.5
    assert found["synthetic"]["nearer to training"].value > found[INDEPENDENT]["nearer to training"].value
    assert found[FLOOR]["nearer to training"].low <= 0.5
    assert found[FLOOR]["copies"].value < 0.1
    listed = measure(real, planted, train=train).copies
    assert sum(each.exact for each in listed) in (240, 241)  # one of the fresh rows is a learned one by chance
    assert (listed[-1].synthetic, listed[-1].learned) == (299, 239)


@pytest.mark.parametrize("form", [polars.from_pandas, lambda frame: frame.to_numpy()[:, :1].astype(float)])
def test_polars_and_arrays(frames, form):
    real, good, *_ = frames
    found = measure(form(real), form(good))
    assert found.rows == (300, 300)


def test_a_path_is_named_and_other_things_by_what_they_are(frames, tmp_path):
    real, good, *_ = frames
    real.to_csv(tmp_path / "real.csv", index=False)
    assert measure(tmp_path / "real.csv", good).source.endswith("real.csv")
    assert measure(real, good).source == "DataFrame"
    assert FLOOR in str(measure(real, good))


def test_pictures():
    rng = np.random.default_rng(0)
    real = Images(rng.integers(0, 17, (120, 4, 4, 1)).astype(np.uint8), 17)
    wide = Images(np.rint(rng.integers(0, 17, (80, 4, 4, 1)) * (255 / 16)).astype(np.uint8), 256)
    found = by_name(measure(real, wide))["synthetic"]
    assert "pairs" not in found
    assert found["two-sample AUC"].low <= 0.5  # the same law, though in other levels
    with pytest.raises(WrongRows, match="pictures of"):
        measure(real, Images(np.zeros((80, 5, 5, 1), np.uint8)))
    with pytest.raises(WrongRows, match="pictures"):
        measure(real, pd.DataFrame({"x": np.arange(90) / 7}))


def test_too_few_rows_are_told(frames):
    real, good, *_ = frames
    with pytest.raises(EmptyData, match="too few"):
        measure(real[:30], good)
    with pytest.raises(EmptyData, match="too few"):
        measure(real, good[:5])


def test_lacking_columns_are_told(frames):
    real, good, *_ = frames
    with pytest.raises(LikelyError, match="kind"):
        measure(real, good[["x"]])


def test_a_single_column_has_no_pairs_and_no_nan():
    rows = read(pd.DataFrame({"x": np.random.default_rng(0).normal(size=200).round(3)}))
    found = measures(rows.take(range(100)), rows.take(range(100, 200)), None)
    assert "pairs" not in found
    assert all(np.isfinite([each.value, each.low, each.high]).all() for each in found.values())


def test_independent_columns_keep_each_column_and_break_the_rest(frames):
    rows = read(frames[0])
    mixed = independent(rows, seed=1)
    for name in ("x", "kind"):
        assert sorted(mixed.frame[name]) == sorted(rows.frame[name])
    assert not mixed.frame.equals(rows.frame)
    assert mixed.frame.dtypes.equals(rows.frame.dtypes)
    assert independent(rows, seed=1).frame.equals(mixed.frame)
    pixels = Images(np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1))
    shuffled = independent(pixels).pixels
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), pixels.pixels)


def test_the_quick_measures_are_some_of_all_and_each_answers_a_question(frames):
    real, good, *_ = frames
    whole, quick = (by_name(measure(real, good, quick=quick))["synthetic"] for quick in (False, True))
    assert set(quick) < set(whole)
    asked = [each.group for each in whole.values()]
    assert asked == sorted(asked, key=list(GROUPS).index)


def test_real_rows_that_are_not_unseen_are_told(frames):
    real, good, _, train = frames
    assert measure(real, good, train=train, quick=True).warnings == ()
    told = measure(real, real, train=real, quick=True).warnings
    assert [name in each for name, each in zip(("synthetic", "training"), told, strict=True)] == [True, True]
    assert "100% of the real rows" in told[0]
    kinds = pd.DataFrame({"a": ["u", "v"] * 60, "b": ["x", "y", "z"] * 40})
    assert measure(kinds, kinds.sample(frac=1, random_state=0), quick=True).warnings == ()
