"""The race as pictures."""

import xml.etree.ElementTree as tree

from likely.apps.comparison import Round
from likely.report.rounds import curves, lanes, race, told


def test_a_lane_each_and_a_mark_where_it_stopped(planted, tables):
    rounds = planted(*tables).rounds
    page = tree.fromstring(str(race(rounds)))
    marks = [node.get("class") for node in page.iter("text") if node.text in ("✕", "▸")]
    assert marks.count("through") == 2
    assert marks.count("stopped") == 3
    assert len([node for node in page.iter("rect") if "round" in node.get("class")]) == len(rounds)
    assert "5 contenders over 2 rounds; to the end came NaiveBayes" in page.get("aria-label")
    assert [len(lane.rounds) for lane in lanes(rounds)] == [2, 2, 1, 1, 1]


def test_curves_of_one_unit_with_none_off_the_drawing(planted, tables):
    rounds = planted(*tables).rounds
    drawn = str(curves(rounds, "nats/row"))
    assert drawn.count('class="curve c') == 2
    assert "inf" not in drawn
    assert "nan" not in drawn
    assert str(curves(rounds, "distance")).count("dots c0") == 1
    assert curves(rounds, "bits") == ""
    assert "lower is better" in told("distance")


def test_nothing_was_raced_and_nothing_was_timed():
    assert race(()) == ""
    drawn = race([Round(1, "a", "", 0.0)])
    assert "nan" not in drawn
    assert curves([Round(1, "a", "", 0.0, unit="nats/row", value=1.0)], "nats/row") == ""
