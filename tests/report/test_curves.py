"""Curves as figures: whole SVG, every curve and name, crossings where they are, intervals inside the drawing."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from likely.apps.learning_curve import Curve, LearningCurve, crossing
from likely.apps.ranks import ranks
from likely.data import read
from likely.metrics.reliability import reliability
from likely.report import curves
from likely.report.curves import confidence, learning


def planted(*ends: tuple[float, float, float]) -> LearningCurve:
    rng, sizes = np.random.default_rng(0), (10, 100, 1000)
    curves = tuple(
        Curve(f"<{place}>", None, np.array(mean) + 0.01 * rng.standard_normal((8, 3)))
        for place, mean in enumerate(ends)
    )
    crossings = (crossing(curves[0], curves[1], sizes),)
    return LearningCurve("rows", "y", 2, 2000, sizes, curves, crossings, 0.45, 8, 0)


def test_every_curve_with_its_band_and_name() -> None:
    drawn = ElementTree.fromstring(learning(planted((0.3, 0.2, 0.2), (0.4, 0.25, 0.1), (0.2, 0.2, 0.2))))
    kinds = [each.get("class") for each in drawn.findall("path")]
    assert [kind for kind in kinds if kind and "curve" in kind] == ["curve c0", "curve c1", "curve c2"]
    assert sum(kind is not None and "band" in kind for kind in kinds) == 3
    names = [each for each in drawn.findall("text") if "name" in str(each.get("class"))]
    assert {each.text for each in names} == {"<0>", "<1>", "<2>"}
    heights = sorted(float(str(each.get("y"))) for each in names)
    assert min(np.diff(heights)) >= 13.9


def test_a_crossing_is_a_dashed_line_at_its_rows() -> None:
    found = planted((0.3, 0.2, 0.2), (0.4, 0.25, 0.1))
    told = str(learning(found))
    assert f"{found.crossings[0].rows:,.0f} rows" in told
    assert "nan" not in told.lower()
    apart = str(learning(planted((0.3, 0.2, 0.1), (0.4, 0.3, 0.2))))
    assert " rows<" not in apart


def test_reliability_diagrams_lie_in_their_frame() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.3, 0.3, 0.3], 500)
    truth = (rng.random((500, 1)) > p.cumsum(1)).sum(1)
    for calibrated in (None, reliability(p**0.7 / (p**0.7).sum(1, keepdims=True), truth)):
        told = str(confidence(reliability(p, truth), calibrated))
        ElementTree.fromstring(told)
        numbers = [float(number) for number in re.findall(r'[xy][12]?="([-0-9.e]+)"', told)]
        assert min(numbers) >= -1
        assert max(numbers) <= 320


def test_ranks_as_a_diagonal_and_as_a_histogram():
    rng = np.random.default_rng(0)
    real, drawn = (read(pd.DataFrame({"x": rng.normal(size=300)})) for _ in range(2))
    found = ranks(real, drawn)
    page = curves.covered(found, "<a>")
    assert "NaN" not in page
    assert "&lt;a&gt;" in page
    assert curves.histogram(found, "a").count("<rect") == len(found.shares)
