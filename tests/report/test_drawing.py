"""SVG that is XML, whatever the words are."""

import xml.etree.ElementTree as tree

from likely.report.drawing import box, dots, line, path, shortened, signed, svg, text


def test_every_shape_is_well_formed():
    hostile = "</svg><script>\"'&"
    shapes = [
        text(1, 2, hostile, "title"),
        line(0, 0, 1, 1),
        box(0, 0, -1, 2, "real"),
        path([(0, 0), (1, 1)]),
        dots([], 2),
    ]
    root = tree.fromstring(str(svg(10, 20, shapes, label=hostile)))
    assert root.get("aria-label") == hostile
    assert root.get("viewBox") == "0 0 10 20"
    assert [node.tag for node in root] == ["text", "line", "rect", "path", "path"]
    assert root[0].text == hostile
    assert root[2].get("width") == "0"


def test_a_line_through_points():
    assert path([(0, 1), (2, 3)], "drawn") == '<path d="M0 1 L2 3" class="drawn"/>'


def test_shortened():
    assert [shortened("abcdef", most) for most in (6, 4)] == ["abcdef", "abc…"]


def test_minus_signs_are_of_numbers_alone():
    assert signed("two-sample -0.5 [-1, -∞] 3e-05") == "two-sample −0.5 [−1, −∞] 3e−05"
