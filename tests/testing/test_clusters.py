"""The closed form against itself: its conditionals are those of its rows, by counting and by moments."""

import numpy as np
import pandas as pd
import pytest

from likely.testing.clusters import three

TRUTH = three()


def test_rows_have_the_law_s_moments():
    rows = TRUTH.draw(20_000, seed=0)
    mean = TRUTH.weight @ TRUTH.mean
    apart = TRUTH.mean - mean
    spread = np.einsum("k,kij->ij", TRUTH.weight, TRUTH.spread + apart[:, :, None] * apart[:, None])
    numbers = rows[["x1", "x2"]]
    assert np.allclose(numbers.mean(), mean, atol=0.03)
    assert np.allclose(np.cov(numbers.T), spread, atol=0.04)
    assert np.allclose(rows["c"].value_counts(normalize=True).sort_index(), TRUTH.weight @ TRUTH.chance, atol=0.015)


def test_completed_rows_are_rows_of_the_law_and_what_is_known_stays():
    rows = TRUTH.draw(20_000, seed=1)
    for gone in (["x1"], ["c"], ["x1", "x2"], ["x2", "c"]):
        partial = rows.assign(**{name: None if name == "c" else np.nan for name in gone})
        done = TRUTH.completed(partial, seed=2)
        kept = [name for name in rows if name not in gone]
        pd.testing.assert_frame_equal(done[kept], rows[kept])
        for letter in "abc":
            ours, theirs = (each[each["c"] == letter][["x1", "x2"]] for each in (done, rows))
            assert np.allclose(ours.mean(), theirs.mean(), atol=0.06)
            assert np.allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.08)


def test_a_conditional_at_one_place_is_the_integral_s():
    """p(x1 | x2 = 0.5, c = b) on a grid of the joint law."""
    at = pd.DataFrame({"x1": np.nan, "x2": 0.5, "c": "b"}, index=range(20_000))
    drawn = TRUTH.completed(at, seed=3)["x1"]
    grid = np.linspace(-5, 5, 4001)
    points = np.stack([grid, np.full_like(grid, 0.5)], 1)
    p = np.zeros_like(grid)
    for w, m, s, q in zip(TRUTH.weight, TRUTH.mean, TRUTH.spread, TRUTH.chance, strict=True):
        apart = points - m
        p += w * q[1] * np.exp(-0.5 * (apart @ np.linalg.inv(s) * apart).sum(1)) / np.linalg.det(s) ** 0.5
    p /= p.sum()
    assert drawn.mean() == pytest.approx(grid @ p, abs=0.02)
    assert drawn.var() == pytest.approx(grid**2 @ p - (grid @ p) ** 2, abs=0.03)
