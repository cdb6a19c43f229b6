"""Pages of rows in their order: whole, escaped, of tables and pictures."""

import pandas as pd
import pytest

import likely
from likely.apps.coded import coded
from likely.apps.interpolate import between
from likely.apps.truncation import swept
from likely.report import write_between, write_sweep

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def rows():
    frame = likely.read("moons").frame.head(300)
    return pd.DataFrame({HOSTILE: frame["x"], "y": frame["y"]})


@pytest.fixture(scope="module")
def fitted(rows):
    return likely.fit(rows, likely.GAN(latent=2, codes=3), budget=2, certify=False)


def test_a_sweep(fitted, tmp_path):
    told = write_sweep(swept(fitted, (0.5, 1.0), n=3, judged=20), tmp_path / "sweep.html").read_text()
    assert "<script>" not in told
    assert told.count('class="what"') == 2
    assert "spread 1.00" in told
    assert "</html>" in told


def test_ways_between_rows(fitted, rows, tmp_path):
    known = coded(fitted, rows)
    found = between(known.take([2]), known.take([7]), ("row 3", HOSTILE), steps=4)
    told = write_between([found, found], fitted, known.rows, tmp_path / "between.html").read_text()
    assert "<script>" not in told
    assert told.count('class="what"') == 4
    assert "a turn of" in told


def test_pictures(tmp_path):
    digits = likely.fit("digits", likely.GAN(latent=2, codes=0, width=16), budget=2, certify=False)
    told = write_sweep(swept(digits, (0.5, 1.0), n=3, judged=20), tmp_path / "sweep.html").read_text()
    assert told.count("<img") == 2
