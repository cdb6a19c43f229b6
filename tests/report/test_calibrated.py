"""The page of ranks: a curve a column within its drawing, the band, the sentences."""

import re

import numpy as np

from likely.apps.calibrated import Calibration
from likely.metrics.ranks import uniformity
from likely.report.calibrated import HEIGHT, WIDTH, curve, write_calibration

FOUND = uniformity(np.random.default_rng(0).beta(1, 2, 300))


def test_a_curve_stays_within_its_drawing():
    for found in (FOUND, uniformity(np.linspace(0.01, 0.99, 40)), uniformity(np.full(30, 0.999))):
        for x, y in re.findall(r"[ML]([\d.e-]+) ([\d.e-]+)", curve(found)):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


def test_the_page_says_it_in_words_and_numbers(tmp_path):
    found = Calibration("some/pairs.csv", "MAF", ("y",), {"theta<b>": FOUND}, 99, "exact")
    page = write_calibration(found, tmp_path / "calibration.html").read_text()
    for words in ("pairs.csv: is MAF as sure", "theta&lt;b&gt;", "Not calibrated", "draws are too high", "300 rows"):
        assert words in page
    assert "<b>" not in page
