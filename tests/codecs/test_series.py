import json

import numpy as np
import pandas as pd
import pytest
import torch

from likely.codecs import codec_for, codec_from_parts
from likely.data import Relative, Windows, read, series_of, windowed
from likely.errors import Corrupt, EmptyData, WrongRows
from likely.spaces import Series

REALS = np.random.default_rng(0).normal([3.0, -1.0], [2.0, 0.1], (20, 7, 2)).round(3)
UNEVEN = [np.array([0.5, 2.0, np.nan, 4.0]), np.array([0.25, -1.0]), np.array([1.0])]


@pytest.mark.parametrize(
    ("rows", "space"),
    [
        (series_of(REALS), Series(2, 7)),
        (series_of(UNEVEN), Series(1, 4, None, True)),
        (series_of(np.array([[0, 1, 1], [1, 1, 0]])), Series(1, 3, 2)),
        (series_of([np.array([0, 5, 1]), np.array([1])]), Series(1, 3, 6, True)),
    ],
)
def test_series_come_back_from_their_cells(rows, space):
    codec = codec_for(rows)
    cells = codec.encode(rows)
    assert codec.space == space
    assert (cells.x.dtype, cells.x.shape[1:]) == (torch.float32, space.shape)
    np.testing.assert_array_equal(codec.decode(cells.x).values, rows.values)
    again = codec_from_parts(json.loads(json.dumps(codec.parts())))
    assert torch.equal(again.encode(rows).x.nan_to_num(-9), cells.x.nan_to_num(-9))
    assert again.measure == codec.measure


def test_a_channel_in_other_units_moves_the_density_by_their_ratio():
    scaled = REALS * np.array([1000.0, 1.0])
    one, other = codec_for(series_of(REALS)), codec_for(series_of(scaled))
    ladj = one.encode(series_of(REALS)).ladj, other.encode(series_of(scaled)).ladj
    torch.testing.assert_close(ladj[0] - ladj[1], torch.full((20,), 7 * np.log(1000)).double())
    std = torch.from_numpy(REALS.std((0, 1)))
    torch.testing.assert_close(ladj[0], -7 * std.log().sum().expand(20))


def test_missing_moments_have_no_unit():
    rows = series_of(UNEVEN)
    codec = codec_for(rows)
    torch.testing.assert_close(
        codec.encode(rows).ladj, torch.tensor([3.0, 2.0, 1.0]).double() * -np.log(codec.scale[0])
    )


def test_what_was_not_fitted_is_refused_by_name():
    codec = codec_for(series_of(REALS))
    for wrong, told in [
        (REALS[:, :5], "fewer than 7"),
        (np.repeat(REALS, 2, 1), "14 moments"),
        (REALS[..., :1], "1 channels"),
    ]:
        with pytest.raises(WrongRows, match=told):
            codec.encode(series_of(wrong))
    levelled = codec_for(series_of(np.array([[0, 1, 2]])))
    with pytest.raises(WrongRows, match="series 1 has a value of 7"):
        levelled.encode(series_of(np.array([[7, 1, 2]])))
    with pytest.raises(EmptyData):
        codec_for(series_of([[np.nan, np.nan]]))


@pytest.mark.parametrize(
    "wrong",
    [{"length": 0}, {"scale": [0.0, 1.0]}, {"scale": [1.0]}, {"channels": []}, {"levels": 1}, {"missing": 3}, {"x": 1}],
)
def test_hostile_parts_are_refused(wrong):
    with pytest.raises(Corrupt):
        codec_from_parts(codec_for(series_of(REALS)).parts() | wrong)


@pytest.mark.parametrize("relative", [Relative.CHANGES, Relative.GROWTH])
def test_windows_of_changes_come_back_and_keep_the_density_of_levels(relative):
    walk = np.exp(np.random.default_rng(0).normal(0, 0.1, (60, 2)).cumsum(0)).round(4)
    table = read(pd.DataFrame(walk, columns=["rate", "price"]))
    rows = windowed(table, Windows(length=6, stride=2, relative=relative))
    codec = codec_for(rows)
    cells = codec.encode(rows)
    assert "given the moment before" in codec.measure
    again = codec_from_parts(json.loads(json.dumps(codec.parts())))
    np.testing.assert_array_equal(again.decode(cells.x, rows.before).values, rows.values)
    drawn = again.decode(cells.x)
    torch.testing.assert_close(codec.encode(drawn).x, cells.x, atol=5e-3, rtol=0)  # but for the rounding of levels
    assert np.array_equal(drawn.before[0, 0], codec.origin)
    scaled = read(pd.DataFrame(walk * [1.0, 1000.0], columns=["rate", "price"]))  # in other units
    other = windowed(scaled, Windows(length=6, stride=2, relative=relative))
    shift = cells.ladj - codec_for(other).encode(other).ladj
    torch.testing.assert_close(shift, torch.full_like(shift, 6 * np.log(1000)))
    with pytest.raises(WrongRows, match="moment before"):
        codec.encode(series_of(rows.values))
    for key, value in {"relative": "levels", "origin": [1.0]}.items():
        with pytest.raises(Corrupt):
            codec_from_parts(codec.parts() | {key: value})


def test_changes_over_their_volatility_come_back_and_keep_the_density_of_levels():
    rng = np.random.default_rng(0)
    storms = 0.01 * np.exp(np.sin(np.arange(400) / 30)[:, None]) * rng.standard_t(4, (400, 2))
    table = read(pd.DataFrame(np.exp(storms.cumsum(0)), columns=["rate", "price"]))
    rows = windowed(table, Windows(length=6, stride=2, relative=Relative.GROWTH, volatility=10))
    codec = codec_for(rows)
    cells = codec.encode(rows)
    assert "given the 11 moments before" in codec.measure
    assert cells.x.std((0, 2)).numpy() == pytest.approx(1, abs=0.1)
    again = codec_from_parts(json.loads(json.dumps(codec.parts())))
    np.testing.assert_allclose(again.decode(cells.x, rows.before).values, rows.values, rtol=1e-6)
    assert again.decode(cells.x[:3]).before.shape == (3, 11, 2)
    one, step = rows.take([7]), 1e-8  # the log-determinant is that of the numerical Jacobian
    moved = np.repeat(one.values, 12, 0) + step * np.eye(12).reshape(12, 6, 2)
    told = [codec._changed(values, before)[0] for values, before in
            ((moved, np.repeat(one.before, 12, 0)), (one.values, one.before))]  # fmt: skip
    jacobian = np.linalg.slogdet((told[0] - told[1]).reshape(12, 12) / step)[1]
    assert float(codec.encode(one).ladj) == pytest.approx(jacobian, abs=1e-3)
    with pytest.raises(WrongRows, match="moment before"):
        codec.encode(windowed(table, Windows(length=6, relative=Relative.GROWTH)))
    for wrong in ({"origin": [1.0, 1.0]}, {"volatility": {"memory": 0, "bends": []}}):
        with pytest.raises(Corrupt):
            codec_from_parts(codec.parts() | wrong)
