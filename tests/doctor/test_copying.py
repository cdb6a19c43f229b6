"""A model that replays its rows is told so; fresh rows of the same law are not, whatever shape the data have."""

import numpy as np
import pytest

from likely.doctor.copying import copied, copying
from tests.doctor.patients import names

RNG = np.random.default_rng(0)


def halves(rows, made, width=4, held=0.1, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rows + made, width))
    last = int(rows * (1 - held))
    return points[:last], points[last:rows], points[rows:]


@pytest.mark.parametrize("rows", [150, 1000, 5000])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_rows_replayed(rows, noise):
    learned, held_out, made = halves(rows, 2000)
    drawn = np.random.default_rng(1).integers(len(learned), size=2000)
    health = copying(learned, held_out, learned[drawn] + noise * made)
    assert names(health) == ["copies of training rows"]
    assert "about 100%" in health.findings[0].seen or health.readings[0].value > 0.9
    assert "--augmentation" in health.findings[0].remedy


def test_half_of_the_rows_replayed():
    learned, held_out, made = halves(3000, 2000)
    made[:1000] = learned[:1000]
    (reading,) = (health := copying(learned, held_out, made)).readings
    assert names(health)
    assert reading.low < 0.55 < reading.high + 0.2


@pytest.mark.parametrize("kind", ["fresh", "choices", "tight", "one point"])
def test_honest_rows(kind):
    told = 0
    for seed in range(60):
        learned, held_out, made = halves(600, 800, seed=seed)
        if kind == "choices":
            learned, held_out, made = (np.round(each[:, :2]) for each in (learned, held_out, made))
        if kind == "tight":
            made = 0.5 * made
        if kind == "one point":
            made = made[:1].repeat(800, 0)
        told += bool(copying(learned, held_out, made).findings)
    assert told == 0


def test_nothing_held_out():
    learned, _, made = halves(100, 100)
    assert "no row was held out" in copying(learned, learned[:0], made).left_out[0]
    assert "3 held-out rows" in copying(learned, learned[:3], made).left_out[0]


def test_the_share_of_copies():
    assert copied(900, 100, 500, 50)[0] == pytest.approx(0.0)
    assert copied(900, 100, 500, 0)[0] == 1.0
    value, low, high = copied(900, 100, 500, 25)
    assert value == pytest.approx(0.5)
    assert low < value < high
