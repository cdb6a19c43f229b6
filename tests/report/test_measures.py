"""Measures as a table with shades, and as bars by the question that they answer."""

import pytest

from likely.apps.measure import FLOOR
from likely.metrics import Measure
from likely.report import measures


def test_shades_are_of_what_is_worse_than_real_rows(planted, tables):
    found = planted(*tables)
    rows = [(c.name, c.measures) for c in (*found.contenders, *found.references) if c.measures]
    table = measures.table(rows, [c.name for c in found.references])
    shades = {title: [float(cell["shade"]) for cell in cells] for title, _, cells in table["rows"]}
    assert shades["real rows"] == [0.0] * 5
    assert shades["GAN"][0] == pytest.approx(0.8)
    assert shades["GAN"][1:] == [0.0] * 4
    assert [title for title, beside, _ in table["rows"] if beside] == ["real rows", "independent columns"]


def test_a_section_for_each_question_in_their_order():
    def number(name, group, parts=None):
        return Measure(name, 0.4, 0.3, 0.5, (90, 300), 0.0, "note", parts or {}, group, "plain features")

    rows = [(side, {"b": number("b", "second"), "a": number("a", "first", {"x": 0.1, "y": 0.6}), "c": number("c", "")})
            for side in ("synthetic", FLOOR)]  # fmt: skip
    found = measures.groups(rows, {"first": "is it?", "unasked": "no", "second": "really?"})
    assert [each["question"] for each in found] == ["Is it?", "Really?", "How do they compare?"]
    first = found[0]["measures"][0]
    assert first["parts"] == [("y", ["0.600", "0.600"], "0.60"), ("x", ["0.100", "0.100"], "0.10")]
    assert first["bars"].count("<li") == 3  # both sides, and the axis
    assert "only 90 rows" in first["warning"]


def test_a_measure_without_a_number_is_a_dash():
    gone = Measure("new", float("nan"), 0.0, 0.0, (300, 300), 0.0)
    table = measures.table([("a", {"new": gone})], [])
    assert table["rows"][0][2][0]["value"] == "–"
    assert "nan" not in str(measures.groups([("a", {"new": gone})], {}))
