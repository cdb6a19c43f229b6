"""Planted copies, planted nearness, honest samples."""

import numpy as np
import pytest

from likely.data import Images, Table
from likely.metrics import copies, nearer
from likely.metrics.copying import independent_rows


def test_planted_copies_are_counted(mixed):
    learned, held, fresh = mixed(300, 0), mixed(300, 1), mixed(300, 2)
    planted = fresh.frame.copy()
    planted.iloc[:60] = learned.frame.iloc[:60]
    before, after = copies(learned, held, fresh), copies(learned, held, Table(planted, fresh.schema))
    assert after.value == pytest.approx(before.value * 0.8 + 0.2, abs=0.03)
    assert after.low > after.ideal


def test_rows_that_repeat_by_nature_are_no_alarm():
    """Of few different rows, unseen ones repeat the learned ones as well."""
    rng = np.random.default_rng(0)
    pictures = [Images(rng.integers(0, 2, (200, 2, 2, 1)).astype(np.uint8), 2) for _ in range(3)]
    measured = copies(*pictures)
    assert measured.value == measured.ideal == 1.0


def test_an_honest_model_is_as_near_to_unseen_rows(plane):
    held = []
    for seed in range(12):
        measured = nearer(plane(60, 3 * seed), plane(60, 3 * seed + 1), plane(600, 3 * seed + 2), seed=seed)
        held.append(measured.low <= 0.5 <= measured.high)
    assert sum(held) >= 10  # rows in groups: an interval that took 600 rows as independent would fail here


def test_noisy_copies_are_nearer(plane):
    learned, held = plane(200, 0), plane(200, 1)
    noise = np.random.default_rng(2).normal(size=(200, 2)) * 0.01
    measured = nearer(learned, held, Table(learned.frame + noise, learned.schema))
    assert measured.value > 0.9
    assert measured.low > 0.5


def test_more_pixels_than_rows_are_no_alarm():
    shares = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        sides = [Images(rng.integers(0, 256, (40, 12, 12, 1)).astype(np.uint8)) for _ in range(3)]
        shares.append(nearer(*sides, seed=seed).value)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.12)


def test_many_more_learned_rows_are_no_advantage(plane):
    measured = nearer(plane(5000, 0), plane(200, 1), plane(500, 2))
    assert measured.rows[0] == 200
    assert measured.low < 0.5 < measured.high


def test_ties_are_shared_out(plane):
    rows = plane(200, 0)
    assert nearer(rows, rows, plane(500, 1)).value == pytest.approx(0.5, abs=0.1)


def test_rows_in_groups_count_as_groups():
    rng = np.random.default_rng(0)
    hits, groups = rng.random(1000) < 0.5, np.arange(1000)
    assert independent_rows(hits, groups) == pytest.approx(1000, rel=0.01)
    sizes = np.repeat(np.arange(100), 10)
    assert independent_rows((rng.random(100) < 0.5)[sizes], sizes) == pytest.approx(100, rel=0.05)
    assert independent_rows(np.ones(50, bool), np.arange(50) // 5) == 10
