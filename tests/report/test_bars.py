"""Bars: every number with its interval, none off the page."""

import re
import xml.etree.ElementTree as tree

from likely.report.bars import Bar, amounts, intervals


def drawn(*rows, **settings):
    bars = [Bar(name=name, told=f"{value:.2f}", value=value, low=value - half, high=value + half, bound=bound)
            for name, value, half, bound in rows]  # fmt: skip
    return intervals(bars, **settings)


def places(page, kind):
    found = [node for node in tree.fromstring(str(page)).iter("i") if node.get("class") == kind]
    return [float(re.search(r"left:([\d.]+)%", node.get("style")).group(1)) for node in found]


def test_points_lie_in_order_and_a_bound_points_up():
    page = drawn(("KDE", -1.0, 0.1, False), ("VAE", -2.0, 0.2, True))
    kde, vae = places(page, "dot")
    assert 0 < vae < kde < 100
    assert len(places(page, "more")) == 1
    assert "−1.00" in page


def test_one_far_off_does_not_squeeze_the_others():
    page = drawn(("a", -1.0, 0.1, False), ("b", -2.0, 0.1, False), ("c", -1e9, 0.1, False))
    first, second = places(page, "dot")
    assert first - second > 20
    assert "◂" in page


def test_single_equal_and_missing_numbers():
    for rows in ([("a", -1.0, 0.0, False)], [("a", -1.0, 0.1, False), ("b", -1.0, 0.1, False)]):
        assert "nan" not in drawn(*rows)
    assert drawn(("a", float("nan"), 0.1, False)) == ""


def test_equal_numbers_keep_their_whole_intervals():
    page = intervals([Bar(name=name, told="0", value=0.0, low=0.0, high=0.02) for name in "ab"], ideal=0.0)
    spans = [tuple(map(float, found)) for found in re.findall(r"left:([\d.]+)%;width:([\d.]+)%", page)]
    assert all(left + width < 100 and width > 50 for left, width in spans)


def test_the_ideal_is_on_the_page():
    assert 0 <= places(drawn(("a", 0.9, 0.05, False), ideal=0.5), "ideal")[0] < 50


def test_amounts_grow_with_their_power():
    page = str(amounts([("a", 0.01, "10 ms"), ("b", 1.0, "1 s"), ("<c>", 100.0, "100 s"), ("d", 0.0, "–")]))
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", page)]
    assert widths == sorted(widths)
    assert widths[-1] == 100
    assert "&lt;c&gt;" in page
    assert amounts([("a", 0.0, "–")]) == ""
