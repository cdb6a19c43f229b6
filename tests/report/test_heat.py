"""Maps of what hangs together: colours by sign, names escaped, pictures where places have no names."""

import re
import xml.etree.ElementTree as tree

import numpy as np

from likely.apps.associations import Association
from likely.data import Images
from likely.report import heat


def test_orange_rises_blue_falls_and_nothing_is_white():
    found = Association("pairs", ("<a>", "b"), ("<a>", "b"), np.array([[1.0, -0.5], [0.0, 1.0]]))
    drawn = str(heat.chart(found))
    assert re.findall(r'class="(\w+)" fill-opacity="([\d.]+)"', drawn) == [("cold", "0.50"), ("own", "1.00")]
    assert "1 &lt;a&gt;" in drawn
    assert tree.fromstring(drawn).get("aria-label") == "pairs"


def test_samples_and_what_they_have_too_much_of():
    names = ("x", "y")
    real, drawn = (Association("pairs", names, names, np.array([[1.0, v], [v, 1.0]])) for v in (0.2, 0.9))
    page = str(heat.two(real, drawn))
    assert page.count("<svg") == 2
    assert "0.70 in the mean, 0.70 at most" in page
    assert "real rows" in heat.one(real)


def test_places_without_names_are_pictures():
    real, drawn = (Association("means", (), (), np.full((4, 6), v)) for v in (0.2, 0.9))
    page = str(heat.two(real, drawn))
    assert page.count("data:image/png") == 2
    assert 'alt="means"' in page
    assert "0.70 in the mean" in page


def test_a_picture_with_its_map_below():
    pixels, excess = np.array([[[[0], [16]]]], dtype=np.uint8), np.array([[[2.0, -1.0]]])
    shown = heat.warmed(Images(pixels, levels=17), excess).pixels[0]
    assert shown[0].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert shown[1].tolist() == [list(heat.WARM), [142, 166, 236]]  # half way from white to blue
    assert (heat.warmed(Images(pixels, levels=17), 0 * excess).pixels[0, 1] == 255).all()
