"""Series with gaps: known cells stay, a gap is drawn given both of its sides, and what cannot be is refused."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import likely
from likely.backbones import MLP
from likely.data import Panel, Windows, series_of
from likely.diffusion import Patches
from likely.errors import CannotAnswer, WrongRows
from likely.panels import spans

RNG = np.random.default_rng(0)


def waves(moments, seed=0):
    """Two channels, the second twice the first; an AR(1) path that hardly moves from moment to moment."""
    rng, path = np.random.default_rng(seed), [0.0]
    for _ in range(moments - 1):
        path.append(0.98 * path[-1] + 0.2 * rng.normal())
    v = np.array(path)
    return pd.DataFrame({"t": np.arange(moments), "v": v, "w": 2 * v + 0.05 * rng.normal(size=moments)})


@pytest.fixture(scope="module")
def mixture():
    family = likely.GaussianMixture(components=1)
    return likely.fit(waves(4000), family, window=Windows(length=16, stride=4), certify=False)


def test_every_moment_is_in_the_kept_part_of_one_window():
    for moments, length in ((16, 16), (17, 16), (100, 16), (7, 16), (50, 1), (50, 3), (33, 32)):
        whole = list(spans(moments, length))
        assert whole[-1].until == moments
        assert all(0 <= start < until <= end <= moments and end - start <= length for start, end, until in whole)
        assert all(start <= before.until for before, (start, _, _) in pairwise(whole))


def test_a_gap_in_a_record_is_drawn_given_both_sides(mixture):
    record = waves(120, seed=1)
    holes = record.copy()
    holes.loc[40:44, "v"] = np.nan  # its twin is known
    holes.loc[80:83, ["v", "w"]] = np.nan  # neither is
    holes.index = holes.index + 1000
    told = mixture.complete(holes, seed=2)
    drawn = told.rows
    assert told.way == "heuristic"
    assert drawn.index.equals(holes.index)
    assert list(drawn) == list(record)
    there = holes.notna()
    assert drawn.where(there).equals(holes)
    off = (drawn.reset_index(drop=True) - record).abs()
    assert off.loc[40:44, "v"].max() < 0.15
    ends = drawn["v"].iloc[[79, 80, 83, 84]].to_numpy()
    assert max(abs(ends[1] - ends[0]), abs(ends[3] - ends[2])) < 0.9  # steps have a deviation of 0.2
    draws = np.stack([mixture.complete(holes, seed=seed).rows["v"].iloc[80:84] for seed in range(40)])
    bridge = np.interp(np.arange(80, 84), [79, 84], record["v"].iloc[[79, 84]])
    assert np.abs(draws.mean(0) - bridge).max() < 0.15
    assert 0.1 < draws.std(0).mean() < 0.4  # of a bridge of five steps: 0.18 to 0.22
    assert mixture.complete(holes, seed=2).rows.equals(drawn)


def test_one_window_is_as_exact_as_the_model(mixture):
    record = waves(16, seed=3)
    record.loc[5, "w"] = np.nan
    told = mixture.complete(record, exact=True)
    assert told.way == "exact"
    assert abs(told.rows["w"][5] - 2 * record["v"][5]) < 0.25
    short = waves(6, seed=3)
    short.loc[2, "v"] = np.nan
    assert mixture.complete(short).rows.notna().all(axis=None)
    long = waves(40)
    long.loc[3, "v"] = np.nan
    with pytest.raises(CannotAnswer, match="exact ones were asked"):
        mixture.complete(long, exact=True)


def test_denoisers_complete_records():
    family = likely.Diffusion(steps=4, network=MLP(width=16))
    fitted = likely.fit(waves(200), family, window=16, budget="3 steps", certify=False)
    record = waves(40, seed=1)
    record.loc[7:9, "v"] = np.nan
    told = fitted.complete(record, particles=2)
    assert told.rows.notna().all(axis=None)
    assert 0.5 <= told.share <= 1
    family = likely.Diffusion(steps=4, holes=Patches())
    shown = likely.fit(waves(200), family, window=16, budget="3 steps", certify=False).complete(record.head(16))
    assert (shown.way, bool(shown.rows.notna().all(axis=None))) == ("model-exact", True)


def test_series_of_levels_and_of_several_lengths():
    levels = RNG.integers(0, 3, (60, 8))
    fitted = likely.fit(series_of(levels), likely.NaiveBayes(), certify=False)
    seen = levels[:5].astype(float)[..., None]
    seen[:, 2] = np.nan
    drawn = fitted.complete(seen).rows
    drawn = drawn.values if isinstance(drawn, Panel) else drawn
    assert set(np.unique(drawn)) <= {0, 1, 2}
    assert np.array_equal(drawn[:, 3:, 0], levels[:5, 3:])
    several = [RNG.normal(size=(4 + k % 5, 1)) for k in range(60)]
    fitted = likely.fit(series_of(several), likely.NaiveBayes(), certify=False)
    several[3][1] = np.nan
    told = fitted.complete(series_of(several[:5])).rows
    assert told.lengths.tolist() == [4, 5, 6, 7, 8]
    assert np.isfinite(told.each()[3]).all()


def test_what_cannot_be_is_refused(mixture):
    with pytest.raises(WrongRows, match="nothing of these series is unknown"):
        mixture.complete(waves(50))
    with pytest.raises(WrongRows, match="no channel 'w'"):
        mixture.complete(waves(50).drop(columns="w"))
    with pytest.raises(WrongRows, match="a hole is of pictures"):
        mixture.complete(waves(50), hole=np.ones((8, 8), dtype=bool))
    with pytest.raises(WrongRows, match="more than numbers"):
        mixture.complete(waves(50).assign(v="high"))
    with pytest.raises(WrongRows, match="5 channels"):
        mixture.complete(np.full((2, 16, 5), np.nan))
    with pytest.raises(CannotAnswer, match="series cannot be listed"):
        mixture.likeliest(waves(50))
    with pytest.raises(CannotAnswer, match="several times"):
        mixture.imputations(waves(50), 3)
    growth = Windows(length=8, relative=likely.Relative.CHANGES)
    fitted = likely.fit(waves(200), likely.GaussianMixture(components=1), window=growth, certify=False)
    with pytest.raises(CannotAnswer, match="moments as changes"):
        fitted.complete(waves(20))
