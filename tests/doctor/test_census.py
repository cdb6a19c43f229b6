"""Missing modes are named, by labels and by clusters; two halves of real rows miss none of one another."""

import re

import numpy as np
import pytest

from likely.data import Table, read
from likely.doctor.census import Counted, Modes, apart, census, seen_at
from likely.doctor.health import ALPHA
from likely.metrics.features import features
from tests.doctor.patients import names, read_of, ring


def looked(real, made, given=(), seed=0, game=True):
    """A census of frames; columns that are only given are no features."""
    real, made = read(real), read(made)
    if given:
        made = made.frame.drop(columns=list(given))
        made = read(made)
    a, b = features(read(real.frame[list(made.frame)]), made)
    return census(Counted(real, a), Counted(made, b), game=game, seed=seed)


def test_a_generator_of_one_mode():
    health = looked(ring(3000), ring(1000, 1, only=[0]))
    assert names(health) == ["missing modes"]
    assert re.search(r"across near -?\d", health.findings[0].seen)
    assert "--packing 4" in health.findings[0].remedy
    assert "0.0% of 1,000 generated ones" in health.findings[0].seen
    assert "--packing" not in looked(ring(3000), ring(1000, 1, only=[0]), game=False).findings[0].remedy


@pytest.mark.parametrize("way", ["generated label", "given label"])
def test_one_mode_of_eight_is_named_by_its_label(way):
    made = ring(1000, 1, only=[0, 1, 2, 4, 5, 6, 7], labels=True)
    health = looked(ring(3000, labels=True), made, given=["place"] if way == "given label" else [])
    (finding,) = health.findings
    assert "1 of 8 kinds of rows" in finding.seen
    assert "place m3" in finding.seen
    by = "column 'place'" if way == "generated label" else "label 'place' (of the nearest real row)"
    assert read_of(health, f"modes there, by {by}").value == 7
    distance = read_of(health, f"distance of shares, by {by}")
    assert distance.low < 1 / 8 < distance.high


def test_modes_with_half_of_their_share_are_there():
    weights = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    assert not looked(ring(3000), ring(1000, 1, only=weights)).findings


def test_two_halves_miss_nothing(capsys):
    told = sum(bool(looked(ring(1500, seed), ring(700, seed + 500), seed=seed).findings) for seed in range(30))
    with capsys.disabled():
        print(f"\nmissing modes: {told} false alarms in 30 pairs of equal laws")
    assert told == 0


def test_few_rows_have_no_kinds():
    assert "too few" in looked(ring(40), ring(40, 1)).left_out[0]
    assert not looked(ring(60, labels=True), ring(60, 1, labels=True)).findings


def test_the_distance_of_shares():
    value, low, high, equal = apart(np.array([500, 500]), np.array([300, 700]))
    assert value == pytest.approx(0.2)
    assert 0.12 < low < 0.2 < high < 0.28
    assert equal == pytest.approx(0.018, abs=0.005)
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        _, low, high, _ = apart(rng.multinomial(800, [0.2, 0.3, 0.5]), rng.multinomial(800, [0.4, 0.3, 0.3]), seed=seed)
        covered += low <= 0.2 <= high
    assert covered > 87


def test_as_many_clusters_as_can_be_told_empty():
    """A cluster of the usual size that no generated row belongs to has a chance far below what counts."""
    for real, made in [(100, 2000), (1000, 512), (5000, 4000)]:
        most = seen_at(real, made)
        empty = Modes("", str, np.full(most, real // most), np.append(np.zeros(most - 1, int), made))
        assert most == 1 or (empty.chances[:-1] < ALPHA / most).all()
    assert seen_at(1000, 512) == 8
    assert seen_at(5000, 4000) == 50


def test_a_column_without_a_cell_on_one_side():
    real = ring(300, labels=True)
    made = ring(300, 1).assign(place=None)
    health = census(Counted(read(real), real.to_numpy()[:, :2].astype(float)),
                    Counted(Table(made, read(real).schema), made.to_numpy()[:, :2].astype(float)))  # fmt: skip
    assert not any("place" in each.name for each in health.readings)
